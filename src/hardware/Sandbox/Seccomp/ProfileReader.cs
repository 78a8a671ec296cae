using System.Text.Json;

namespace Analemma.Sandbox.Seccomp;

/// <summary>
/// agent-profile.json as rules. Element by element: a generated reader needs some hundred methods compiled at each
/// start of a kernel, which is a tenth of what a start takes.
/// </summary>
internal static class ProfileReader
{
    /// <summary>A malformed profile is a <see cref="JsonException"/> that names the place.</summary>
    public static SeccompDocument Read(Stream json)
    {
        using var document = JsonDocument.Parse(json);
        SeccompDefault? fallback = null;
        List<SeccompRule>? rules = null;
        foreach (var member in Members(document.RootElement, "the profile"))
        {
            switch (member.Name)
            {
                case "default":
                    fallback = Default(member.Value);
                    break;
                case "rules":
                    rules = [.. Items(member).Select(Rule)];
                    break;
                default:
                    throw Unknown(member, "the profile");
            }
        }

        return new SeccompDocument(
            fallback ?? throw Missing("default", "the profile"), rules ?? throw Missing("rules", "the profile"));
    }

    private static SeccompDefault Default(JsonElement json)
    {
        string? errno = null, reason = null;
        foreach (var member in Members(json, "default"))
        {
            switch (member.Name)
            {
                case "errno":
                    errno = Text(member);
                    break;
                case "reason":
                    reason = Text(member);
                    break;
                default:
                    throw Unknown(member, "default");
            }
        }

        return new SeccompDefault(
            errno ?? throw Missing("errno", "default"), reason ?? throw Missing("reason", "default"));
    }

    private static SeccompRule Rule(JsonElement json)
    {
        string[]? names = null;
        SeccompCondition[] when = [];
        SeccompAction? action = null;
        Dictionary<string, string> texts = new(StringComparer.Ordinal);
        foreach (var member in Members(json, "a rule"))
        {
            switch (member.Name)
            {
                case "names":
                    names = Texts(member);
                    break;
                case "when":
                    when = [.. Items(member).Select(Condition)];
                    break;
                case "action":
                    action = Action(member);
                    break;
                case "with" or "without" or "errno" or "kind" or "what" or "advice" or "reason":
                    texts[member.Name] = Text(member);
                    break;
                default:
                    throw Unknown(member, "a rule");
            }
        }

        return new SeccompRule
        {
            Names = names ?? throw Missing("names", "a rule"),
            When = when,
            With = texts.GetValueOrDefault("with"),
            Without = texts.GetValueOrDefault("without"),
            Action = action ?? throw Missing("action", "a rule"),
            Errno = texts.GetValueOrDefault("errno"),
            Kind = texts.GetValueOrDefault("kind"),
            What = texts.GetValueOrDefault("what"),
            Advice = texts.GetValueOrDefault("advice"),
            Reason = texts.GetValueOrDefault("reason") ?? throw Missing("reason", "a rule"),
        };
    }

    private static SeccompCondition Condition(JsonElement json)
    {
        int? arg = null;
        string? mask = null;
        string[]? equal = null, notEqual = null;
        foreach (var member in Members(json, "a condition"))
        {
            switch (member.Name)
            {
                case "arg" when TryNumber(member.Value) is { } index:
                    arg = index;
                    break;
                case "mask":
                    mask = Text(member);
                    break;
                case "equals":
                    equal = Texts(member);
                    break;
                case "notEquals":
                    notEqual = Texts(member);
                    break;
                default:
                    throw Unknown(member, "a condition");
            }
        }

        return new SeccompCondition
        {
            Arg = arg ?? throw Missing("arg", "a condition"),
            Mask = mask,
            EqualTo = equal,
            NotEqualTo = notEqual,
        };
    }

    private static SeccompAction Action(JsonProperty member) => Text(member) switch
    {
        "allow" => SeccompAction.Allow,
        "report" => SeccompAction.Report,
        "refuse" => SeccompAction.Refuse,
        "deny" => SeccompAction.Deny,
        var other => throw new JsonException($"'{other}' is no action; allow, report, refuse and deny are"),
    };

    private static JsonElement.ObjectEnumerator Members(JsonElement json, string what) =>
        json.ValueKind is JsonValueKind.Object
            ? json.EnumerateObject()
            : throw new JsonException($"{what} is no object");

    private static JsonElement.ArrayEnumerator Items(JsonProperty member) =>
        member.Value.ValueKind is JsonValueKind.Array
            ? member.Value.EnumerateArray()
            : throw new JsonException($"'{member.Name}' is no list");

    private static string[] Texts(JsonProperty member) => [.. Items(member).Select(item =>
        item.ValueKind is JsonValueKind.String ? item.GetString()! : throw new JsonException(
            $"'{member.Name}' has an item that is no text"))];

    private static int? TryNumber(JsonElement json) =>
        json.ValueKind is JsonValueKind.Number && json.TryGetInt32(out var number) ? number : null;

    private static string Text(JsonProperty member) => member.Value.ValueKind is JsonValueKind.String
        ? member.Value.GetString()!
        : throw new JsonException($"'{member.Name}' is no text");

    private static JsonException Unknown(JsonProperty member, string where) =>
        new($"'{member.Name}' in {where} is not known, or not of its type");

    private static JsonException Missing(string name, string where) => new($"{where} has no '{name}'");
}
