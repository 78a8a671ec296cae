namespace Analemma.Daemon.Workflows.Api;

/// <summary>
/// A request to the workflow API is refused, with a name and words of the service whose API it is. Caught where
/// requests are answered; it says nothing about the kernel.
/// </summary>
internal sealed class ApiRefusedException(string code, string message) : Exception(message)
{
    /// <summary>The error's name, as clients know it.</summary>
    public string Code { get; } = code;

    public static ApiRefusedException Invalid(string message) => new("ValidationException", message);

    public static ApiRefusedException Constraint(string value, string field, string constraint) => Invalid(
        $"1 validation error detected: Value {value} at '{field}' failed to satisfy constraint: {constraint}");

    public static ApiRefusedException Arn(string arn) => new("InvalidArn", $"Invalid Arn: 'Invalid ARN prefix: {arn}'");

    public static ApiRefusedException NoMachine(string arn) =>
        new("StateMachineDoesNotExist", $"State Machine Does Not Exist: '{arn}'");

    public static ApiRefusedException NoExecution(string arn) =>
        new("ExecutionDoesNotExist", $"Execution Does Not Exist: '{arn}'");

    public static ApiRefusedException NoActivity(string arn) =>
        new("ActivityDoesNotExist", $"Activity Does Not Exist: '{arn}'");

    public static ApiRefusedException NoResource(string arn) =>
        new("ResourceNotFound", $"Resource not found: '{arn}'");

    public static ApiRefusedException TooManyExecutions() => new(
        "ExecutionLimitExceeded",
        "The maximum number of running executions has been reached. Running executions must end or be stopped before a "
        + "new execution can be started.");

    public static ApiRefusedException TooFast() => new("ThrottlingException", "Rate exceeded");

    public static ApiRefusedException Token() => new("InvalidToken", "Invalid Token: 'Invalid token'");
}
