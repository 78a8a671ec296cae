using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;
using Analemma.Kernel;

namespace Analemma.Daemon.Telemetry;

/// <summary>
/// The kernel's own figures for who collects metrics: asked for as METRICS asks, through the loop, and kept for a
/// moment, so that the many gauges of one collection are of one.
/// </summary>
internal sealed class FigureSource(TimeProvider time)
{
    /// <summary>How old figures may be that a collector sees.</summary>
    private static readonly TimeSpan AgeMax = TimeSpan.FromMilliseconds(500);

    /// <summary>A kernel that is busy for longer shows what it last said.</summary>
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(1);

    private volatile Kept _kept = new(new KernelFigures(), long.MinValue);
    private ISyscallSink? _kernel;
    private Func<long>? _nextId;

    private sealed record Kept(KernelFigures Figures, long At);

    /// <summary>From now on the kernel can be asked.</summary>
    public void Open(ISyscallSink kernel, Func<long> nextId) => (_nextId, _kernel) = (nextId, kernel);

    /// <summary>No kernel is there to be asked any more.</summary>
    public void Close() => _kernel = null;

    /// <summary>Figures that the kernel has just given.</summary>
    public void Keep(KernelFigures figures) => _kept = new Kept(figures, time.GetTimestamp());

    /// <summary>
    /// The latest, asked for if they are old. An idle kernel answers on the caller's own thread; a collector has a
    /// thread of its own for the rest.
    /// </summary>
    public KernelFigures Current()
    {
        if (IsOld)
        {
            RefreshAsync().Wait(CancellationToken.None);
        }

        return _kept.Figures;
    }

    public async Task RefreshAsync()
    {
        if (_kernel is not { } kernel)
        {
            return;
        }

        var question = new FigureCall(_nextId!());
        kernel.Submit(question);
        try
        {
            Keep(await question.Answer.WaitAsync(WaitMax, time).ConfigureAwait(false));
        }
        catch (TimeoutException)
        {
            // Not asked again by each gauge of this collection.
            Keep(_kept.Figures);
        }
    }

    private bool IsOld => _kept.At == long.MinValue || time.GetElapsedTime(_kept.At) > AgeMax;
}

/// <summary>The daemon's own question for figures. Its answer is taken on the way out.</summary>
internal sealed class FigureCall(long id) : SyscallCall(id, new Peer(ProcessId.None, 0, 0), new Metrics())
{
    private readonly TaskCompletionSource<KernelFigures> _answer =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<KernelFigures> Answer => _answer.Task;

    public override bool IsOver => _answer.Task.IsCompleted;

    public void Take(KernelFigures figures) => _answer.TrySetResult(figures);

    public override void Reply(Reply reply) => _answer.TrySetResult(new KernelFigures());

    public override void Fail(SysError error) => _answer.TrySetResult(new KernelFigures());

    public override ValueTask<bool> SendRawAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        new(false);

    public override bool TrySendEvent(EventView piece) => false;
}
