using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata;

namespace Analemma.Unit.Tests.Workflow.Jsonata;

/// <summary>One case of JSONata's official suite.</summary>
internal sealed record SuiteCase(string Id, string Expression, JsonValue Input, JsonValue Case)
{
    private const string Place = "../shared/jsonata-suite";

    /// <summary>The suite's folder beside the repository; null where it is absent.</summary>
    public static string? Folder { get; } = Find();

    public static List<SuiteCase> All()
    {
        var datasets = Parse(File.ReadAllText(Path.Combine(Folder!, "datasets.json")));
        return [.. File.ReadLines(Path.Combine(Folder!, "cases.jsonl")).Select(line => From(Parse(line), datasets))];
    }

    /// <summary>What is wrong with the outcome; null when it is as it should be.</summary>
    public string? Run()
    {
        var timed = Case["depth"].TryGetInt32(out var depth);
        JsonataLimits limits = new()
        {
            DepthMax = timed ? depth + 1 : 1500,
            StepsMax = timed && Case["code"] == "U1001" ? 1_000_000 : 100_000_000,
        };
        Dictionary<string, JsonValue> bindings = [];
        if (Case["bindings"].TryGetObject(out var members))
        {
            foreach (var (name, value) in members)
            {
                bindings[name] = value;
            }
        }

        try
        {
            var expression = JsonataExpression.Compile(Expression, limits: limits);
            return Compare(expression.Evaluate(Input, new FixedHost(), bindings));
        }
        catch (JsonataException wrong)
        {
            return Compare(wrong);
        }
        catch (Exception wrong)
        {
            return $"threw {wrong}";
        }
    }

    private static JsonValue Parse(string text) => JsonValue.Parse(text, JsonLimits.Widest);

    private static SuiteCase From(JsonValue data, JsonValue datasets)
    {
        var input = data["data"];
        if (data["dataset"].TryGetString(out var name))
        {
            input = datasets[name];
        }

        return new SuiteCase(data["id"].AsString(), data["expr"].AsString(), input, data);
    }

    private string? Compare(JsonValue result)
    {
        if (Case["undefinedResult"].IsTrue)
        {
            return result.IsUndefined ? null : $"gave {result} instead of nothing";
        }

        var expected = Case["result"];
        if (expected.IsUndefined)
        {
            return $"gave {(result.IsUndefined ? "nothing" : result)} instead of {Case["code"]}{Case["error"]}";
        }

        var isSame = result == expected || (Case["unordered"].IsTrue && Sorted(result) == Sorted(expected));
        return isSame ? null : $"gave {(result.IsUndefined ? "nothing" : result)} instead of {expected}";
    }

    private string? Compare(JsonataException wrong)
    {
        var expected = Case["code"].IsString ? Case : Case["error"];
        if (!expected["code"].TryGetString(out var code))
        {
            return $"failed with {wrong.Code} at {wrong.Position}: {wrong.Message}";
        }

        // The suite's own runner, not the language, has the limits, and one code for both of them.
        var given = wrong.Code is "D1011" or "D1012" ? "U1001" : wrong.Code;
        return given != code ? $"failed with {wrong.Code} instead of {code}"
            : expected["token"].TryGetString(out var token) && wrong.Token != token
                ? $"names {wrong.Token} instead of {token}"
            : expected["message"].TryGetString(out var message) && wrong.Message != message
                ? $"says {wrong.Message} instead of {message}"
            : null;
    }

    private static string Sorted(JsonValue value) => value.TryGetArray(out var items)
        ? string.Join(",", items.Items.ToArray().Select(item => item.ToString()).Order(StringComparer.Ordinal))
        : value.ToString();

    private static string? Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var folder = Path.GetFullPath(Path.Combine(at.FullName, Place));
            if (File.Exists(Path.Combine(at.FullName, "Analemma.slnx")) && Directory.Exists(folder))
            {
                return folder;
            }
        }

        return null;
    }
}
