using System.Globalization;
using Analemma.Abi;
using Analemma.Daemon.Configuration.Files;
using Analemma.Daemon.Configuration.Sections;

namespace Analemma.Daemon.Configuration;

/// <summary>
/// Gathers the <c>[tools.NAME]</c> sections of all sources. Their names are the owner's, so they are no rows of the
/// option table; what each may hold is here.
/// </summary>
internal sealed class ToolSections
{
    private const string Prefix = "tools.";

    /// <summary>Every key, what it takes, its default, and what it means: for binding and for the reference.</summary>
    public static IReadOnlyList<(string Key, string Takes, string Default, string Meaning)> Keys { get; } =
    [
        ("command", "list of text", "", "The program and its arguments, found inside its sandbox."),
        ("url", "text", "", "Or the address of a server elsewhere: streamable HTTP, or HTTP with SSE."),
        ("env.VARIABLE", "text", "", "With `command`: a variable of its environment; `secret:NAME`, "
            + "`Bearer secret:NAME` or `env:VARIABLE` for what must not be in the file."),
        ("headers.NAME", "text", "", "With `url`: a header of each request; `secret:NAME`, `Bearer secret:NAME` or "
            + "`env:VARIABLE` for what must not be in the file."),
        ("mounts", "list of text", "", "With `command`: host paths to show inside, `/srv/mcp:/mnt/mcp`; `:rw` at the "
            + "end to let it write."),
        ("cwd", "text", "`\"/work\"`", "With `command`: where it runs."),
        ("network", "true or false", "`false`", "With `command`: whether it shares the host's network."),
        ("memory", "bytes, or text such as 256M", "`268435456`", "Memory, swap excluded."),
        ("max_pids", "whole number", "`64`", "Processes and threads."),
        ("cpu_quota", "whole number", "`100000`", "Microseconds of CPU in each 100000; -1 for no quota."),
        ("work_bytes", "bytes, or text such as 256M", "`67108864`", "Its /work, which is its own."),
        ("timeout_ms", "whole number", "`60000`", "Milliseconds from a call to its result, unless the call says so."),
        ("start_timeout_ms", "whole number", "`30000`", "Milliseconds from its start to its list of tools."),
        ("calls_max", "whole number", "`16`", "Calls at once; others wait for their turn."),
        ("result_bytes", "bytes, or text such as 256M", "`1048576`", "A larger result is refused with `too_large`."),
        ("start", "first-use, boot", "`\"first-use\"`", "When it is started."),
    ];

    private readonly Dictionary<string, SettingValue> _values = new(StringComparer.Ordinal);

    /// <summary>Takes the keys of a source that are ours out of it. Later sources win.</summary>
    public void Take(SettingSource source)
    {
        foreach (var key in source.Values.Keys.Where(key => key.StartsWith(Prefix, StringComparison.Ordinal)).ToArray())
        {
            source.Values.Remove(key, out var value);
            _values[key[Prefix.Length..]] = value!;
        }
    }

    public IReadOnlyList<ToolSection> Build(List<string> problems)
    {
        Dictionary<string, ToolSection> sections = new(StringComparer.Ordinal);
        foreach (var (path, setting) in _values)
        {
            var parts = path.Split('.', 3);
            if (parts.Length < 2)
            {
                problems.Add($"{setting.Origin}: tools.{path} is no setting; write a table [tools.NAME]");
                continue;
            }

            var section = sections.GetValueOrDefault(parts[0]) ?? new ToolSection(parts[0]);
            sections[parts[0]] = Bind(section, parts[1], parts.ElementAtOrDefault(2), setting, problems);
        }

        var built = sections.Values.OrderBy(section => section.Name, StringComparer.Ordinal).ToArray();
        problems.AddRange(built.SelectMany(section => section.Problems()));
        return built;
    }

    private static ToolSection Bind(
        ToolSection section, string key, string? below, SettingValue setting, List<string> problems)
    {
        var value = setting.Value;
        var bound = (key, below) switch
        {
            ("command", null) => Texts(value) is { } texts ? section with { Command = texts } : null,
            ("mounts", null) => Texts(value) is { } texts ? section with { Mounts = texts } : null,
            ("url", null) => value is string text ? section with { Url = text } : null,
            ("cwd", null) => value is string text ? section with { Cwd = text } : null,
            ("start", null) => value is string text ? section with { Start = text } : null,
            ("env", { } name) => Text(value) is { } text ? section with { Env = With(section.Env, name, text) } : null,
            ("headers", { } name) =>
                Text(value) is { } text ? section with { Headers = With(section.Headers, name, text) } : null,
            ("network", null) => Flag(value) is { } flag ? section with { Network = flag } : null,
            ("memory", null) => Bytes(value) is { } bytes ? section with { Memory = bytes } : null,
            ("max_pids", null) => Small(value) is { } number ? section with { MaxPids = number } : null,
            ("cpu_quota", null) => Whole(value) is { } number ? section with { CpuQuota = number } : null,
            ("work_bytes", null) => Bytes(value) is { } bytes ? section with { WorkBytes = bytes } : null,
            ("timeout_ms", null) => Whole(value) is { } number ? section with { TimeoutMs = number } : null,
            ("start_timeout_ms", null) => Whole(value) is { } number ? section with { StartTimeoutMs = number } : null,
            ("calls_max", null) => Small(value) is { } number ? section with { CallsMax = number } : null,
            ("result_bytes", null) => Bytes(value) is { } bytes ? section with { ResultBytes = bytes } : null,
            _ => Unknown(section, key, below, setting, problems),
        };
        if (bound is null)
        {
            var takes = Keys.First(known => known.Key.Split('.')[0] == key).Takes;
            problems.Add($"{setting.Origin}: tools.{section.Name}.{key} expects {takes}");
        }

        return bound ?? section;
    }

    private static ToolSection Unknown(
        ToolSection section, string key, string? below, SettingValue setting, List<string> problems)
    {
        var name = below is null ? key : $"{key}.{below}";
        var near = Suggestion.For(key, Keys.Select(known => known.Key.Split('.')[0]));
        problems.Add($"{setting.Origin}: there is no setting tools.{section.Name}.{name}"
            + (near is null || near == key ? "" : $"; did you mean tools.{section.Name}.{near}?"));
        return section;
    }

    private static Dictionary<string, string> With(
        IReadOnlyDictionary<string, string> pairs, string name, string value) =>
        new(pairs, StringComparer.Ordinal) { [name] = value };

    /// <summary>A list; from a flag, words.</summary>
    private static string[]? Texts(object value) => value switch
    {
        string words => words.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        List<object> items when items.All(item => item is string or long) => [.. items.Select(item => Text(item)!)],
        _ => null,
    };

    private static string? Text(object value) => value switch
    {
        string text => text,
        long or bool => Convert.ToString(value, CultureInfo.InvariantCulture)!.ToLowerInvariant(),
        _ => null,
    };

    private static bool? Flag(object value) => value switch
    {
        bool flag => flag,
        "true" => true,
        "false" => false,
        _ => null,
    };

    private static long? Whole(object value) => value switch
    {
        long number => number,
        string text when long.TryParse(
            text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    private static int? Small(object value) =>
        Whole(value) is { } number and >= int.MinValue and <= int.MaxValue ? (int)number : null;

    private static long? Bytes(object value) =>
        Whole(value) ?? (value is string text && ByteSize.TryParse(text, out var bytes) ? bytes : null);
}
