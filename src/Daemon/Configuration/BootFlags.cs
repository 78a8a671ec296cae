using Analemma.Abi;
using Analemma.Daemon.Configuration.Files;

namespace Analemma.Daemon.Configuration;

/// <summary>The kernel program's own arguments.</summary>
internal sealed class BootFlags
{
    public const string Usage = """
        analemma-kernel runs the kernel in the foreground. People start it with `analemma kernel start`.

          --config FILE            the machine file, TOML or JSON; default $ANALEMMA_CONFIG, else
                                   /etc/analemma/analemma.toml as root, ~/.config/analemma/analemma.toml otherwise
          --SECTION.KEY=VALUE      one setting, over the file and the environment; see docs/reference/config.md
          --log-file=FILE          what is printed goes there, and into files before it as kernel.log_bytes has it
          --probe                  find out what this host can enforce, print it as JSON, and end
          --verify-journal         check every record of the journal and of workflows, print the outcome as JSON, and
                                   end; code 1 if bad
          --audit                  the same of the journal alone, after its audit records, a line of JSON each
          --export-workflows=FILE  write all workflows to a file of JSON lines, and end
          --without-payloads       leave the large payloads of workflows out of that file
          --import-workflows=FILE  bring workflows from such a file, into a store that has none, and end
          --compact-journal        give back what databases do not use, while no kernel runs, and end
          --print-config           print the settings that would be used, as a machine file, and end
          --version, --help

        """;

    private const string ExportWord = "--export-workflows";
    private const string ImportWord = "--import-workflows";
    private const string WithoutPayloadsWord = "--without-payloads";
    private const string LogFileWord = "--log-file";

    private static readonly string[] PrintingWords =
    [
        "--verify-journal", "--compact-journal", ExportWord, ImportWord, "--audit", "--print-config", "--help",
        "--version", WithoutPayloadsWord,
    ];

    private const string ProbeWord = "--probe";

    private static readonly string[] Words = ["--config", LogFileWord, ProbeWord, .. PrintingWords];

    public BootAction Action { get; private set; } = BootAction.Run;

    public string? ConfigFile { get; private set; }

    /// <summary>Where a kernel that runs prints to; null for where it was started to.</summary>
    public string? LogFile { get; private set; }

    /// <summary>Where workflows go to or come from.</summary>
    public string? ArchiveFile { get; private set; }

    /// <summary>Whether large payloads are left out of it.</summary>
    public bool IsWithoutPayloads { get; private set; }

    public SettingSource Settings { get; } = new();

    /// <summary>Whether the program will print something about itself and end.</summary>
    public static bool OnlyPrints(IReadOnlyList<string> args) =>
        args.Any(each => PrintingWords.Contains(each.Split('=')[0]));

    /// <summary>Whether the program will run agents for a trial alone.</summary>
    public static bool OnlyProbes(IReadOnlyList<string> args) => args.Contains(ProbeWord);

    public static BootFlags Read(IReadOnlyList<string> args)
    {
        var flags = new BootFlags();
        for (var i = 0; i < args.Count; i++)
        {
            var (name, value) = args[i].Split('=', 2) is [var left, var right] ? (left, right) : (args[i], null);
            var isSetting =
                name.StartsWith("--", StringComparison.Ordinal) && name.Contains('.', StringComparison.Ordinal);
            if (isSetting || TakesFile(name))
            {
                value ??= ++i < args.Count ? args[i] : null;
            }

            flags.Take(name, value, isSetting);
        }

        return flags;
    }

    private void Take(string name, string? value, bool isSetting)
    {
        if (isSetting || TakesFile(name))
        {
            TakeValue(name, value);
            return;
        }

        switch (name)
        {
            case ProbeWord:
                Action = BootAction.Probe;
                break;
            case "--verify-journal":
                Action = BootAction.VerifyJournal;
                break;
            case "--compact-journal":
                Action = BootAction.CompactJournal;
                break;
            case WithoutPayloadsWord:
                IsWithoutPayloads = true;
                break;
            case "--audit":
                Action = BootAction.PrintAudit;
                break;
            case "--print-config":
                Action = BootAction.PrintConfig;
                break;
            case "--help" or "-h":
                Action = BootAction.Help;
                break;
            case "--version":
                Action = BootAction.Version;
                break;
            default:
                var near = Suggestion.For(name, Words) is { } word ? $"; did you mean {word}?" : "";
                Settings.Problems.Add($"there is no argument {name}{near}");
                break;
        }
    }

    private static bool TakesFile(string name) => name is "--config" or LogFileWord or ExportWord or ImportWord;

    private void TakeValue(string name, string? value)
    {
        if (value is null)
        {
            Settings.Problems.Add($"{name} needs a value");
        }
        else if (name == "--config")
        {
            ConfigFile = value;
        }
        else if (name == LogFileWord)
        {
            LogFile = value;
        }
        else if (TakesFile(name))
        {
            Action = name == ExportWord ? BootAction.ExportWorkflows : BootAction.ImportWorkflows;
            ArchiveFile = value;
        }
        else
        {
            Settings.Add(name[2..], value, name);
        }
    }
}
