using System.CommandLine;

namespace Analemma.Cli.Commands;

/// <summary>The options by which a command passes settings to the kernel's program.</summary>
internal sealed class KernelSettings
{
    private readonly Option<string?> _config = new("--config")
    {
        HelpName = "FILE",
        Description = "The machine file: analemma.toml or JSON.",
    };

    private readonly Option<string[]> _set = new("--set")
    {
        HelpName = "SECTION.KEY=VALUE",
        Description = "One setting, over the file and the environment. Repeatable.",
        Arity = ArgumentArity.OneOrMore,
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_config);
        command.Options.Add(_set);
    }

    /// <summary>
    /// The same for what reads a state folder, whether or not a kernel uses it. A socket names a kernel and no folder:
    /// with nothing else, the folder read would be another kernel's.
    /// </summary>
    public IEnumerable<string> ArgumentsOfState(Session session)
    {
        var set = session.Parsed.GetValue(_set) ?? [];
        var isNamed = session.Parsed.GetValue(_config) is not null
            || set.Any(each => each.StartsWith("kernel.state_folder=", StringComparison.Ordinal))
            || session.Terminal.Environment("ANALEMMA_KERNEL__STATE_FOLDER") is { Length: > 0 };
        if (session.Parsed.GetValue(GlobalOptions.Socket) is not null && !isNamed)
        {
            throw CliException.Usage(
                "this reads a kernel's state folder, and --socket does not say which that is",
                "name it: --set kernel.state_folder=FOLDER");
        }

        return Arguments(session);
    }

    public IEnumerable<string> Arguments(Session session)
    {
        if (session.Parsed.GetValue(_config) is { } file)
        {
            yield return "--config";
            yield return file.Length > 0
                ? Path.GetFullPath(file)
                : throw CliException.Usage("--config is empty; it must be a file");
        }

        foreach (var setting in session.Parsed.GetValue(_set) ?? [])
        {
            yield return setting.Split('=', 2) is [var key, _] && key.Contains('.', StringComparison.Ordinal)
                ? $"--{setting}"
                : throw CliException.Usage($"--set {setting} is not SECTION.KEY=VALUE");
        }
    }
}
