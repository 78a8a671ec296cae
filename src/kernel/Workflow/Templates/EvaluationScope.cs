using Analemma.Workflow.Intrinsics;
using Analemma.Workflow.Json;
using Analemma.Workflow.Paths;

namespace Analemma.Workflow.Templates;

/// <summary>What the fields of a state are evaluated in: input, context, variables, result and error.</summary>
public sealed class EvaluationScope : IPathRoots
{
    /// <summary>$ of paths; $states.input of expressions is <see cref="StateInput"/>.</summary>
    public required JsonValue Input { get; init; }

    /// <summary>$$ and $states.context; made when first asked for.</summary>
    public required Func<JsonValue> Context { get; init; }

    /// <summary>The value of a variable, or undefined.</summary>
    public required Func<string, JsonValue> Variable { get; init; }

    /// <summary>What UUIDs and random numbers come from.</summary>
    public required IChance Chance { get; init; }

    /// <summary>When this is evaluated; $now() of expressions.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>$states.input, the input of the state as it was entered.</summary>
    public JsonValue StateInput { get; init; }

    /// <summary>$states.result, when there is one.</summary>
    public JsonValue Result { get; init; }

    /// <summary>$states.errorOutput, in a catcher.</summary>
    public JsonValue ErrorOutput { get; init; }

    /// <summary>The reserved variable of expressions.</summary>
    public JsonValue States()
    {
        JsonObjectBuilder states = new(4);
        states.Set("input", StateInput.IsDefined ? StateInput : Input);
        states.Set("context", Context());
        states.Set("result", Result);
        states.Set("errorOutput", ErrorOutput);
        return states.Build();
    }

    JsonValue IPathRoots.Get(PathRoot root, string? variable) => root switch
    {
        PathRoot.Input => Input,
        PathRoot.Context => Context(),
        PathRoot.Variable => Variable(variable!),
    };
}

/// <summary>
/// Evaluating a field went wrong in a way that ends or fails the state. The machine puts in front of the message which
/// state it was and when it was entered.
/// </summary>
internal sealed class StateErrorException(string error, string message, string? location = null)
    : Exception(message)
{
    /// <summary>The error's name: States.Runtime, States.QueryEvaluationError …</summary>
    public string Error { get; } = error;

    /// <summary>The field, for an expression that failed; becomes an EvaluationFailed event.</summary>
    public string? Location { get; } = location;

    public static StateErrorException Runtime(string message) => new(ErrorNames.Runtime, message);

    public static StateErrorException Query(string message, string? location) =>
        new(ErrorNames.QueryEvaluationError, message, location);
}

/// <summary>Error names that the language reserves (States Language, Appendix A), and the service's own.</summary>
public static class ErrorNames
{
    public const string All = "States.ALL";
    public const string BranchFailed = "States.BranchFailed";
    public const string DataLimitExceeded = "States.DataLimitExceeded";
    public const string ExceedToleratedFailureThreshold = "States.ExceedToleratedFailureThreshold";
    public const string HeartbeatTimeout = "States.HeartbeatTimeout";
    public const string IntrinsicFailure = "States.IntrinsicFailure";
    public const string ItemReaderFailed = "States.ItemReaderFailed";
    public const string ParameterPathFailure = "States.ParameterPathFailure";
    public const string Permissions = "States.Permissions";
    public const string QueryEvaluationError = "States.QueryEvaluationError";
    public const string ResultPathMatchFailure = "States.ResultPathMatchFailure";
    public const string ResultWriterFailed = "States.ResultWriterFailed";
    public const string Runtime = "States.Runtime";
    public const string TaskFailed = "States.TaskFailed";
    public const string Timeout = "States.Timeout";
}
