namespace Analemma.Workflow.Executions;

/// <summary>What is true of an execution from its start to its end.</summary>
public sealed record ExecutionIdentity
{
    /// <summary>The ARN.</summary>
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string RoleArn { get; init; }

    public required string StateMachineArn { get; init; }

    public required string StateMachineName { get; init; }

    /// <summary>The version that it was started by; null for none.</summary>
    public string? VersionArn { get; init; }

    /// <summary>The alias that led to that; null for none.</summary>
    public string? AliasArn { get; init; }

    /// <summary>EXPRESS, whose context has no redrives.</summary>
    public bool IsExpress { get; init; }

    /// <summary>Random and secret: tokens, jitter and UUIDs are made from it, again in a replay.</summary>
    public required string Seed { get; init; }

    public string Region { get; init; } = "us-east-1";

    /// <summary>Between arn: and the service.</summary>
    public string Partition { get; init; } = "aws";

    public string Account { get; init; } = "000000000000";

    /// <summary>Bytes of a state's output.</summary>
    public int PayloadBytesMax { get; init; } = ExecutionLimits.PayloadBytesMax;

    /// <summary>Events of a history; with one more it fails.</summary>
    public long EventsMax { get; init; } = ExecutionLimits.EventsMax;

    /// <summary>How long it may take, whatever its definition says; null for ever.</summary>
    public long? SecondsMax { get; init; }
}

/// <summary>Bounds of executions; those of the service where it has one.</summary>
public static class ExecutionLimits
{
    /// <summary>256 KiB, as in the service; also the most that stands in a record itself.</summary>
    public const int PayloadBytesMax = 262_144;

    /// <summary>1 GiB: the most that may be asked for.</summary>
    public const int PayloadBytesCeiling = 1024 * 1024 * 1024;

    public const long EventsMax = 25_000;

    /// <summary>Of an EXPRESS execution: five minutes, as in the service.</summary>
    public const long ExpressSecondsMax = 5 * 60;

    /// <summary>Why an execution with more failed.</summary>
    public const string EventsMaxCause = "The execution reached the maximum number of history events (25000).";

    /// <summary>Variables of a scope may take so many times what an output may: 10 MiB, as in the service.</summary>
    public const int VariablesFactor = 40;

    /// <summary>States entered in one turn; then others have theirs.</summary>
    public const int StatesPerTurnMax = 500;

    /// <summary>Iterations at once of an inline Map that says nothing, as in the service.</summary>
    public const int InlineConcurrencyMax = 40;

    /// <summary>Executions at once of a distributed Map that says nothing, as in the service.</summary>
    public const int DistributedConcurrencyMax = 10_000;
}
