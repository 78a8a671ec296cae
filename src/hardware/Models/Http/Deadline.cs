namespace Analemma.Models.Http;

/// <summary>Bounds one wait after another, by the injected clock.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _passed = new();
    private readonly ITimer _timer;

    public Deadline(TimeProvider time) =>
        _timer = time.CreateTimer(
            static state => ((CancellationTokenSource)state!).Cancel(),
            _passed,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);

    public bool HasPassed => _passed.IsCancellationRequested;

    /// <summary>Waits at most so long; a <see cref="ProviderFault"/> says that it was too long.</summary>
    public async ValueTask<T> WaitAsync<T>(
        TimeSpan most, string what, Func<CancellationToken, ValueTask<T>> thing, CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _passed.Token);
        _timer.Change(most, Timeout.InfiniteTimeSpan);
        try
        {
            return await thing(linked.Token);
        }
        catch (Exception error) when (HasPassed && !cancellationToken.IsCancellationRequested && IsEnd(error))
        {
            throw new ProviderFault(
                ModelCallReason.TimedOut, $"{what} did not come within {most.TotalSeconds:0.###} s", error);
        }
        finally
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _passed.Dispose();
    }

    /// <summary>A cancelled read of a connection may end as either.</summary>
    private static bool IsEnd(Exception error) => error is OperationCanceledException or IOException;
}
