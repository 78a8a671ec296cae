using Analemma.Workflow.Executions;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>Which executions can be redriven, and why others cannot (API reference, DescribeExecution).</summary>
internal static class ExecutionRedrives
{
    /// <summary>What is refused of one that belongs to a Map Run.</summary>
    public const string ByMapRun = "Execution is redriven with its Map Run";

    /// <summary>Why one whose state machine was deleted cannot be.</summary>
    public const string OfDeletedMachine = "State machine is in DELETING status";

    // A redrive is an event, and something must come of it.
    private const long EventsMax = ExecutionLimits.EventsMax - 1;

    private static readonly TimeSpan Period = TimeSpan.FromDays(14);

    /// <summary>From its start, redrives and all.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromDays(365);

    /// <summary>The status, and the reason when it is NOT_REDRIVABLE.</summary>
    public static (string? Why, string Status) Of(FoundExecution found, WorkflowOptions options, DateTimeOffset now) =>
        found switch
        {
            { Status: ExecutionStatus.Running or ExecutionStatus.Succeeded or ExecutionStatus.PendingRedrive } =>
                ($"Execution is {ExecutionNames.Of(found.Status)} and cannot be redriven", "NOT_REDRIVABLE"),
            { Head: { IsExpress: true, MapRunArn: not null } } => (null, "REDRIVABLE_BY_MAP_RUN"),
            { Head.IsExpress: true } =>
                ("Execution is of an EXPRESS state machine and cannot be redriven", "NOT_REDRIVABLE"),
            { End.Cause: ExecutionLimits.EventsMaxCause } or { Head.Rolls: false, End.Events: >= EventsMax } =>
                ("Execution history event limit exceeded", "NOT_REDRIVABLE"),
            { Head.MapRunArn: not null } => (null, "REDRIVABLE_BY_MAP_RUN"),
            _ when options.Strict && now - found.StartedAt > Life =>
                ("Execution has exceeded the max execution time", "NOT_REDRIVABLE"),
            { End: { } end } when options.Strict && now - end.EndedAt > Period =>
                ("Execution redrivable period exceeded", "NOT_REDRIVABLE"),
            _ => (null, "REDRIVABLE"),
        };
}
