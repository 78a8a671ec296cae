using System.Threading.Tasks.Sources;

namespace Analemma.Daemon.Http.Transport;

/// <summary>
/// Whether a socket is ready in one direction, and the one who waits until it is. Told of readiness by any thread.
/// </summary>
internal sealed class ReadyWait : IValueTaskSource
{
    private const int Unknown = 0;
    private const int Ready = 1;
    private const int Waiting = 2;

    private ManualResetValueTaskSourceCore<bool> _source;
    private int _state = Ready;

    /// <summary>Takes the readiness, which may be no more: whoever takes it tries, and says what is left.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, Unknown, Ready) == Ready;

    /// <summary>It is ready. True when somebody has waited, who goes on here when it may.</summary>
    public bool Signal(bool runsInline)
    {
        if (Interlocked.Exchange(ref _state, Ready) != Waiting)
        {
            return false;
        }

        _source.RunContinuationsAsynchronously = !runsInline;
        _source.SetResult(true);
        return true;
    }

    /// <summary>Whoever waits is told this in place of readiness, on a thread of the pool.</summary>
    public void Fail(Exception why)
    {
        if (Interlocked.CompareExchange(ref _state, Ready, Waiting) == Waiting)
        {
            _source.RunContinuationsAsynchronously = true;
            _source.SetException(why);
        }
    }

    /// <summary>Whoever waits goes on, on a thread of the pool, to look what else there is.</summary>
    public void Interrupt() => Signal(runsInline: false);

    /// <summary>Waits until it is ready; at most one does.</summary>
    public ValueTask WaitAsync(CancellationToken cancellationToken = default)
    {
        if (Volatile.Read(ref _state) == Ready)
        {
            return ValueTask.CompletedTask;
        }

        _source.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Unknown) != Unknown)
        {
            return ValueTask.CompletedTask;
        }

        ValueTask waiting = new(this, _source.Version);
        return cancellationToken.CanBeCanceled ? CancellableAsync(waiting, cancellationToken) : waiting;
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private async ValueTask CancellableAsync(ValueTask waiting, CancellationToken cancellationToken)
    {
        await using (cancellationToken.UnsafeRegister(
            static (state, token) => ((ReadyWait)state!).Fail(new OperationCanceledException(token)), this))
        {
            await waiting;
        }
    }
}
