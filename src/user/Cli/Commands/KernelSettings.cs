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
