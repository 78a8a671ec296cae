using Analemma.Workflow.Json;

namespace Analemma.Workflow.Testing;

/// <summary>What TestState answers.</summary>
/// <param name="Status">SUCCEEDED, FAILED, RETRIABLE or CAUGHT_ERROR.</param>
public sealed record StateTestResult(string Status)
{
    /// <summary>Undefined when the state did not end in one.</summary>
    public JsonValue Output { get; init; }

    public string? Error { get; init; }

    public string? Cause { get; init; }

    public string? NextState { get; init; }

    /// <summary>What flowed through the state, step by step.</summary>
    public required JsonObject Inspection { get; init; }

    /// <summary>As the API answers it.</summary>
    /// <param name="withInspection">Whether the level is above INFO.</param>
    /// <param name="exchange">The request and the response of an HTTP task; null for none.</param>
    public JsonValue ToService(bool withInspection, JsonObject? exchange = null)
    {
        JsonObjectBuilder answer = new();
        answer.Set("output", Text(Output));
        answer.Set("error", Text(Error));
        answer.Set("cause", Text(Cause));
        answer.Set("nextState", Text(NextState));
        answer.Set("status", Status);
        if (withInspection)
        {
            JsonObjectBuilder inspection = new(Inspection);
            foreach (var (name, value) in exchange ?? JsonObject.Empty)
            {
                inspection.Set(name, value);
            }

            answer.Set("inspectionData", inspection.Build());
        }

        return answer.Build();
    }

    private static JsonValue Text(JsonValue value) =>
        value.IsDefined ? value.ToString(JsonWriteOptions.Service) : default(JsonValue);

    private static JsonValue Text(string? text) => text is null ? default(JsonValue) : text;
}
