using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Records;

// ONE STEP, AS IT IS KEPT
//
//   {"e": {the event}, "h": [[id, previous id, type, details, the input's text], …]}
//
// The event is what the state is folded from; the history is what the fold gave when it first happened. Whoever folds
// again compares: a machine that has changed its mind about the past is found out before it acts on it. All events of
// one step have the step's time. Numbers are written as the service writes them, which keeps 1.0 and 1 apart.
/// <summary>Writes and reads steps of executions for a store.</summary>
public static class StepRecord
{
    private const string EventName = "e";
    private const string HistoryName = "h";

    /// <summary>As UTF-8.</summary>
    public static byte[] Write(ExecutionEvent @event, IReadOnlyList<HistoryEvent> history) =>
        JsonValue.From(JsonObject.Of((EventName, EventCodec.Write(@event)), (HistoryName, WriteHistory(history))))
            .ToUtf8(JsonWriteOptions.Service);

    /// <summary>The event alone: what a fold needs.</summary>
    /// <exception cref="StepRecordException">It is no such record.</exception>
    public static ExecutionEvent ReadEvent(ReadOnlySpan<byte> record) => EventCodec.Read(Parse(record)[EventName]);

    /// <summary>The history alone: what an answer needs.</summary>
    /// <exception cref="StepRecordException">It is no such record.</exception>
    public static IReadOnlyList<HistoryEvent> ReadHistory(ReadOnlySpan<byte> record)
    {
        var parsed = Parse(record);
        var at = EventCodec.TimeOf(parsed[EventName]);
        if (!parsed[HistoryName].TryGetArray(out var lines))
        {
            throw new StepRecordException("has no history");
        }

        List<HistoryEvent> history = new(lines.Count);
        foreach (var line in lines)
        {
            history.Add(ReadLine(line, at));
        }

        return history;
    }

    private static JsonArray WriteHistory(IReadOnlyList<HistoryEvent> history)
    {
        JsonArrayBuilder lines = new(history.Count);
        foreach (var line in history)
        {
            JsonArrayBuilder fields = new(5);
            fields.Add(line.Id).Add(line.PreviousId).Add(line.Type.ToString());
            fields.Add(line.Details.IsUndefined ? JsonValue.Null : line.Details);
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

    private static JsonObject Parse(ReadOnlySpan<byte> record) =>
        JsonValue.TryParse(record, JsonLimits.Widest, out var value, out var error)
            && value.TryGetObject(out var fields)
                ? fields
                : throw new StepRecordException(error is null ? "is no object" : $"is no JSON: {error}");
}

/// <summary>A record of an execution says what no version of this program wrote.</summary>
public sealed class StepRecordException(string what) : Exception($"a record of an execution {what}");
