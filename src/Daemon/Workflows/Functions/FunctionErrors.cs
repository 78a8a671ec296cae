using System.Globalization;
using Analemma.Abi.Syscalls;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Functions;

/// <summary>
/// What goes wrong around a handler, as AWS Lambda names and words it
/// (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html,
/// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
/// </summary>
internal static class FunctionErrors
{
    public const string Exit = "Runtime.ExitError";

    public static InvocationEnd TimedOut(string request, long timeoutMs) => Of(
        "Sandbox.Timedout",
        string.Create(
            CultureInfo.InvariantCulture,
            $"RequestId: {request} Error: Task timed out after {timeoutMs / 1000.0:0.00} seconds"));

    public static InvocationEnd InitTimedOut(string request, TimeSpan took) => Of(
        "Sandbox.Timedout",
        string.Create(
            CultureInfo.InvariantCulture,
            $"RequestId: {request} Error: The environment was not ready after {took.TotalSeconds:0.00} seconds"));

    /// <summary>The environment ended before it had answered.</summary>
    public static InvocationEnd Ended(string request, ExitStatus? exit)
    {
        var (error, why) = exit switch
        {
            { Cause: ExitCause.OomKilled } =>
                ("Runtime.OutOfMemory", "Runtime exited with error: signal: killed (it used up its memory)"),
            { Cause: ExitCause.Timeout } => ("Sandbox.Timedout", "its environment reached limits.wall_ms"),
            { Code: 0 } => (Exit, "Runtime exited without providing a reason"),
            { Code: { } code } => (Exit, $"Runtime exited with error: exit status {code}"),
            { Signal: { } signal } => (Exit, $"Runtime exited with error: signal {signal}"),
            _ => (Exit, "Runtime exited without providing a reason"),
        };
        return Of(error, $"RequestId: {request} Error: {why}");
    }

    public static InvocationEnd NotStarted(string function, string why) =>
        new("Lambda.ServiceException", $"{function} could not start: {why}");

    public static InvocationEnd Throttled(string request) => new(
        "Lambda.TooManyRequestsException",
        "Rate Exceeded. (Service: AWSLambda; Status Code: 429; Error Code: TooManyRequestsException; "
            + $"Request ID: {request}; Proxy: null)");

    /// <summary>No environment, no pool: the function was removed while it waited.</summary>
    public static InvocationEnd Missing(string name) =>
        new("Lambda.ResourceNotFoundException", $"Function not found: {name}");

    private static InvocationEnd Of(string error, string message) => new(
        error,
        JsonValue.From(JsonObject.Of(("errorType", error), ("errorMessage", message))).ToString());
}
