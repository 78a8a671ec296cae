using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;

namespace Analemma.Workflow.Snapshots;

// VALUES OF A SNAPSHOT
//
// The same value stands in many places of a state: the input of a task is that of its frame and of an iteration. Each
// is written once, in "v", and is a number where it is meant:
//
//   null        undefined
//   [value]     null, true, a number, a short text: itself
//   n           the n-th of "v"; null in there, and listed in "b" as [sha256, bytes, n], when it is kept beside
//
// "m" has what expressions know of arrays and JSON does not say: [n, [index, index, …], marks], the way into the value.
/// <summary>What stands for values in a snapshot.</summary>
internal interface ISnapshotSlots
{
    JsonValue Slot(JsonValue value);
}

/// <summary>Values of a snapshot, each once.</summary>
internal sealed class SnapshotPool(List<PagedPayload> payloads) : ISnapshotSlots
{
    /// <summary>A text that is longer is written once.</summary>
    private const int TextMax = 64;

    private readonly Dictionary<object, int> _known = new(ReferenceEqualityComparer.Instance);
    private readonly JsonArrayBuilder _values = new();
    private readonly JsonArrayBuilder _marks = new();
    private readonly JsonArrayBuilder _pages = new();

    /// <summary>What stands for a value where it is meant.</summary>
    public JsonValue Slot(JsonValue value)
    {
        if (value.IsUndefined)
        {
            return JsonValue.Null;
        }

        if (ContentOf(value) is not { } content)
        {
            SnapshotMarks.CheckKept(value);
            return JsonArray.Of(value);
        }

        if (!_known.TryGetValue(content, out var index))
        {
            _known[content] = index = _values.Count;
            Add(value, index);
        }

        return index;
    }

    /// <summary>Puts all that was meant into the snapshot.</summary>
    public void Finish(JsonObjectBuilder made)
    {
        made.Set("v", _values.Build());
        if (_marks.Count > 0)
        {
            made.Set("m", _marks.Build());
        }

        if (_pages.Count > 0)
        {
            made.Set("b", _pages.Build());
        }
    }

    private static object? ContentOf(JsonValue value) => value.TryGetObject(out var members) ? members
        : value.TryGetArray(out var items) ? items
        : value.TryGetString(out var text) && text.Length > TextMax ? text
        : null;

    private void Add(JsonValue value, int index)
    {
        var reference = PayloadReference.OfLarge(value);
        _values.Add(reference is null ? value : JsonValue.Null);
        if (reference is not null)
        {
            payloads.Add(new PagedPayload(reference, value));
            _pages.Add(JsonArray.Of(reference.Sha256, reference.Bytes, index));
        }

        foreach (var (way, marks) in SnapshotMarks.Of(value))
        {
            _marks.Add(JsonArray.Of(index, way, (int)marks));
        }
    }
}

/// <summary>Values in full, to compare.</summary>
internal sealed class SnapshotText : ISnapshotSlots
{
    public JsonValue Slot(JsonValue value)
    {
        if (value.IsUndefined)
        {
            return JsonValue.Null;
        }

        JsonArrayBuilder made = new();
        made.Add(PayloadReference.OfLarge(value) is { } reference ? reference.Sha256 : value);
        foreach (var (way, marks) in SnapshotMarks.Of(value))
        {
            made.Add(way).Add((int)marks);
        }

        return made.Build();
    }
}

/// <summary>What expressions know of arrays beyond their values, and where in a value those are.</summary>
internal static class SnapshotMarks
{
    /// <summary>Those within an array after it.</summary>
    public static List<(JsonArray Way, JsonArrayMarks Marks)> Of(JsonValue value)
    {
        List<(JsonArray, JsonArrayMarks)> found = [];
        Find(value, [], found);
        return found;
    }

    /// <exception cref="SnapshotException">It is a function, of which no text says what it does.</exception>
    public static void CheckKept(JsonValue value)
    {
        if (value.Kind is JsonKind.Opaque)
        {
            throw new SnapshotException("would have a function in it");
        }
    }

    private static void Find(JsonValue value, List<JsonValue> way, List<(JsonArray, JsonArrayMarks)> found)
    {
        if (value.TryGetArray(out var items))
        {
            if (items.Marks != JsonArrayMarks.None)
            {
                found.Add((JsonArray.Of([.. way]), items.Marks));
            }

            FindIn(items.Items, way, found);
        }
        else if (value.TryGetObject(out var members))
        {
            FindIn(members.Values, way, found);
        }
    }

    private static void FindIn(
        ReadOnlySpan<JsonValue> inner, List<JsonValue> way, List<(JsonArray, JsonArrayMarks)> found)
    {
        JsonLimits.CheckDepth(way.Count);
        for (var i = 0; i < inner.Length; i++)
        {
            CheckKept(inner[i]);
            if (inner[i].IsArray || inner[i].IsObject)
            {
                way.Add(i);
                Find(inner[i], way, found);
                way.RemoveAt(way.Count - 1);
            }
        }
    }
}

/// <summary>Values of a snapshot that is read.</summary>
internal sealed class SnapshotValues
{
    private readonly JsonValue[] _values;

    /// <param name="snapshot">What <see cref="SnapshotPool"/> wrote.</param>
    /// <param name="load">Gives what is kept beside it.</param>
    /// <exception cref="SnapshotException">It is not what a pool writes.</exception>
    public SnapshotValues(JsonObject snapshot, Func<PayloadReference, string, JsonValue> load)
    {
        _values = snapshot["v"].AsArray().Items.ToArray();
        if (snapshot["b"].TryGetArray(out var pages))
        {
            foreach (var page in pages)
            {
                _values[Index(page[2])] = load(ReferenceOf(page), "a snapshot");
            }
        }

        if (snapshot["m"].TryGetArray(out var marks))
        {
            foreach (var mark in marks)
            {
                var index = Index(mark[0]);
                _values[index] = Marked(_values[index], mark[1].AsArray().Items, (JsonArrayMarks)Whole(mark[2]));
            }
        }
    }

    public JsonValue Read(JsonValue slot)
    {
        if (slot.IsNull)
        {
            return JsonValue.Undefined;
        }

        return slot.TryGetArray(out var inline) ? inline[0] : _values[Index(slot)];
    }

    /// <summary>What is kept beside a snapshot.</summary>
    public static IReadOnlyList<PayloadReference> References(JsonObject snapshot)
    {
        List<PayloadReference> found = [];
        if (snapshot["b"].TryGetArray(out var pages))
        {
            foreach (var page in pages)
            {
                found.Add(ReferenceOf(page));
            }
        }

        return found;
    }

    private static PayloadReference ReferenceOf(JsonValue page) =>
        page[0].TryGetString(out var digest) && PayloadReference.IsDigest(digest) && page[1].TryGetInt64(out var bytes)
            ? new PayloadReference(digest, bytes)
            : throw new SnapshotException($"has a payload beside it that is none: {page}");

    private static int Whole(JsonValue value) =>
        value.TryGetInt32(out var number) ? number : throw new SnapshotException($"has no number at {value}");

    private static JsonValue Marked(JsonValue value, ReadOnlySpan<JsonValue> way, JsonArrayMarks marks)
    {
        if (way.IsEmpty)
        {
            return value.AsArray().Marked(marks);
        }

        var at = Whole(way[0]);
        if (value.TryGetArray(out var items))
        {
            return items.With(at, Marked(items[at], way[1..], marks)).Marked(items.Marks);
        }

        var members = value.AsObject();
        return members.With(members.NameAt(at), Marked(members.ValueAt(at), way[1..], marks));
    }

    private int Index(JsonValue slot) =>
        Whole(slot) is var index && index >= 0 && index < _values.Length
            ? index
            : throw new SnapshotException($"means a value that it does not have: {slot}");
}
