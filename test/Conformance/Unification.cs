using System.Text;
using System.Text.RegularExpressions;
using Analemma.Workflow.Json;

namespace Analemma.Conformance.Tests;

// EXPECTED AND ACTUAL
//
// What was recorded has placeholders for ids, ARNs and times: <uuid:1>, date. The rules are those of the runner that
// came with the cases, so that its counts and ours mean the same.
/// <summary>Compares an answer with a recorded one, and collects the differences.</summary>
internal sealed partial class Unification
{
    private const int DifferencesMax = 12;

    private static readonly HashSet<string> Noise = new(StringComparer.Ordinal)
    {
        "HTTPHeaders", "RequestId", "HttpHeaders", "AllHttpHeaders", "SdkHttpMetadata", "SdkResponseMetadata",
        "LogResult", "ResponseMetadata",
    };

    private static readonly HashSet<string> Causes = new(StringComparer.Ordinal)
    {
        "cause", "Cause", "message", "Message", "exception_value",
    };

    private readonly HashSet<string> _names;
    private readonly Regex _tokens;

    public Unification(IEnumerable<string> wildcards)
    {
        _names = new(StringComparer.Ordinal)
        {
            "snf_role_arn", "sfn_role_arn", "timestamp", "datetime", "date", "start-date", "stop-date", "creation-date",
        };
        _names.UnionWith(wildcards);
        var tokens = _names.Where(name => name.Length > 3)
            .OrderByDescending(name => name.Length)
            .Select(Regex.Escape)
            .Prepend("111111111111")
            .Prepend("<[A-Za-z][^<>\\n\"]{0,60}>");
        _tokens = new Regex(string.Join('|', tokens), RegexOptions.CultureInvariant);
    }

    /// <summary>Whether causes and messages count.</summary>
    public bool WithCauses { get; init; } = true;

    public List<string> Differences { get; } = [];

    public void Compare(JsonValue expected, JsonValue actual, string path)
    {
        if (Differences.Count >= DifferencesMax || (expected.TryGetString(out var name) && _names.Contains(name)))
        {
            return;
        }

        if ((expected.IsObject || expected.IsArray) && actual.TryGetString(out var text))
        {
            actual = TryParse(text) ?? actual;
        }

        if (expected.TryGetObject(out var fields))
        {
            CompareObjects(fields, actual, path);
        }
        else if (expected.TryGetArray(out var items))
        {
            CompareArrays(items, actual, path);
        }
        else if (expected.TryGetString(out var wanted))
        {
            CompareTexts(wanted, actual, path);
        }
        else if (expected.IsNumber && actual.IsNumber)
        {
            var (e, a) = (expected.AsDouble(), actual.AsDouble());
            Expect(e == a || Math.Abs(e - a) <= 1e-9 * Math.Max(1, Math.Abs(e)), expected, actual, path);
        }
        else
        {
            Expect(expected == actual, expected, actual, path);
        }
    }

    private void CompareObjects(JsonObject expected, JsonValue actual, string path)
    {
        if (!actual.TryGetObject(out var fields))
        {
            Differences.Add($"{path}: expected an object, got {Short(actual)}");
            return;
        }

        foreach (var (name, value) in expected)
        {
            if (Noise.Contains(name) || (!WithCauses && Causes.Contains(name)))
            {
                continue;
            }

            if (!fields.TryGet(name, out var found))
            {
                Differences.Add($"{path}.{name}: missing (expected {Short(value)})");
                continue;
            }

            Compare(value, found, $"{path}.{name}");
        }

        var isOpen = expected.Names.ToArray().Any(name => _tokens.Match(name) is { Success: true, Index: 0 } match
            && match.Length == name.Length && name[0] == '<');
        foreach (var (name, value) in fields)
        {
            var counts = !Noise.Contains(name) && name != "str" && (WithCauses || !Causes.Contains(name)) && !isOpen;
            if (counts && !expected.Has(name))
            {
                Differences.Add($"{path}.{name}: unexpected {Short(value)}");
            }
        }
    }

    private void CompareArrays(JsonArray expected, JsonValue actual, string path)
    {
        if (!actual.TryGetArray(out var items) || items.Count != expected.Count)
        {
            Differences.Add($"{path}: expected {expected.Count} items, got {Short(actual)}");
            return;
        }

        for (var i = 0; i < items.Count; i++)
        {
            Compare(expected[i], items[i], $"{path}[{i}]");
        }
    }

    private void CompareTexts(string expected, JsonValue actual, string path)
    {
        if (!actual.TryGetString(out var text))
        {
            var isToken = _tokens.Match(expected) is { Success: true } match && match.Length == expected.Length;
            Expect(isToken, expected, actual, path);
            return;
        }

        if (IsMatch(expected, text))
        {
            return;
        }

        if (expected.Length > 0 && text.Length > 0 && expected[0] is '[' or '{' or '"' && text[0] is '[' or '{' or '"'
            && TryParse(expected) is { } inner && TryParse(text) is { } found && inner.Kind == found.Kind)
        {
            Compare(inner, found, $"{path}<json>");
            return;
        }

        Expect(false, expected, actual, path);
    }

    private bool IsMatch(string expected, string actual)
    {
        if (expected == actual || _names.Contains(expected))
        {
            return true;
        }

        var (e, a) = (Time().Replace(expected, "date"), Time().Replace(actual, "date"));
        if (e == a)
        {
            return true;
        }

        var parts = _tokens.Split(e);
        return parts.Length > 1
            && Regex.IsMatch(a, $"^(?:{string.Join(".*?", parts.Select(Regex.Escape))})$", RegexOptions.Singleline);
    }

    private void Expect(bool holds, JsonValue expected, JsonValue actual, string path)
    {
        if (!holds)
        {
            Differences.Add($"{path}: {Short(actual)} != {Short(expected)}");
        }
    }

    private static string Short(JsonValue value)
    {
        var text = value.ToString();
        return text.Length > 260 ? text[..260] : text;
    }

    private static JsonValue? TryParse(string text) =>
        JsonValue.TryParse(Encoding.UTF8.GetBytes(text), JsonLimits.Widest, out var value, out _)
            ? value
            : (JsonValue?)null;

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")]
    private static partial Regex Time();
}
