using System.CommandLine;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Client;

namespace Analemma.Cli.Commands.Workflows;

/// <summary>What a function prints, of all its environments.</summary>
internal sealed class FunctionLogCommand(Argument<string> name)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(300);

    private readonly Option<bool> _follow = new("--follow", "-f")
    {
        Description = "Go on until Ctrl-C, also with environments that start then.",
    };

    private readonly Option<int?> _tail = new("--tail", "-n")
    {
        HelpName = "N",
        Description = "Only the last N lines of each environment.",
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("log", "Print what a function printed: of each environment, those that have ended first.")
        {
            name, _follow, _tail,
        },
        RunAsync,
        """
          analemma sm function log total -f
          analemma sm function log total --json | jq -r 'select(.stream == "stderr") | .line'
        """);

    private async Task<int> RunAsync(Session session)
    {
        var function = session.Parsed.GetValue(name)!;
        await using var kernel = await session.ConnectAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(session.CancellationToken);
        Lines lines = new(session);
        var follows = session.Parsed.GetValue(_follow);
        if (await EnvironmentsAsync(kernel, function, stop.Token) is not { Count: > 0 } first)
        {
            await CheckAsync(kernel, function, stop.Token);
            first = [];
        }

        HashSet<ProcessId> seen = [];
        List<Task> running = [];
        try
        {
            for (var found = first; ; found = await EnvironmentsAsync(kernel, function, stop.Token))
            {
                foreach (var environment in found.Where(each => seen.Add(each.Id)))
                {
                    var copying = CopyAsync(kernel, environment, follows, lines, stop.Token);
                    if (follows)
                    {
                        running.Add(copying);
                    }
                    else
                    {
                        await copying;
                    }
                }

                if (!follows)
                {
                    return ExitCodes.Ok;
                }

                foreach (var over in running.Where(each => each.IsCompleted).ToList())
                {
                    running.Remove(over);
                    await over;
                }

                await Task.Delay(LookAgain, session.Terminal.Time, stop.Token);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(running.Select(each => each.ContinueWith(
                _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default)));
        }
    }

    // As the kernel names them: what it adds is of hexadecimal digits.
    private static async Task<List<ProcessView>> EnvironmentsAsync(
        KernelClient kernel, string function, CancellationToken cancellationToken)
    {
        const int nameCharsMax = 40;
        var prefix = $"function.{function[..Math.Min(function.Length, nameCharsMax)]}.";
        var all = await kernel.ListAsync(new List { All = true }, cancellationToken);
        return [.. all
            .Where(each => each.Name.StartsWith(prefix, StringComparison.Ordinal)
                && each.Parent == ProcessId.None)
            .OrderBy(each => each.Id.Value)];
    }

    private static async Task CheckAsync(KernelClient kernel, string function, CancellationToken cancellationToken)
    {
        WorkflowApi api = new(kernel, cancellationToken);
        var known = (await api.CallAsync("ListFunctions", [])).GetProperty("functions").EnumerateArray()
            .Select(each => JsonText.Text(each, "name")).ToList();
        if (!known.Contains(function))
        {
            throw new CliException(
                "no_such_function",
                $"there is no function {function}"
                    + (known.Count == 0 ? "" : $"; there are {string.Join(", ", known)}"),
                "list them with `analemma sm function list`");
        }
    }

    private async Task CopyAsync(
        KernelClient kernel, ProcessView environment, bool follows, Lines lines, CancellationToken cancellationToken)
    {
        var parsed = lines.Session.Parsed;
        var log = kernel.Logs(new Logs { Id = environment.Id, Follow = follows, Tail = parsed.GetValue(_tail) });
        Dictionary<OutputChannel, StringBuilder> begun = [];
        Dictionary<OutputChannel, Decoder> decoders = [];
        string? request = null;
        try
        {
            await foreach (var piece in log.WithCancellation(cancellationToken))
            {
                if (!begun.TryGetValue(piece.Channel, out var text))
                {
                    text = begun[piece.Channel] = new StringBuilder();
                    decoders[piece.Channel] = Encoding.UTF8.GetDecoder();
                }

                var chars = new char[Encoding.UTF8.GetMaxCharCount(piece.Bytes.Length)];
                text.Append(chars, 0, decoders[piece.Channel].GetChars(piece.Bytes.Span, chars, flush: false));
                var all = text.ToString().Split('\n');
                text.Clear().Append(all[^1]);
                foreach (var line in all[..^1])
                {
                    request = lines.Write(environment.Name, piece.Channel, line, request);
                }
            }
        }
        catch (SyscallException gone) when (gone.Code is SysErrorCode.NoSuchProcess)
        {
            // Its log was given up meanwhile.
        }

        foreach (var (channel, text) in begun.Where(each => each.Value.Length > 0))
        {
            request = lines.Write(environment.Name, channel, text.ToString(), request);
        }
    }

    /// <summary>Prints whole lines, of many environments.</summary>
    private sealed class Lines(Session session)
    {
        private const string Begins = "START RequestId: ";
        private const string Ends = "END RequestId: ";

        private readonly Lock _gate = new();

        public Session Session => session;

        /// <summary>Prints one; gives the invocation whose lines come next, null for none.</summary>
        public string? Write(string environment, OutputChannel channel, string line, string? request)
        {
            var begins = line.StartsWith(Begins, StringComparison.Ordinal);
            request = begins ? line[Begins.Length..].Split(' ')[0] : request;
            lock (_gate)
            {
                if (session.Json)
                {
                    var stream = channel is OutputChannel.Stderr ? "stderr" : "stdout";
                    session.WriteJsonLine(
                        new FunctionLine(environment, stream, request, line), CliJsonContext.Default.FunctionLine);
                }
                else
                {
                    (channel is OutputChannel.Stderr ? session.Terminal.Error : session.Terminal.Output)
                        .WriteLine(line);
                    session.Terminal.Output.Flush();
                }
            }

            return line.StartsWith(Ends, StringComparison.Ordinal) ? null : request;
        }
    }
}
