using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>The arguments of <c>spawn</c>, and the syscall that they make.</summary>
internal sealed class SpawnOptions
{
    private const long CpuPeriodUs = 100_000;

    private readonly Argument<string[]> _program = new("PROGRAM")
    {
        Description = "A script and its arguments; or, after --, a program and its arguments.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _name =
        Text("--name", "NAME", "Its name, unique among the living. Default agent-ID.");

    private readonly Option<string[]> _env = Many(
        "--env", "NAME[=VALUE]", "An environment variable for it; without a value, this shell's. Repeatable.", "-e");

    private readonly Option<string?> _memory = Text("--memory", "SIZE", "Memory, swap excluded, such as 256M.");

    private readonly Option<int?> _pids = new("--pids")
    {
        HelpName = "N",
        Description = "Processes and threads at once.",
    };

    private readonly Option<string?> _cpu = Text("--cpu", "CORES", "CPU time, such as 0.5 for half a core.");

    private readonly Option<string?> _timeout =
        Text("--timeout", "TIME", "Kill it after this long, such as 30s or 5m.");

    private readonly Option<int?> _cpuWeight = new("--cpu-weight")
    {
        HelpName = "N",
        Description = "Share of CPU under contention, 1 to 10000. Default 100.",
    };

    private readonly Option<int?> _openFiles = new("--open-files")
    {
        HelpName = "N",
        Description = "Open files of each of its host processes.",
    };

    private readonly Option<string?> _logSize =
        Text("--log-size", "SIZE", "Captured output that is kept; older output is dropped.");

    private readonly Option<string?> _workSize = Text("--work-size", "SIZE", "Files in /work.");

    private readonly Option<bool> _cold = new("--cold")
    {
        Description = "Make a sandbox anew, and take none that waits warm.",
    };

    private readonly Option<string?> _cwd = Text("--cwd", "PATH", "Its working folder inside. Default /work.");

    private readonly Option<bool> _network = new("--network")
    {
        Description = "Share the host's network. Default: no network at all.",
    };

    private readonly Option<string[]> _allow = Many(
        "--allow", "RULE", "Let it reach a host through the kernel: HOST, or [METHODS ]URL-PREFIX. Repeatable.");

    private readonly Option<string?> _rules =
        Text("--network-rules", "FILE", "Network rules as JSON, a list as SPAWN takes it; see docs/guide/network.md.");

    private readonly Option<bool> _unsandboxed = new("--unsandboxed")
    {
        Description = "Run as a plain process of the kernel's user, with no isolation.",
    };

    private readonly Option<string[]> _require = Many(
        "--require", "GUARANTEE", "Refuse to start unless this is enforced; see `analemma doctor`. Repeatable.");

    private readonly Option<string?> _audit = Text("--audit", "WHAT", "'reads' also reports denied opens for reading.");

    private readonly Option<string[]> _mount = Many(
        "--mount", "HOST[:INSIDE][:rw]", "Show a host path inside, read-only unless :rw. Repeatable.");

    private readonly Option<string[]> _tool = Many(
        "--tool", "SERVER/TOOL", "Let it call this tool of the kernel, or SERVER/* for all of a server. Repeatable.");

    private readonly Option<string?> _group =
        Text("--group", "NAME", "The group whose part of the store it shares. Default its family.");

    private readonly Option<string?> _python =
        Text("--python", "PROGRAM", "The script's interpreter. Default python3.");

    public void AddTo(Command command)
    {
        command.Arguments.Add(_program);
        foreach (var option in new Option[]
        {
            _name, _env, _memory, _pids, _cpu, _cpuWeight, _timeout, _openFiles, _logSize, _workSize, _cwd, _network,
            _allow, _rules,
            _unsandboxed, _require, _audit, _mount, _tool, _python, _cold, _group,
        }.Concat(PermissionOptions.All))
        {
            command.Options.Add(option);
        }
    }

    public Spawn Read(ParseResult parsed, Func<string, string?> environment)
    {
        var program = parsed.GetValue(_program) ?? [];
        var isArgv = IsAllAfterDashes(parsed, program);
        return new Spawn
        {
            Name = parsed.GetValue(_name),
            Argv = isArgv ? program : null,
            Script = isArgv ? null : ExistingScript(parsed, program[0]),
            Args = !isArgv && program.Length > 1 ? program[1..] : null,
            Python = parsed.GetValue(_python),
            Env = Environment(parsed.GetValue(_env) ?? [], environment),
            Cwd = parsed.GetValue(_cwd),
            Sandboxed = parsed.GetValue(_unsandboxed) ? false : null,
            Network = parsed.GetValue(_network)
                ? true : NetworkRuleText.Access(parsed.GetValue(_allow) ?? [], parsed.GetValue(_rules)),
            Limits = Limits(parsed),
            Require = parsed.GetValue(_require) is { Length: > 0 } required ? required : null,
            Audit = parsed.GetValue(_audit),
            Pool = parsed.GetValue(_cold) ? "cold" : null,
            Tools = parsed.GetValue(_tool) is { Length: > 0 } tools ? tools : null,
            Permissions = Permissions(parsed),
            Mounts = parsed.GetValue(_mount) is { Length: > 0 } mounts
                ? [.. mounts.Select(mount => Mount(mount, Directory.GetCurrentDirectory()))] : null,
        };
    }

    private Permissions? Permissions(ParseResult parsed)
    {
        var (lists, group) = (PermissionOptions.Read(parsed), parsed.GetValue(_group));
        return group is null ? lists : (lists ?? new Permissions()) with { Group = group };
    }

    internal static MountRequest Mount(string text, string folder)
    {
        var parts = text.Split(':');
        var writable = parts.Length > 1 && parts[^1] is "rw" or "ro" && parts[^1] == "rw";
        var paths = parts.Length > 1 && parts[^1] is "rw" or "ro" ? parts[..^1] : parts;
        if (paths.Length is < 1 or > 2 || paths[0].Length == 0)
        {
            throw CliException.Usage($"--mount {text} is not HOST[:INSIDE][:rw]");
        }

        var source = Path.GetFullPath(paths[0], folder);
        var target = paths.Length == 2 ? paths[1] : $"/mnt/{Path.GetFileName(source)}";
        return new MountRequest { Source = source, Target = target, Writable = writable };
    }

    /// <summary>
    /// True for <c>spawn [options] -- program …</c>, false for <c>spawn [options] script … [-- …]</c>.
    /// </summary>
    private static bool IsAllAfterDashes(ParseResult parsed, string[] program)
    {
        var afterDashes = parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Skip(1).Count();
        return afterDashes == program.Length;
    }

    private static string ExistingScript(ParseResult parsed, string path)
    {
        const string afterDashes = "to run a program, write it after --";
        if (File.Exists(path))
        {
            return Path.GetFullPath(path);
        }

        throw path.StartsWith('-')
            ? CliException.Usage($"spawn has no option '{path}'", Guess.For(parsed, path) ?? afterDashes)
            : CliException.Usage($"there is no script '{path}'", afterDashes);
    }

    private static Dictionary<string, string>? Environment(string[] pairs, Func<string, string?> environment)
    {
        if (pairs.Length == 0)
        {
            return null;
        }

        Dictionary<string, string> variables = new(StringComparer.Ordinal);
        foreach (var pair in pairs)
        {
            var name = pair.Split('=', 2)[0];
            var value = pair.Length > name.Length ? pair[(name.Length + 1)..] : environment(name);
            variables[name] = value ?? throw CliException.Usage($"--env {name}: this shell has no variable {name}");
        }

        return variables;
    }

    private ResourceLimits? Limits(ParseResult parsed)
    {
        var limits = new ResourceLimits
        {
            Memory = Sizes.Option(parsed, _memory),
            MaxPids = parsed.GetValue(_pids),
            CpuQuota = CpuQuota(parsed.GetValue(_cpu)),
            CpuWeight = parsed.GetValue(_cpuWeight),
            WallMs = Durations.Option(parsed, _timeout),
            OpenFiles = parsed.GetValue(_openFiles),
            LogBytes = Sizes.Option(parsed, _logSize),
            WorkBytes = Sizes.Option(parsed, _workSize),
        };
        return limits == new ResourceLimits() ? null : limits;
    }

    private static long? CpuQuota(string? text) => text switch
    {
        null => null,
        _ when decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cores)
            && cores is > 0 and <= 1024 => (long)(cores * CpuPeriodUs),
        _ => throw CliException.Usage($"--cpu {text} is not a number of cores", "write it as 0.5, 1 or 2.5"),
    };

    private static Option<string?> Text(string name, string help, string description) =>
        new(name) { HelpName = help, Description = description };

    private static Option<string[]> Many(string name, string help, string description, params string[] aliases) =>
        new(name, aliases) { HelpName = help, Description = description, Arity = ArgumentArity.OneOrMore };
}
