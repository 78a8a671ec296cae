using System.Threading.Channels;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;

namespace Analemma.Daemon.Runners.Tools;

/// <summary>
/// Sends a tool's progress to its caller, in order and no faster than it reads. What comes faster is left out, the
/// older before the newer: progress grows, so the latest says it all.
/// </summary>
internal sealed class ProgressPump : IAsyncDisposable
{
    private const int WaitingMax = 16;
    private const int MessageCharsMax = 1_000;

    private readonly Channel<byte[]> _waiting = Channel.CreateBounded<byte[]>(
        new BoundedChannelOptions(WaitingMax) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly CancellationTokenSource _stop = new();
    private readonly TimeProvider _time;
    private readonly Task _pumping;

    public ProgressPump(SyscallCall caller, TimeProvider time)
    {
        _time = time;
        _pumping = PumpAsync(caller);
    }

    public void Tell(ToolProgress progress) => _waiting.Writer.TryWrite(AbiJson.Write(
        progress.Message is { Length: > MessageCharsMax } message
            ? progress with { Message = $"{message[..MessageCharsMax]}…" }
            : progress,
        AbiJsonContext.Default.ToolProgress));

    /// <summary>
    /// Nothing more comes: waits until what was told has gone out, but not for a caller who does not read.
    /// </summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        _waiting.Writer.TryComplete();
        try
        {
            await _pumping.WaitAsync(DaemonLimits.UnreadAnswerMax, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            await _stop.CancelAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _stop.CancelAsync();
        await _pumping;
        _stop.Dispose();
    }

    private async Task PumpAsync(SyscallCall caller)
    {
        try
        {
            await foreach (var piece in _waiting.Reader.ReadAllAsync(_stop.Token))
            {
                if (!await caller.SendRawAsync(piece, _stop.Token))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
