namespace Analemma.Daemon.Workflows.Api;

/// <summary>
/// A request to the workflow API is refused, with a name and words of the service whose API it is. Caught where
/// requests are answered; it says nothing about the kernel.
/// </summary>
internal sealed class ApiRefusedException(string code, string message) : Exception(message)
{
    /// <summary>The error's name, as clients know it.</summary>
    public string Code { get; } = code;

    /// <summary>One of ValidationExceptionReason; null for none.</summary>
    public string? Reason { get; private init; }

    /// <summary>The ARN of what was not found, or has too much; null for none.</summary>
    public string? Resource { get; init; }

    public static ApiRefusedException Invalid(string message) => new("ValidationException", message);

    public static ApiRefusedException Constraint(string value, string field, string constraint) => Invalid(
        $"1 validation error detected: Value {value} at '{field}' failed to satisfy constraint: {constraint}");

    /// <summary>A routing configuration of an alias.</summary>
    public static ApiRefusedException Routing(string message) =>
        new("ValidationException", message) { Reason = "INVALID_ROUTING_CONFIGURATION" };

    /// <summary>A member that must be there in this case.</summary>
    public static ApiRefusedException Missing(string message) =>
        new("ValidationException", message) { Reason = "MISSING_REQUIRED_PARAMETER" };

    /// <summary>An ARN that names a Map inside a state machine, where only a whole one is taken.</summary>
    public static ApiRefusedException Labeled(string arn) => new(
        "ValidationException", $"State machine ARNs with the label of a Map are not supported here: '{arn}'")
    {
        Reason = "API_DOES_NOT_SUPPORT_LABELED_ARNS",
    };

    /// <summary>A Map Run that has ended.</summary>
    public static ApiRefusedException EndedMapRun(string arn) => new(
        "ValidationException", $"A Map Run that has completed cannot be updated: '{arn}'")
    {
        Reason = "CANNOT_UPDATE_COMPLETED_MAP_RUN",
    };

    public static ApiRefusedException Arn(string arn) => new("InvalidArn", $"Invalid Arn: 'Invalid ARN prefix: {arn}'");

    public static ApiRefusedException NoMachine(string arn) =>
        new("StateMachineDoesNotExist", $"State Machine Does Not Exist: '{arn}'");

    public static ApiRefusedException NoExecution(string arn) =>
        new("ExecutionDoesNotExist", $"Execution Does Not Exist: '{arn}'");

    public static ApiRefusedException NoActivity(string arn) =>
        new("ActivityDoesNotExist", $"Activity Does Not Exist: '{arn}'");

    public static ApiRefusedException NoResource(string arn) =>
        new("ResourceNotFound", $"Resource not found: '{arn}'") { Resource = arn };

    public static ApiRefusedException TooManyExecutions() => new(
        "ExecutionLimitExceeded",
        "The maximum number of running executions has been reached. Running executions must end or be stopped before a "
        + "new execution can be started.");

    public static ApiRefusedException TooFast() => new("ThrottlingException", "Rate exceeded");

    public static ApiRefusedException Token() => new("InvalidToken", "Invalid Token: 'Invalid token'");
}
