using Analemma.Daemon.Configuration.Sections;
using Analemma.Storage.Payloads;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;

namespace Analemma.Daemon.Workflows;

/// <summary>What the owner decides about workflows.</summary>
internal sealed record WorkflowOptions
{
    /// <summary>The database.</summary>
    public required string Path { get; init; }

    /// <summary>Bytes of a payload, of executions that begin now.</summary>
    public int PayloadBytesMax { get; init; } = ExecutionLimits.PayloadBytesCeiling;

    /// <summary>Executions that run at once, without those that others wait for.</summary>
    public int ExecutionsMax { get; init; } = 100_000;

    /// <summary>Executions that wait for a place.</summary>
    public int ExecutionsQueuedMax { get; init; } = 100_000;

    /// <summary>Where payloads are that are too large for the database.</summary>
    public string PayloadsFolder { get; init; } = "";

    /// <summary>The bucket that they are in instead; null for the folder.</summary>
    public S3Place? PayloadsPlace { get; init; }

    /// <summary>Whose requests the bucket takes; null when nobody is named.</summary>
    public AwsCredentials? PayloadsCredentials { get; init; }

    public ExecutionStoreKind Store { get; init; } = ExecutionStoreKind.Sqlite;

    /// <summary>With a store on a server.</summary>
    public PostgresPlace Postgres { get; init; } = new("", "");

    /// <summary>Whether limits are those of the service.</summary>
    public bool Strict { get; init; }

    /// <summary>Whether histories go on in segments, of machines that do not say.</summary>
    public bool Rollover { get; init; }

    /// <summary>Segments of a history that are kept before the current one.</summary>
    public int SegmentsKept { get; init; } = 4;

    /// <summary>Events of a segment: with so many the next begins.</summary>
    public long SegmentEvents { get; init; } = ExecutionLimits.EventsMax;

    /// <summary>How often the state of an execution is kept beside its records.</summary>
    public SnapshotRule Snapshots { get; init; } = SnapshotRule.Default;

    /// <summary>How long executions are kept after their end; zero for ever.</summary>
    public TimeSpan Retention { get; init; }

    /// <summary>Where programs of functions are put together.</summary>
    public string FunctionsFolder { get; init; } = "";

    /// <summary>Environments of all functions together.</summary>
    public int EnvironmentsMax { get; init; } = 64;

    /// <summary>In ARNs.</summary>
    public string Account { get; init; } = "000000000000";

    /// <summary>In ARNs.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>The port on the host's loopback address; 0 for one that is free.</summary>
    public int Port { get; init; }

    /// <summary>Whether to listen there from the start.</summary>
    public bool Listens { get; init; }

    /// <summary>Where functions and queues of others are; null for none.</summary>
    public Uri? AwsEndpoint { get; init; }

    /// <summary>The key whose signature requests must have; null to take any.</summary>
    public AwsCredentials? Credentials { get; init; }

    public string Arn(string kind, string name) => $"arn:aws:states:{Region}:{Account}:{kind}:{name}";
}

/// <summary>An access key, as AWS clients are given one.</summary>
internal sealed record AwsCredentials(string AccessKeyId, string SecretAccessKey)
{
    /// <summary>Without the secret, whoever prints it.</summary>
    public override string ToString() => AccessKeyId;
}

/// <summary>How the server of workflows is found.</summary>
/// <param name="File">A file with the connection string; empty for none.</param>
/// <param name="Variable">The connection string; empty for none.</param>
internal sealed record PostgresPlace(string File, string Variable)
{
    /// <summary>Without the string, whoever prints it.</summary>
    public override string ToString() => File;
}
