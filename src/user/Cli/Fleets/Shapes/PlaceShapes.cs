using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Abi;
using Analemma.Abi.Schedules;
using Analemma.Cli.Commands;
using Analemma.Cli.Values;

namespace Analemma.Cli.Fleets.Shapes;

/// <summary>A file of the host that is there; relative to the fleet file.</summary>
internal sealed class ScriptShape : Shape
{
    private static readonly TextShape Text = new("path of a script");

    public override JsonNode? Read(YamlValue value, ShapeReading reading)
    {
        if (Text.Read(value, reading) is not { } written)
        {
            return null;
        }

        var path = Path.GetFullPath(written.GetValue<string>(), reading.Folder);
        return File.Exists(path)
            ? JsonValue.Create(path)
            : reading.Wrong(value, $"there is no script {value.Kind}", Directory.Exists(path)
                ? "that is a folder" : $"looked for {path}");
    }

    public override JsonObject Schema() => Text.Schema();
}

/// <summary>A variable's value; nothing means what it is in this shell, as with <c>spawn --env NAME</c>.</summary>
internal sealed class VariableShape(string name) : Shape
{
    private static readonly TextShape Text = new("value of a variable", "(?s)^.*$", charsMax: 100_000);

    public VariableShape()
        : this("")
    {
    }

    public override JsonNode? Read(YamlValue value, ShapeReading reading)
    {
        var variable = name.Length > 0 ? name : reading.Path[(reading.Path.LastIndexOf('.') + 1)..];
        return value is not YamlText { IsNull: true }
            ? Text.Read(value, reading)
            : reading.Environment(variable) is { } set
                ? JsonValue.Create(set)
                : reading.Wrong(value, $"this shell has no variable {variable}", "set it, or write its value here");
    }

    public override JsonObject Schema() => new()
    {
        ["type"] = new JsonArray("string", "number", "boolean", "null"),
        ["maxLength"] = 100_000,
    };
}

/// <summary>When, as cron has it.</summary>
internal sealed class CronShape : Shape
{
    public override JsonNode? Read(YamlValue value, ShapeReading reading) =>
        value is YamlText { Text: var text }
            ? CronExpression.TryParse(text, out _, out var problem)
                ? JsonValue.Create(text)
                : reading.Wrong(value, $"{value.Kind} is no schedule: {problem}", problem.Hint)
            : reading.Wrong(value, $"{value.Kind} is no schedule", "such as '0 6 * * mon-fri'");

    public override JsonObject Schema() => new()
    {
        ["type"] = "string",
        ["pattern"] = @"^\s*(@[A-Za-z]+|[^\s@]+(\s+[^\s]+){4})\s*$",
        ["maxLength"] = 256,
        ["examples"] = new JsonArray("0 6 * * mon-fri", "*/15 * * * *", "@daily"),
    };
}

/// <summary>A time zone that this host knows.</summary>
internal sealed class ZoneShape : Shape
{
    private static readonly TextShape Text = new("time zone", "^[A-Za-z0-9_+/-]{1,64}$");

    public override JsonNode? Read(YamlValue value, ShapeReading reading)
    {
        if (Text.Read(value, reading) is not { } written)
        {
            return null;
        }

        var zone = written.GetValue<string>();
        if (TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
        {
            return written;
        }

        var near = Suggestion.For(zone, TimeZoneInfo.GetSystemTimeZones().Select(known => known.Id));
        return reading.Wrong(
            value, $"this host knows no time zone {value.Kind}",
            near is null ? "write one such as Europe/Vienna, or UTC" : $"did you mean '{near}'?");
    }

    public override JsonObject Schema() => Text.Schema();
}

/// <summary>A host path to show inside, as <c>spawn --mount</c> takes it; relative to the fleet file.</summary>
internal sealed class MountShape : Shape
{
    private static readonly TextShape Text = new("mount", "^[^:]+(:[^:]+)?(:r[ow])?$");

    public override JsonNode? Read(YamlValue value, ShapeReading reading)
    {
        if (Text.Read(value, reading) is not { } written)
        {
            return null;
        }

        var mount = SpawnOptions.Mount(written.GetValue<string>(), reading.Folder);
        return Path.Exists(mount.Source)
            ? JsonSerializer.SerializeToNode(mount, AbiJsonContext.Default.MountRequest)
            : reading.Wrong(value, $"there is no {mount.Source}", "write HOST[:INSIDE][:rw]");
    }

    public override JsonObject Schema() => Text.Schema();
}

/// <summary>false, true, or rules: each a line as <c>spawn --allow</c> takes it, or a mapping.</summary>
internal sealed class NetworkShape : Shape
{
    private static readonly FlagShape Flag = new();

    private static readonly ListShape Rules = new(new RuleShape(), 1, 256);

    public override JsonNode? Read(YamlValue value, ShapeReading reading) =>
        value is YamlList ? Rules.Read(value, reading)
        : value is YamlText { Text: "true" or "false" } ? Flag.Read(value, reading)
        : reading.Wrong(value, $"{value.Kind} is no network", "write true, false, or a list of rules");

    public override JsonObject Schema() => new() { ["anyOf"] = new JsonArray(Flag.Schema(), Rules.Schema()) };

    private sealed class RuleShape : Shape
    {
        private static readonly TextShape Line = new("rule", "^[^ ]+( [^ ]+)?$");

        private static readonly ListShape Texts = new(new TextShape("text"), 1, 256);

        private static readonly KeysShape Whole = new(
            new("host", "host", new TextShape("host"), "A name, *.example.com for all below it, or an address.")
            {
                IsRequired = true,
            },
            new("scheme", "scheme", new WordShape("https", "http"), "What the kernel speaks to the host."),
            new("ports", "ports", new ListShape(new WholeShape(1, 65_535), 1, 256), "Default 443; 80 with http."),
            new("methods", "methods", Texts, "Such as GET and HEAD; default all but TRACE and CONNECT."),
            new("paths", "paths", Texts, "What paths may begin with; default everything."),
            new("headers", "headers",
                new NamedShape(new TextShape("value"), "header", "^[A-Za-z0-9-]{1,256}$", 64),
                "Set by the kernel; ${secret:NAME} stands for a secret of the host."),
            new("request_size", "request_bytes", new SizeShape(1, FleetRanges.BytesMax), "The most one may send."),
            new("response_size", "response_bytes", new SizeShape(1, FleetRanges.BytesMax), "The most one may bring."),
            new("allow_private", "allow_private", new FlagShape(), "The host may have private addresses."),
            new("addresses", "addresses", Texts, "What the host may have although it is not public."));

        public override JsonNode? Read(YamlValue value, ShapeReading reading)
        {
            if (value is not YamlText)
            {
                return Whole.Read(value, reading);
            }

            if (Line.Read(value, reading) is not { } line)
            {
                return null;
            }

            try
            {
                return JsonSerializer.SerializeToNode(
                    NetworkRuleText.Parse(line.GetValue<string>()), AbiJsonContext.Default.NetworkRule);
            }
            catch (CliException wrong)
            {
                return reading.Wrong(value, wrong.Message, "write HOST, or [METHODS ]URL-PREFIX");
            }
        }

        public override JsonObject Schema() => new() { ["anyOf"] = new JsonArray(Line.Schema(), Whole.Schema()) };
    }
}
