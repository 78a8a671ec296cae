using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;

namespace Analemma.Workflow.Records;

// ONE STEP, AS IT IS KEPT
//
//   {"e": {the event}, "h": [[id, previous id, type, details, the input's text], …]}
//
// The event is what the state is folded from; the history is what the fold gave when it first happened. Whoever folds
// again compares: a machine that has changed its mind about the past is found out before it acts on it. All events of
// one step have the step's time. Numbers are written as the service writes them, which keeps 1.0 and 1 apart.
//
// A payload of more than 256 KiB is kept beside the records, and here is null; "b" then says what it is and where:
//
//   {"e": {"input": null, …}, "h": […], "b": [[sha256, bytes, "e", "input"], [sha256, bytes, "h", 0, "input"], …]}
/// <summary>Writes and reads steps of executions for a store.</summary>
public static class StepRecord
{
    private const string EventName = "e";
    private const string HistoryName = "h";

    private const string PagesName = "b";

    /// <summary>As UTF-8, with all that is in it.</summary>
    public static byte[] Write(ExecutionEvent @event, IReadOnlyList<HistoryEvent> history) =>
        JsonValue.From(JsonObject.Of((EventName, EventCodec.Write(@event)), (HistoryName, WriteHistory(history, null))))
            .ToUtf8(JsonWriteOptions.Service);

    /// <summary>As UTF-8, without what is too large: that is added to <paramref name="payloads"/>.</summary>
    public static byte[] Write(
        ExecutionEvent @event, IReadOnlyList<HistoryEvent> history, List<PagedPayload> payloads)
    {
        var small = JsonObject.Of((EventName, EventCodec.Write(@event)), (HistoryName, WriteHistory(history, null)));
        try
        {
            // Nothing in it can be too large when all of it is not.
            return JsonValue.From(small).ToUtf8(
                JsonWriteOptions.Service with { BytesMax = ExecutionLimits.PayloadBytesMax });
        }
        catch (JsonSizeException)
        {
            RecordPages pages = new(payloads);
            var told = pages.OfEvent(EventCodec.Write(@event));
            var lines = WriteHistory(history, pages);
            JsonObjectBuilder made = new(3);
            made.Set(EventName, told).Set(HistoryName, lines);
            if (pages.Lines is { } listed)
            {
                made.Set(PagesName, listed);
            }

            return JsonValue.From(made.Build()).ToUtf8(JsonWriteOptions.Service);
        }
    }

    /// <summary>Whether some of it is kept beside it.</summary>
    /// <exception cref="StepRecordException">It is no such record.</exception>
    public static bool IsPaged(ReadOnlySpan<byte> record) =>
        record.Length <= ExecutionLimits.PayloadBytesMax || Parse(record)[PagesName].IsDefined;

    /// <summary>The event alone: what a fold needs.</summary>
    /// <param name="record">The record.</param>
    /// <param name="load">Gives what is kept beside it: what, and under which name of the event.</param>
    /// <exception cref="StepRecordException">It is no such record.</exception>
    public static ExecutionEvent ReadEvent(
        ReadOnlySpan<byte> record, Func<PayloadReference, string, JsonValue>? load = null)
    {
        var parsed = Parse(record);
        var told = parsed[EventName];
        if (parsed[PagesName].IsDefined)
        {
            told = RecordPages.Load(
                told, parsed[PagesName], load ?? throw new StepRecordException("needs what is kept beside it"));
        }

        return EventCodec.Read(told);
    }

    /// <summary>What is kept beside a record.</summary>
    /// <exception cref="StepRecordException">It is no such record.</exception>
    public static IReadOnlyList<PayloadReference> References(ReadOnlySpan<byte> record) =>
        [.. RecordPages.Read(Parse(record)[PagesName]).Select(page => page.Reference)];

    /// <summary>The history alone: what an answer needs.</summary>
    /// <exception cref="StepRecordException">It is no such record.</exception>
    public static IReadOnlyList<HistoryEvent> ReadHistory(ReadOnlySpan<byte> record)
    {
        var parsed = Parse(record);
        var at = EventCodec.TimeOf(parsed[EventName]);
        var pages = parsed[PagesName].IsDefined ? RecordPages.OfHistory(parsed[PagesName]) : null;
        if (!parsed[HistoryName].TryGetArray(out var lines))
        {
            throw new StepRecordException("has no history");
        }

        List<HistoryEvent> history = new(lines.Count);
        foreach (var line in lines)
        {
            history.Add(ReadLine(line, at) with { Paged = pages?.GetValueOrDefault(history.Count) });
        }

        return history;
    }

    /// <summary>The step of a record with its first event alone, and what is beside that.</summary>
    internal static JsonObject FirstOnly(ReadOnlySpan<byte> record)
    {
        var parsed = Parse(record);
        if (parsed[HistoryName][0] is not { IsArray: true } line)
        {
            throw new StepRecordException("has no first event");
        }

        JsonArrayBuilder pages = new();
        foreach (var (_, path) in RecordPages.Read(parsed[PagesName]))
        {
            if (RecordPages.IsOfLine(path, 0))
            {
                pages.Add(path);
            }
        }

        var told = parsed[EventName];
        return JsonObject.Of(
            (EventName, JsonObject.Of(("type", told["type"]), ("at", told["at"]))),
            (HistoryName, JsonArray.Of(line)),
            (PagesName, pages.Count > 0 ? pages.Build() : JsonValue.Undefined));
    }

    private static JsonArray WriteHistory(IReadOnlyList<HistoryEvent> history, RecordPages? pages)
    {
        JsonArrayBuilder lines = new(history.Count);
        foreach (var line in history)
        {
            var details = pages is null ? line.Details : pages.OfLine(lines.Count, line.Details);
            JsonArrayBuilder fields = new(5);
            fields.Add(line.Id).Add(line.PreviousId).Add(line.Type.ToString());
            fields.Add(details.IsUndefined ? JsonValue.Null : details);
            if (line.InputText is { } text)
            {
                fields.Add(text);
            }

            lines.Add(fields.Build());
        }

        return lines.Build();
    }

    private static HistoryEvent ReadLine(JsonValue line, DateTimeOffset at)
    {
        if (!line.TryGetArray(out var fields)
            || fields.Count < 4
            || !fields[0].TryGetInt64(out var id)
            || !fields[1].TryGetInt64(out var previous)
            || !fields[2].TryGetString(out var name)
            || !Enum.TryParse<HistoryEventType>(name, out var type))
        {
            throw new StepRecordException($"has a line of history that is none: {line}");
        }

        return new HistoryEvent(id, previous, at, type, fields[3].IsNull ? JsonValue.Undefined : fields[3])
        {
            InputText = fields.Count > 4 && fields[4].TryGetString(out var text) ? text : null,
        };
    }

    internal static JsonObject Parse(ReadOnlySpan<byte> record) =>
        JsonValue.TryParse(record, JsonLimits.Widest, out var value, out var error)
            && value.TryGetObject(out var fields)
                ? fields
                : throw new StepRecordException(error is null ? "is no object" : $"is no JSON: {error}");
}

/// <summary>A record of an execution says what no version of this program wrote.</summary>
public sealed class StepRecordException(string what) : Exception($"a record of an execution {what}");
