namespace Analemma.Models.Http;

/// <summary>Bounds one wait after another, by the injected clock.</summary>
internal sealed class Deadline(TimeProvider time) : IDisposable
{
    // Its own timer may ring while it is disposed; a timer that cancels it would throw where nobody catches.
    private readonly CancellationTokenSource _passed = new(Timeout.InfiniteTimeSpan, time);

    // The caller's ends the wait too; made once for all waits, which have the same caller.
    private CancellationTokenRegistration _registered;
    private CancellationToken _caller;

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
            throw new ProviderFault(
                ModelCallReason.TimedOut, $"{what} did not come within {most.TotalSeconds:0.###} s", error);
        }
        finally
        {
            _passed.CancelAfter(Timeout.InfiniteTimeSpan);
        }
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
