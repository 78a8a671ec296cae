using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Fleets.Shapes;

namespace Analemma.Cli.Fleets;

/// <summary>
/// A fleet file as read: the declaration, or all that is wrong with it. Nothing is sent to a kernel when one thing is.
/// </summary>
internal sealed class FleetFile
{
    public const string DefaultName = "fleet.yaml";

    private const int BytesMax = 1024 * 1024;

    /// <summary>Some editors begin a file with it: YAML 1.2.2, 5.2.</summary>
    private const char ByteOrderMark = '\ufeff';

    private readonly string? _name;

    private FleetFile(string path, FleetApply? declared, IReadOnlyList<FileProblem> problems, string? name = null)
    {
        (Path, Declared, Problems, _name) = (path, declared, problems, name);
    }

    /// <summary>As it was given.</summary>
    public string Path { get; }

    /// <summary>Null when there are problems.</summary>
    public FleetApply? Declared { get; }

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<FileProblem> Problems { get; }

    /// <summary>Files whose change changes the fleet: itself, and the scripts of its agents.</summary>
    public IEnumerable<string> Sources => (Declared?.Agents ?? [])
        .Select(agent => agent.Spawn.Script)
        .OfType<string>()
        .Prepend(System.IO.Path.GetFullPath(Path))
        .Distinct(StringComparer.Ordinal);

    /// <summary>Reads a file.</summary>
    public static FleetFile Load(string path, Func<string, string?> environment)
    {
        if (!File.Exists(path))
        {
            throw CliException.Usage(
                $"there is no fleet file '{path}'", "name one, or see docs/guide/fleets.md for how to write it");
        }

        using var file = File.OpenRead(path);
        var bytes = new byte[BytesMax + 1];
        var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (length > BytesMax)
        {
            throw CliException.Usage($"{path} is longer than {BytesMax} bytes");
        }

        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, length);
            return Parse(text.TrimStart(ByteOrderMark), path, environment);
        }
        catch (DecoderFallbackException)
        {
            return new FleetFile(path, null, [new FileProblem(1, 1, "", "the file is no UTF-8 text")]);
        }
    }

    /// <summary>Reads a text as the file at a path.</summary>
    public static FleetFile Parse(string text, string path, Func<string, string?> environment)
    {
        List<FileProblem> problems = [];
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        var value = YamlReader.Read(text, problems);
        var reading = new ShapeReading(problems, folder, environment);
        FleetApply? declared = null;
        var name = value is YamlMap map && map.Find("fleet")?.Value is YamlText said ? said.Text : null;
        if (value is not null && FleetShape.File.Read(WithDefaults(value), reading) is JsonObject read)
        {
            read.Remove("defaults");
            declared = Declare(read, problems);
            if (declared is not null)
            {
                FleetRules.Check(declared, reading);
            }
        }

        return problems.Count == 0
            ? new FleetFile(path, declared! with { Agents = [.. declared.Agents.Select(Complete)] }, [])
            : new FleetFile(path, null, [.. problems.OrderBy(problem => (problem.Line, problem.Column))], name);
    }

    /// <summary>The fleet's name in a file that may have problems elsewhere: enough to end what it declared.</summary>
    public static string NameIn(string path, Func<string, string?> environment)
    {
        if (!File.Exists(path))
        {
            throw CliException.Usage($"there is no fleet file '{path}'", "name one, or give --fleet NAME");
        }

        var file = Load(path, environment);
        return file.Declared?.Fleet ?? file._name
            ?? throw CliException.Usage($"{path} does not say which fleet it is", "give --fleet NAME");
    }

    /// <summary>Gives each agent what the defaults have and it has not, before anything is checked.</summary>
    private static YamlValue WithDefaults(YamlValue value)
    {
        if (value is not YamlMap file || file.Find("defaults")?.Value is not YamlMap defaults
            || file.Find("agents")?.Value is not YamlMap agents)
        {
            return value;
        }

        var complete = agents with
        {
            Entries = [.. agents.Entries.Select(entry => entry.Value is YamlMap agent
                ? entry with { Value = agent.Over(defaults) } : entry)],
        };
        return file with
        {
            Entries =
            [
                .. file.Entries.Select(entry => entry.Key == "agents" ? entry with { Value = complete } : entry),
            ],
        };
    }

    /// <summary>Also of a file with problems, so that what is well-formed is checked all the same.</summary>
    private static FleetApply? Declare(JsonObject read, List<FileProblem> problems)
    {
        foreach (var agent in read["agents"] is JsonArray agents ? agents.OfType<JsonObject>() : [])
        {
            agent["spawn"] ??= new JsonObject();
        }

        try
        {
            return read.Deserialize(AbiJsonContext.Default.FleetApply);
        }
        catch (JsonException) when (problems.Count > 0)
        {
            // A value that is wrong left a hole where the contract has none.
            return null;
        }
    }

    private static FleetAgent Complete(FleetAgent agent) => agent with
    {
        StartOn = agent.StartOn ?? (agent.Schedule is null ? null : StartOn.Schedule),
        Ready = agent.Ready is { When: null, Probe: not null } ready
            ? ready with { When = ReadyWhen.Probe } : agent.Ready,
        Digest = agent.Spawn.Script is { } script ? DigestOf(script) : null,
    };

    private static string DigestOf(string script)
    {
        using var content = File.OpenRead(script);
        return $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";
    }
}
