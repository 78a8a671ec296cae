using System.Text;
using Analemma.Daemon.Sockets;
using Analemma.Kernel.Events;

namespace Analemma.Daemon.Runners.Thinking;

/// <summary>
/// Sends an answer to its caller piece by piece. No faster than the caller reads, so that memory stays bounded; and not
/// for longer than patience lasts, for an answer that nobody reads holds a slot of the provider.
/// </summary>
internal sealed class AnswerStream(SyscallCall call, TimeProvider time)
{
    // A character may be cut between two pieces.
    private readonly Encoder _encoder = Encoding.UTF8.GetEncoder();

    /// <summary>Something of the answer has gone out.</summary>
    public bool HasSent { get; private set; }

    /// <exception cref="AnswerLeftException">The caller has gone, or reads nothing.</exception>
    public async ValueTask SendAsync(string text, CancellationToken cancellationToken)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var count = _encoder.GetBytes(text, bytes, flush: false);
        if (count == 0)
        {
            return;
        }

        HasSent = true;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = call.SendRawAsync(bytes.AsMemory(0, count), patience.Token);
        var taken = sending.IsCompletedSuccessfully
            ? sending.Result
            : await WithinPatienceAsync(sending.AsTask(), patience, cancellationToken);
        if (!taken)
        {
            throw new AnswerLeftException(ModelFailureKind.Cancelled, "the caller has gone");
        }
    }

    private async Task<bool> WithinPatienceAsync(
        Task<bool> sending, CancellationTokenSource patience, CancellationToken cancellationToken)
    {
        try
        {
            return await sending.WaitAsync(DaemonLimits.UnreadAnswerMax, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            await patience.CancelAsync();
            throw new AnswerLeftException(
                ModelFailureKind.Cancelled,
                $"the caller read nothing of the answer for {DaemonLimits.UnreadAnswerMax.TotalSeconds:0.###} s");
        }
    }
}

/// <summary>
/// An answer is not followed to its end: nobody takes it, or it has none. The attempt's end makes a result of it.
/// </summary>
internal sealed class AnswerLeftException(ModelFailureKind kind, string message) : Exception(message)
{
    public ModelFailureKind Kind => kind;
}
