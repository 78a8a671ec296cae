using System.Text;
using Analemma.Workflow.Json;

namespace Analemma.Conformance.Tests;

/// <summary>One case that was recorded from the real service: what was asked of it, and what it answered.</summary>
internal sealed record RecordedCase(JsonObject Fields)
{
    private static readonly JsonLimits Limits = JsonLimits.Widest;

    public string Id => Fields["id"].AsString();

    public string Kind => Fields["kind"].AsString();

    public string Category => Fields["category"].AsString();

    /// <summary>Whether branches interleave, so that only what happened counts, and not in which order.</summary>
    public bool IsParallel => Fields["parallel"].IsTrue;

    public JsonArray Steps => Fields["steps"].AsArray();

    public JsonObject Expected => Fields["expected"].AsObject();

    public IEnumerable<string> Wildcards =>
        Fields["wildcards"].AsArray().Items.ToArray().Select(name => name.AsString());

    /// <summary>All that are at hand; empty where they are not.</summary>
    public static IReadOnlyList<RecordedCase> Load()
    {
        var file = Path();
        return file is null
            ? []
            : [.. File.ReadLines(file).Select(line => new RecordedCase(Parse(line).AsObject()))];
    }

    public static JsonValue Parse(string text) =>
        JsonValue.TryParse(Encoding.UTF8.GetBytes(text), Limits, out var value, out var error)
            ? value
            : throw new InvalidDataException(error.ToString());

    /// <summary>ANALEMMA_ASL_CASES, or a folder shared/asl-cases beside the work tree or above it.</summary>
    private static string? Path()
    {
        if (Environment.GetEnvironmentVariable("ANALEMMA_ASL_CASES") is { Length: > 0 } given)
        {
            return System.IO.Path.Combine(given, "cases.jsonl");
        }

        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var file = System.IO.Path.Combine(at.FullName, "shared", "asl-cases", "cases.jsonl");
            if (File.Exists(file))
            {
                return file;
            }
        }

        return null;
    }
}
