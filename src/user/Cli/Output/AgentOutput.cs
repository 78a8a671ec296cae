using System.Text;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;
using Analemma.Client;

namespace Analemma.Cli.Output;

/// <summary>
/// What an agent prints and how it ends, passed on as if it ran here; with --json one object a piece.
/// </summary>
internal static class AgentOutput
{
    public static async Task CopyAsync<TReply>(
        SyscallStream<OutputPiece, TReply> stream, Session session, CancellationToken cancellationToken)
        where TReply : class
    {
        // A character may be cut between two pieces, so each channel has a decoder that remembers the first half.
        var decoders = new Dictionary<OutputChannel, Decoder>
        {
            [OutputChannel.Stdout] = Encoding.UTF8.GetDecoder(),
            [OutputChannel.Stderr] = Encoding.UTF8.GetDecoder(),
        };
        try
        {
            await foreach (var piece in stream.WithCancellation(cancellationToken))
            {
                if (session.Json)
                {
                    WriteJson(session, piece, decoders[piece.Channel]);
                    continue;
                }

                var target = piece.Channel == OutputChannel.Stderr
                    ? session.Terminal.BinaryError
                    : session.Terminal.BinaryOutput;
                await target.WriteAsync(piece.Bytes, cancellationToken);
                await target.FlushAsync(cancellationToken);
            }
        }
        finally
        {
            session.Terminal.EndAgentOutput();
        }
    }

    /// <summary>The agent's own code; for any other end 128 + signal or 1, with the cause on standard error.</summary>
    public static int ExitCode(ProcessView end, Terminal terminal)
    {
        if (end.Exit is { Cause: ExitCause.Exited, Code: { } code })
        {
            return code;
        }

        terminal.Error.WriteLine(Shown.Line($"{end.Name} ended: {ExitText.Of(end.Exit)}"));
        return end.Exit is { Cause: ExitCause.Signalled, Signal: { } signal } ? 128 + signal : ExitCodes.Failure;
    }

    private static void WriteJson(Session session, OutputPiece piece, Decoder decoder)
    {
        var text = new char[Encoding.UTF8.GetMaxCharCount(piece.Bytes.Length)];
        var length = decoder.GetChars(piece.Bytes.Span, text, flush: false);
        var channel = piece.Channel == OutputChannel.Stderr ? "stderr" : "stdout";
        session.WriteJsonLine(new OutputLine(channel, new string(text, 0, length)), CliJsonContext.Default.OutputLine);
    }
}
