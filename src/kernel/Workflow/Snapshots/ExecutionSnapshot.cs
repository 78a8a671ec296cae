using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;
using Analemma.Workflow.Records;

namespace Analemma.Workflow.Snapshots;

// A SNAPSHOT
//
//   {"at": ticks, "s": {the state}, "o": {what is open}, "g": [parts of the history], "v": [values], "m": [marks],
//    "b": [payloads beside it]}
//
// What a fold of an execution's events comes to, at one of them: whoever goes on from it comes to what the fold of all
// comes to, event by event. It is made from the state and never changed; its records stay what counts. A version that
// cannot read it folds the records instead.
/// <summary>An execution's state as bytes, so that a long history is not folded from its start.</summary>
public static class ExecutionSnapshot
{
    /// <summary>Of what is written. One of another version is left alone, and the records are folded.</summary>
    public const int FormatVersion = 1;

    /// <summary>A state that takes more is not kept.</summary>
    public const int BytesMax = 64 * 1024 * 1024;

    /// <summary>As UTF-8, without what is too large: that is added to <paramref name="payloads"/>.</summary>
    /// <exception cref="JsonSizeException">It takes more than <see cref="BytesMax"/>.</exception>
    /// <exception cref="SnapshotException">A variable holds a function of JSONata.</exception>
    /// <exception cref="JsonDepthException">It goes deeper than can be read again.</exception>
    public static byte[] Write(
        ExecutionState state,
        OpenWork open,
        DateTimeOffset lastAt,
        IReadOnlyList<HistorySegment> segments,
        List<PagedPayload> payloads)
    {
        SnapshotPool pool = new(payloads);
        SnapshotWriter writer = new(pool);
        JsonObjectBuilder made = new(7);
        made.Set("at", lastAt.UtcTicks).Set("s", writer.State(state)).Set("o", writer.Open(open));
        if (segments.Count > 0)
        {
            made.Set("g", SnapshotWriter.Segments(segments));
        }

        pool.Finish(made);
        return JsonValue.From(made.Build()).ToUtf8(JsonWriteOptions.Service with { BytesMax = BytesMax });
    }

    /// <summary>What it was made from.</summary>
    /// <param name="snapshot">What <see cref="Write"/> gave.</param>
    /// <param name="definition">What the execution runs.</param>
    /// <param name="identity">Who it is.</param>
    /// <param name="load">Gives what is kept beside it: what, and who refers to it.</param>
    /// <exception cref="SnapshotException">It is none.</exception>
    public static ExecutionReplay Read(
        ReadOnlySpan<byte> snapshot,
        StateMachineDefinition definition,
        ExecutionIdentity identity,
        Func<PayloadReference, string, JsonValue> load)
    {
        var parsed = Parse(snapshot);
        try
        {
            SnapshotReader reader = new(definition, identity, new SnapshotValues(parsed, load));
            return new ExecutionReplay(
                definition,
                identity,
                reader.State(parsed["s"].AsObject()),
                reader.Open(parsed["o"].AsObject()),
                SnapshotReader.Time(parsed["at"]))
            {
                Segments = SnapshotReader.Segments(parsed["g"]),
            };
        }
        catch (Exception wrong) when (wrong is InvalidOperationException or ArgumentException or KeyNotFoundException
            or IndexOutOfRangeException or InvalidCastException or StepRecordException)
        {
            throw new SnapshotException($"cannot be read: {wrong.Message}");
        }
    }

    /// <summary>What is kept beside it.</summary>
    /// <exception cref="SnapshotException">It is none.</exception>
    public static IReadOnlyList<PayloadReference> References(ReadOnlySpan<byte> snapshot) =>
        SnapshotValues.References(Parse(snapshot));

    /// <summary>
    /// Whether two states are the same in all that can ever be told from them. How values are shared within them is
    /// not.
    /// </summary>
    public static bool AreSame(ExecutionReplay one, ExecutionReplay other) =>
        Described(one).AsSpan().SequenceEqual(Described(other));

    // Read back, values are shared as they are written; what was shared by chance before is not any more.
    private static byte[] Described(ExecutionReplay replay)
    {
        SnapshotText text = new();
        SnapshotWriter writer = new(text);
        return JsonValue.From(JsonObject.Of(
            ("at", replay.LastAt.UtcTicks),
            ("s", writer.State(replay.State)),
            ("o", writer.Open(replay.Open)),
            ("g", SnapshotWriter.Segments(replay.Segments))))
            .ToUtf8(JsonWriteOptions.Service);
    }

    private static JsonObject Parse(ReadOnlySpan<byte> snapshot) =>
        JsonValue.TryParse(snapshot, JsonLimits.Widest, out var value, out var error)
            && value.TryGetObject(out var fields)
                ? fields
                : throw new SnapshotException(error is null ? "is no object" : $"is no JSON: {error}");
}

/// <summary>A snapshot of an execution says what no version of this program wrote.</summary>
public sealed class SnapshotException(string what) : Exception($"a snapshot of the execution {what}");
