using Analemma.Workflow.Executions;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>How the service calls the states of executions.</summary>
internal static class ExecutionNames
{
    public static readonly string[] All = ["SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING"];

    public static string Of(ExecutionStatus status) => status switch
    {
        ExecutionStatus.Running => "RUNNING",
        ExecutionStatus.Succeeded => "SUCCEEDED",
        ExecutionStatus.Failed => "FAILED",
        ExecutionStatus.TimedOut => "TIMED_OUT",
        ExecutionStatus.Aborted => "ABORTED",
        ExecutionStatus.PendingRedrive => "PENDING_REDRIVE",
    };

    public static ExecutionStatus Read(string name) =>
        Enum.GetValues<ExecutionStatus>().First(status => Of(status) == name);
}
