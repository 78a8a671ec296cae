namespace Analemma.Models.Http;

/// <summary>Bounds one wait after another, by the injected clock.</summary>
internal sealed class Deadline(TimeProvider time) : IDisposable
{
    // Its own timer may ring while it is disposed; a timer that cancels it would throw where nobody catches.
    private readonly CancellationTokenSource _passed = new(Timeout.InfiniteTimeSpan, time);

    // The caller's ends the wait too; made once for all waits, which have the same caller.
    private CancellationTokenRegistration _registered;
    private CancellationToken _caller;

    /// <summary>Cancelled when a wait was too long, or the caller gives up.</summary>
    public CancellationToken Token => _passed.Token;

    public bool HasPassed => _passed.IsCancellationRequested && !_caller.IsCancellationRequested;

    /// <summary>Waits at most so long; a <see cref="ProviderFault"/> says that it was too long.</summary>
    public async ValueTask<T> WaitAsync<T>(
        TimeSpan most, string what, Func<CancellationToken, ValueTask<T>> thing, CancellationToken cancellationToken)
    {
        var waiting = thing(Linked(cancellationToken));
        if (waiting.IsCompletedSuccessfully)
        {
            // What has come already needs no clock.
            return waiting.Result;
        }

        _passed.CancelAfter(most);
        try
        {
            return await waiting;
        }
        catch (Exception error) when (HasPassed && IsEnd(error))
        {
            throw TooLong(most, what, error);
        }
        finally
        {
            _passed.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    public static ProviderFault TooLong(TimeSpan most, string what, Exception error) =>
        new(ModelCallReason.TimedOut, $"{what} did not come within {most.TotalSeconds:0.###} s", error);

    /// <summary>Who waits with <see cref="Token"/> waits for this caller from now on.</summary>
    public void Heed(CancellationToken caller) => Linked(caller);

    /// <summary>A wait begins, for whoever waits with <see cref="Token"/>.</summary>
    public void Arm(TimeSpan most) => _passed.CancelAfter(most);

    /// <summary>It has ended.</summary>
    public void Disarm() => _passed.CancelAfter(Timeout.InfiniteTimeSpan);

    /// <summary>The caller has no part in it any more; true when it can be used for another.</summary>
    public bool TryLeave()
    {
        _registered.Dispose();
        (_registered, _caller) = (default, default);
        return !_passed.IsCancellationRequested;
    }

    public void Dispose()
    {
        _registered.Dispose();
        _passed.Dispose();
    }

    private CancellationToken Linked(CancellationToken cancellationToken)
    {
        if (_caller != cancellationToken)
        {
            _registered.Dispose();
            _registered = cancellationToken.UnsafeRegister(
                static passed => ((CancellationTokenSource)passed!).Cancel(), _passed);
            _caller = cancellationToken;
        }

        return _passed.Token;
    }

    /// <summary>A cancelled read of a connection may end as either.</summary>
    private static bool IsEnd(Exception error) => error is OperationCanceledException or IOException;
}
