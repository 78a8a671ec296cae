using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;

namespace Analemma.Workflow.Records;

/// <summary>Takes what is too large out of a record, and says where it was.</summary>
internal sealed class RecordPages(List<PagedPayload> payloads)
{
    private const string OfEventName = "e";
    private const string OfHistoryName = "h";
    private const string Variables = "assignedVariables";
    private const int PathFrom = 2;

    private static readonly string[] EventSlots = ["input", "text", "output", "items"];
    private static readonly string[] LineSlots = ["input", "output", "parameters"];

    private readonly JsonArrayBuilder _lines = new();

    /// <summary>What was taken out; null for nothing.</summary>
    public JsonArray? Lines => _lines.Count == 0 ? null : _lines.Build();

    public JsonValue OfEvent(JsonValue told)
    {
        var made = told.AsObject();
        foreach (var slot in EventSlots)
        {
            if (TryTake(made[slot], [OfEventName, slot]))
            {
                made = made.With(slot, JsonValue.Null);
            }
        }

        return made;
    }

    public JsonValue OfLine(int index, JsonValue details)
    {
        if (!details.TryGetObject(out var made))
        {
            return details;
        }

        foreach (var slot in LineSlots)
        {
            if (TryTake(made[slot], [OfHistoryName, index, slot]))
            {
                made = made.With(slot, JsonValue.Null);
            }
        }

        if (made[Variables].TryGetObject(out var variables))
        {
            foreach (var name in variables.Names)
            {
                if (TryTake(variables[name], [OfHistoryName, index, Variables, name]))
                {
                    variables = variables.With(name, JsonValue.Null);
                }
            }

            made = made.With(Variables, variables);
        }

        return made;
    }

    /// <summary>The event with what was taken out of it.</summary>
    public static JsonValue Load(JsonValue told, JsonValue lines, Func<PayloadReference, string, JsonValue> load)
    {
        var made = told.AsObject();
        foreach (var (reference, path) in Read(lines))
        {
            if (path[PathFrom] == OfEventName && path[PathFrom + 1].TryGetString(out var slot))
            {
                made = made.With(slot, load(reference, slot));
            }
        }

        return made;
    }

    /// <summary>What was taken out of each line of the history, by the name that <see cref="Name"/> gives it.</summary>
    public static Dictionary<int, IReadOnlyDictionary<string, PayloadReference>> OfHistory(JsonValue lines)
    {
        Dictionary<int, IReadOnlyDictionary<string, PayloadReference>> found = [];
        foreach (var (reference, path) in Read(lines))
        {
            if (path[PathFrom] == OfHistoryName && path[PathFrom + 1].TryGetInt32(out var index))
            {
                var of = found.GetValueOrDefault(index) as Dictionary<string, PayloadReference>
                    ?? new Dictionary<string, PayloadReference>(StringComparer.Ordinal);
                of[Name(path)] = reference;
                found[index] = of;
            }
        }

        return found;
    }

    public static IEnumerable<(PayloadReference Reference, JsonArray Path)> Read(JsonValue lines)
    {
        if (!lines.TryGetArray(out var all))
        {
            yield break;
        }

        foreach (var line in all.Items.ToArray())
        {
            if (!line.TryGetArray(out var fields)
                || fields.Count < PathFrom + 2
                || !fields[0].TryGetString(out var digest)
                || !PayloadReference.IsDigest(digest)
                || !fields[1].TryGetInt64(out var bytes))
            {
                throw new StepRecordException($"has a payload beside it that is none: {line}");
            }

            yield return (new PayloadReference(digest, bytes), fields);
        }
    }

    /// <summary>Whether it was taken out of that line of the history.</summary>
    public static bool IsOfLine(JsonArray path, int index) =>
        path[PathFrom] == OfHistoryName && path[PathFrom + 1].TryGetInt32(out var line) && line == index;

    private static string Name(JsonArray path) =>
        string.Join('.', path.Items[(PathFrom + 2)..].ToArray().Select(part => part.AsString()));

    private bool TryTake(JsonValue value, ReadOnlySpan<JsonValue> path)
    {
        if (PayloadReference.OfLarge(value) is not { } reference)
        {
            return false;
        }

        payloads.Add(new PagedPayload(reference, value));
        JsonArrayBuilder line = new(path.Length + PathFrom);
        line.Add(reference.Sha256).Add(reference.Bytes);
        foreach (var part in path)
        {
            line.Add(part);
        }

        _lines.Add(line.Build());
        return true;
    }
}
