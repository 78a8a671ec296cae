using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;
using Analemma.Client;

namespace Analemma.Cli.Pipelines;

/// <summary>
/// Sandboxed agents in a row, each one's standard output the next one's standard input by a pipe of the host: the bytes
/// pass by the kernel. Ours are the two outer ends.
/// </summary>
internal sealed class RunningPipeline(KernelClient kernel, Session session)
{
    private const int PieceBytes = 64 * 1024;

    /// <summary>A longer line of an agent's errors is shown as several.</summary>
    private const int LineCharsMax = 16 * 1024;

    private readonly List<SpawnReply> _agents = [];
    private readonly List<long> _pipes = [];

    /// <summary>Starts all of them, or none.</summary>
    public async Task StartAsync(IReadOnlyList<Spawn> stages, CancellationToken cancellationToken)
    {
        try
        {
            for (var i = 0; i <= stages.Count; i++)
            {
                _pipes.Add((await kernel.PipeOpenAsync(null, cancellationToken)).Pipe);
            }

            // The last first: nobody then writes to somebody who is not there.
            for (var i = stages.Count - 1; i >= 0; i--)
            {
                var spawn = stages[i] with { StdinPipe = _pipes[i], StdoutPipe = _pipes[i + 1] };
                _agents.Insert(0, await kernel.SpawnAsync(spawn, cancellationToken));
            }
        }
        catch
        {
            await EndAsync();
            throw;
        }
    }

    /// <summary>The code of the last that failed, as a shell with pipefail has it.</summary>
    public async Task<int> FinishAsync(CancellationToken cancellationToken)
    {
        try
        {
            var errors = _agents.Select(agent => CopyErrorsAsync(agent, cancellationToken)).ToArray();
            var feeding = FeedAsync(cancellationToken);
            var output = CopyOutputAsync(cancellationToken);
            if (await Task.WhenAny(output, feeding) == feeding)
            {
                // What cannot be read must not leave the first waiting for it.
                await feeding;
            }

            await output;
            var code = ExitCodes.Ok;
            foreach (var agent in _agents)
            {
                var end = await kernel.WaitAsync(new Wait { Id = agent.Id }, cancellationToken);
                code = CodeOf(end) is var one and not ExitCodes.Ok ? Tell(end, one) : code;
            }

            await Task.WhenAll(errors);

            // Nobody is there to be fed any more: whoever pipes into us may be silent for ever.
            return code;
        }
        finally
        {
            session.Terminal.EndAgentOutput();
            await EndAsync();
        }
    }

    private int Tell(ProcessView end, int code)
    {
        session.Terminal.Error.WriteLine($"{end.Name} ended: {ExitText.Of(end.Exit)}");
        return code;
    }

    private static int CodeOf(ProcessView end) => end.Exit switch
    {
        { Cause: ExitCause.Exited, Code: { } code } => code,
        { Cause: ExitCause.Signalled, Signal: { } signal } => 128 + signal,
        _ => ExitCodes.Failure,
    };

    private async Task CopyOutputAsync(CancellationToken cancellationToken)
    {
        var output = kernel.PipeRead(new PipeRead { Pipe = _pipes[^1], Follow = true });
        await foreach (var piece in output.WithCancellation(cancellationToken))
        {
            await session.Terminal.BinaryOutput.WriteAsync(piece, cancellationToken);
            await session.Terminal.BinaryOutput.FlushAsync(cancellationToken);
        }
    }

    /// <summary>What is piped into the command goes into the first; a keyboard does not.</summary>
    private async Task FeedAsync(CancellationToken cancellationToken)
    {
        try
        {
            var buffer = new byte[PieceBytes];
            while (session.Terminal.PipedInput is { } input
                && await input.ReadAsync(buffer, cancellationToken) is var count and > 0)
            {
                await kernel.PipeWriteAsync(
                    new PipeWrite
                    {
                        Pipe = _pipes[0],
                        Content = Convert.ToBase64String(buffer, 0, count),
                        Encoding = "base64",
                    },
                    cancellationToken);
            }

            await kernel.PipeCloseAsync(new PipeClose { Pipe = _pipes[0], End = "write" }, cancellationToken);
        }
        catch (SyscallException gone) when (gone.Code is SysErrorCode.PipeClosed or SysErrorCode.NoSuchPipe)
        {
            // The first has ended, or reads no more.
        }
    }

    private async Task CopyErrorsAsync(SpawnReply agent, CancellationToken cancellationToken)
    {
        StringBuilder line = new();
        var decoder = Encoding.UTF8.GetDecoder();
        var text = new char[PieceBytes + 1];
        var logs = kernel.Logs(new Logs { Id = agent.Id, Follow = true });
        await foreach (var piece in logs.WithCancellation(cancellationToken))
        {
            for (var at = 0; at < piece.Bytes.Length; at += PieceBytes)
            {
                var part = piece.Bytes.Span[at..Math.Min(at + PieceBytes, piece.Bytes.Length)];
                foreach (var letter in text.AsSpan(0, decoder.GetChars(part, text, flush: false)))
                {
                    if (letter != '\n')
                    {
                        line.Append(letter);
                    }

                    if (letter != '\n' && line.Length < LineCharsMax)
                    {
                        continue;
                    }

                    session.Terminal.Error.WriteLine($"{agent.Name}: {line}");
                    line.Clear();
                }
            }
        }

        if (line.Length > 0)
        {
            session.Terminal.Error.WriteLine($"{agent.Name}: {line}");
        }
    }

    /// <summary>Ends what still lives, whatever came; a kernel that is gone has ended it all.</summary>
    private async Task EndAsync()
    {
        try
        {
            foreach (var agent in _agents)
            {
                await Quietly(kernel.KillAsync(new Kill { Id = agent.Id, GraceMs = 500 }));
            }

            foreach (var pipe in _pipes)
            {
                await Quietly(kernel.PipeCloseAsync(new PipeClose { Pipe = pipe }));
            }
        }
        catch (KernelConnectionException)
        {
        }
    }

    private static async Task Quietly(Task task)
    {
        try
        {
            await task;
        }
        catch (SyscallException gone) when (gone.Code is SysErrorCode.NoSuchProcess or SysErrorCode.NoSuchPipe)
        {
        }
    }
}
