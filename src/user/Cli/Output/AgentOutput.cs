using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;
using Analemma.Client;

namespace Analemma.Cli.Output;

/// <summary>What an agent prints and how it ends, passed on as if it ran here.</summary>
internal static class AgentOutput
{
    public static async Task CopyAsync<TReply>(
        SyscallStream<OutputPiece, TReply> stream, Terminal terminal, CancellationToken cancellationToken)
        where TReply : class
    {
        await foreach (var piece in stream.WithCancellation(cancellationToken))
        {
            var target = piece.Channel == OutputChannel.Stderr ? terminal.BinaryError : terminal.BinaryOutput;
            await target.WriteAsync(piece.Bytes, cancellationToken);
            await target.FlushAsync(cancellationToken);
        }
    }

    /// <summary>The agent's own code; for any other end 1, with the cause on standard error.</summary>
    public static int ExitCode(ProcessView end, Terminal terminal)
    {
        if (end.Exit is { Cause: ExitCause.Exited, Code: { } code })
        {
            return code;
        }

        terminal.Error.WriteLine($"{end.Name} ended: {ExitText.Of(end.Exit)}");
        return end.Exit?.Signal is { } signal ? 128 + signal : ExitCodes.Failure;
    }
}
