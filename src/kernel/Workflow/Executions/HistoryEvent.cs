using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;

namespace Analemma.Workflow.Executions;

/// <summary>What can stand in a history; the service's names (API reference, HistoryEvent).</summary>
public enum HistoryEventType
{
    ActivityFailed,
    ActivityScheduled,
    ActivityScheduleFailed,
    ActivityStarted,
    ActivitySucceeded,
    ActivityTimedOut,
    ChoiceStateEntered,
    ChoiceStateExited,
    EvaluationFailed,
    ExecutionAborted,
    ExecutionFailed,
    ExecutionRedriven,
    ExecutionStarted,
    ExecutionSucceeded,
    ExecutionTimedOut,
    FailStateEntered,
    LambdaFunctionFailed,
    LambdaFunctionScheduled,
    LambdaFunctionScheduleFailed,
    LambdaFunctionStarted,
    LambdaFunctionStartFailed,
    LambdaFunctionSucceeded,
    LambdaFunctionTimedOut,
    MapIterationAborted,
    MapIterationFailed,
    MapIterationStarted,
    MapIterationSucceeded,
    MapRunAborted,
    MapRunFailed,
    MapRunRedriven,
    MapRunStarted,
    MapRunSucceeded,
    MapStateAborted,
    MapStateEntered,
    MapStateExited,
    MapStateFailed,
    MapStateStarted,
    MapStateSucceeded,
    ParallelStateAborted,
    ParallelStateEntered,
    ParallelStateExited,
    ParallelStateFailed,
    ParallelStateStarted,
    ParallelStateSucceeded,
    PassStateEntered,
    PassStateExited,
    SucceedStateEntered,
    SucceedStateExited,
    TaskFailed,
    TaskScheduled,
    TaskStarted,
    TaskStartFailed,
    TaskStateAborted,
    TaskStateEntered,
    TaskStateExited,
    TaskSubmitFailed,
    TaskSubmitted,
    TaskSucceeded,
    TaskTimedOut,
    WaitStateAborted,
    WaitStateEntered,
    WaitStateExited,
}

/// <summary>One line of an execution's history; never changed.</summary>
/// <param name="Id">From 1, without gaps.</param>
/// <param name="PreviousId">The event that led to it; 0 for none.</param>
/// <param name="At">When it happened.</param>
/// <param name="Type">What happened.</param>
/// <param name="Details">
/// The fields of the service's details, undefined for none. Payloads (input, output, parameters and assigned variables)
/// are values here and become text only in an answer of the API.
/// </param>
public sealed record HistoryEvent(
    long Id, long PreviousId, DateTimeOffset At, HistoryEventType Type, JsonValue Details)
{
    /// <summary>The input as it was sent, of ExecutionStarted; null to write it anew.</summary>
    public string? InputText { get; init; }

    /// <summary>
    /// Payloads kept beside the history, by their field's name, or assignedVariables.NAME; null for none. Their
    /// fields are null here, and are left out of an answer, which says so.
    /// </summary>
    public IReadOnlyDictionary<string, PayloadReference>? Paged { get; init; }

    /// <summary>The name that its details have in an answer of the API.</summary>
    public string DetailsName
    {
        get
        {
            var type = Type.ToString();
            var name = type.EndsWith("StateEntered", StringComparison.Ordinal) ? "StateEntered"
                : type.EndsWith("StateExited", StringComparison.Ordinal) ? "StateExited"
                : type;
            return $"{char.ToLowerInvariant(name[0])}{name[1..]}EventDetails";
        }
    }

    /// <summary>As the API answers it, with payloads as text; its time is in seconds.</summary>
    /// <param name="withData">Whether payloads are in it.</param>
    public JsonValue ToService(bool withData = true)
    {
        JsonObjectBuilder made = new(5);
        made.Set("timestamp", JsonValue.FromWritten(At.ToUnixTimeMilliseconds() / 1000.0));
        made.Set("type", Type.ToString());
        made.Set("id", Id);
        made.Set("previousEventId", PreviousId);
        if (Details.TryGetObject(out var fields))
        {
            made.Set(DetailsName, ServiceDetails(fields, withData));
        }

        return made.Build();
    }

    private JsonValue ServiceDetails(JsonObject fields, bool withData)
    {
        JsonObjectBuilder made = new(fields.Count);
        foreach (var (name, value) in fields)
        {
            var isData = name is "input" or "output" or "parameters";
            if (!isData && name != "assignedVariables")
            {
                made.Set(name, Paged is null ? value : Told(name, value));
            }
            else if (withData && Paged?.ContainsKey(name) != true)
            {
                made.Set(name, isData ? Text(name, value) : Texts(value.AsObject()));
            }
        }

        return made.Build();
    }

    // inputDetails and its kind, of what is left out.
    private JsonValue Told(string name, JsonValue value)
    {
        const string Suffix = "Details";
        if (!name.EndsWith(Suffix, StringComparison.Ordinal))
        {
            return value;
        }

        var slot = name[..^Suffix.Length];
        return Paged!.GetValueOrDefault(slot) is { } paged
            ? JsonObject.Of(("truncated", true), ("sha256", paged.Sha256), ("bytes", paged.Bytes))
            : Paged!.Keys.Any(paged => paged.StartsWith(slot + ".", StringComparison.Ordinal))
                ? JsonObject.Of(("truncated", true))
                : value;
    }

    private string Text(string name, JsonValue value) =>
        name == "input" && InputText is not null ? InputText : value.ToString(JsonWriteOptions.Service);

    private JsonValue Texts(JsonObject values)
    {
        JsonObjectBuilder made = new(values.Count);
        foreach (var (name, value) in values)
        {
            if (Paged?.ContainsKey($"assignedVariables.{name}") != true)
            {
                made.Set(name, value.ToString(JsonWriteOptions.Service));
            }
        }

        return made.Build();
    }
}
