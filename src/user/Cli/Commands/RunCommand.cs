using System.CommandLine;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Pipelines;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Runs a pipeline of agents, each in a sandbox of its own.</summary>
internal sealed class RunCommand : ICliCommand
{
    private const int FirstBytesMax = 256;

    private readonly Argument<string> _pipeline = new("PIPELINE")
    {
        Description = "Stages with | between. A stage is a Python script on this host (*.py, or with #!…python), or a "
            + "program inside, and its arguments, quoted as in a shell.",
    };

    private readonly Option<string?> _memory = new("--memory")
    {
        HelpName = "SIZE",
        Description = "Memory of each stage, such as 64M.",
    };

    private readonly Option<string?> _timeout = new("--timeout")
    {
        HelpName = "TIME",
        Description = "Wall-clock time of each stage, such as 30s.",
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("run", "Run a pipeline of agents, each in a sandbox of its own.") { _pipeline, _memory, _timeout },
        RunAsync,
        """
          analemma run 'parser.py | reasoner.py --model sim | verifier.py'
          analemma run 'gen.py 1000 | sort -n | tail -n 3'
          analemma run 'cat | tr a-z A-Z' < notes.txt

        The output of the last is the command's, standard error of each has its name before every line, and the exit
        code is that of the last stage that failed. Ctrl-C ends all.
        """);

    private async Task<int> RunAsync(Session session)
    {
        var stages = PipelineText.Parse(session.Parsed.GetValue(_pipeline)!);
        var limits = new ResourceLimits
        {
            Memory = session.Parsed.GetValue(_memory) switch
            {
                null => null,
                { } text when ByteSize.TryParse(text, out var bytes) => bytes,
                { } text => throw CliException.Usage(
                    $"--memory {text} is not a size", "write it as 65536, 64K, 256M or 1.5G"),
            },
            WallMs = Durations.Option(session.Parsed, _timeout),
        };
        await using var kernel = await session.ConnectAsync();
        RunningPipeline pipeline = new(kernel, session);
        await pipeline.StartAsync(
            [.. stages.Select(words => SpawnOf(words, limits))], session.CancellationToken);
        return await pipeline.FinishAsync(session.CancellationToken);
    }

    private static Spawn SpawnOf(List<string> words, ResourceLimits limits)
    {
        Spawn spawn = new() { Limits = limits == new ResourceLimits() ? null : limits };
        if (IsScript(words[0]))
        {
            return spawn with { Script = Path.GetFullPath(words[0]), Args = words.Count > 1 ? words[1..] : null };
        }

        return words[0].EndsWith(".py", StringComparison.Ordinal)
            ? throw CliException.Usage($"there is no script '{words[0]}'")
            : spawn with { Argv = words };
    }

    /// <summary>
    /// A file that says that it is Python, by its name or its first line. Programs of the sandbox are files of this
    /// host too, and a file that is called as one of them is not meant.
    /// </summary>
    private static bool IsScript(string path) =>
        File.Exists(path) && (path.EndsWith(".py", StringComparison.Ordinal) || IsPython(FirstBytes(path)));

    private static bool IsPython(string beginning) =>
        beginning.StartsWith("#!", StringComparison.Ordinal)
        && beginning.Split('\n')[0].Contains("python", StringComparison.Ordinal);

    private static string FirstBytes(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var bytes = new byte[FirstBytesMax];
            var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return Encoding.Latin1.GetString(bytes, 0, count);
        }
        catch (UnauthorizedAccessException)
        {
            return "";
        }
    }
}
