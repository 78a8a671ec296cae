using Analemma.Daemon.Workflows;
using Analemma.Storage.Payloads;
using Analemma.Workflow.Executions;

namespace Analemma.Daemon.Configuration.Sections;

/// <summary>Where executions are kept.</summary>
internal enum ExecutionStoreKind
{
    Sqlite,
    Postgres,
}

/// <summary>The <c>[workflows]</c> section of the machine file: durable executions of state machines.</summary>
internal sealed record WorkflowsSection
{
    private const int RetentionDaysMax = 36_500;
    private const int PortMax = 65_535;
    private const int AccountDigits = 12;
    private const int EnvironmentsTop = 10_000;

    [Setting("Whether the Step Functions API listens on the host's loopback address from the kernel's start; else it "
        + "does so when `analemma sm endpoint` first asks.")]
    public bool Listen { get; init; }

    [Setting("Its port on 127.0.0.1; 0 for one that is free.")]
    public int Port { get; init; }

    [Setting("The database of state machines and executions.", DefaultText = "workflows.db in kernel.state_folder")]
    public string Path { get; init; } = "";

    [Setting("The most bytes that a payload may have: input, output, what a task is given. Up to 262144 they are in "
        + "the database; larger ones are kept beside it.")]
    public int PayloadMax { get; init; } = ExecutionLimits.PayloadBytesCeiling;

    [Setting("Whether payloads and histories have the limits that they have at AWS, 262144 bytes and 25000 events, "
        + "whatever workflows.payload_max and workflows.rollover say.")]
    public bool Strict { get; init; }

    [Setting("Whether an execution goes on when its history has 25000 events, where AWS ends it: the history goes on "
        + "in a new segment. A state machine's tag `analemma:rollover`, true or false, says otherwise for its own.")]
    public bool Rollover { get; init; }

    [Setting("Of a history in segments, so many are kept before the current one, and none for longer than "
        + "workflows.retention_days after its end.")]
    public int RolloverSegments { get; init; } = 4;

    [Setting("At most so many executions run at once, without those that others wait for; more wait in line. "
        + "`analemma sm concurrency` sets limits of one state machine or resource.")]
    public int ExecutionsMax { get; init; } = 100_000;

    [Setting("At most so many executions wait in line; one more is refused with ExecutionLimitExceeded.")]
    public int ExecutionsQueued { get; init; } = 100_000;

    [Setting("The folder of large payloads.", DefaultText = "workflows.payloads in kernel.state_folder")]
    public string PayloadFolder { get; init; } = "";

    [Setting(
        "Where state machines and executions are kept: in the database `workflows.path`, or on a PostgreSQL server.")]
    public ExecutionStoreKind Store { get; init; } = ExecutionStoreKind.Sqlite;

    [Setting("With `store = \"postgres\"`: a file, for the owner's eyes alone, with the connection string, such as "
        + "`Host=db;Database=workflows;Username=analemma;Password=…`.",
        DefaultText = "the string is the variable ANALEMMA_WORKFLOWS_POSTGRES")]
    public string PostgresFile { get; init; } = "";

    [Setting("A bucket for large payloads instead of the folder: http://HOST[:PORT]/BUCKET[/PREFIX], of a server that "
        + "speaks S3. Its key is ANALEMMA_PAYLOADS_ACCESS_KEY_ID and ANALEMMA_PAYLOADS_SECRET_ACCESS_KEY, else "
        + "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. One kernel to a prefix.")]
    public string PayloadS3 { get; init; } = "";

    [Setting("For how many days after its end an execution is kept, with its history; 0 for ever.")]
    public int RetentionDays { get; init; } = 90;

    [Setting("The account in ARNs: twelve digits.")]
    public string Account { get; init; } = "000000000000";

    [Setting("The region in ARNs.")]
    public string Region { get; init; } = "us-east-1";

    [Setting("Environments of all functions together: sandboxes that wait for events, or have one.")]
    public int Environments { get; init; } = 64;

    [Setting("Where functions, queues and topics are that are not the kernel's own.",
        DefaultText = "$AWS_ENDPOINT_URL, else nowhere")]
    public string AwsEndpoint { get; init; } = "";

    [Setting("The id of the access key that requests must be signed with; empty to take requests of any program on "
        + "this host. Its secret is the variable ANALEMMA_WORKFLOWS_SECRET_KEY.")]
    public string AccessKeyId { get; init; } = "";

    /// <summary>What workflows run with.</summary>
    public WorkflowOptions ToOptions(string stateFolder, Func<string, string?> environment)
    {
        var endpoint = AwsEndpoint.Length > 0 ? AwsEndpoint : environment("AWS_ENDPOINT_URL") ?? "";
        return new WorkflowOptions
        {
            Path = Path.Length > 0 ? Path : System.IO.Path.Combine(stateFolder, "workflows.db"),
            PayloadBytesMax = Strict ? ExecutionLimits.PayloadBytesMax : PayloadMax,
            Strict = Strict,
            Rollover = Rollover,
            SegmentsKept = RolloverSegments,
            ExecutionsMax = ExecutionsMax,
            ExecutionsQueuedMax = ExecutionsQueued,
            PayloadsFolder = PayloadFolder.Length > 0 ? PayloadFolder
                : System.IO.Path.Combine(stateFolder, "workflows.payloads"),
            Store = Store,
            Retention = TimeSpan.FromDays(RetentionDays),
            Postgres = new PostgresPlace(PostgresFile, environment("ANALEMMA_WORKFLOWS_POSTGRES") ?? ""),
            PayloadsPlace = PayloadS3.Length > 0 ? S3Place.Read(PayloadS3, Region) : null,
            PayloadsCredentials = KeyOf(environment, "ANALEMMA_PAYLOADS") ?? KeyOf(environment, "AWS"),
            FunctionsFolder = System.IO.Path.Combine(stateFolder, "functions"),
            EnvironmentsMax = Environments,
            Account = Account,
            Region = Region,
            Port = Port,
            Listens = Listen,
            AwsEndpoint = Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) ? uri : null,
            Credentials = AccessKeyId.Length > 0
                ? new AwsCredentials(AccessKeyId, environment("ANALEMMA_WORKFLOWS_SECRET_KEY") ?? "")
                : null,
        };
    }

    private static AwsCredentials? KeyOf(Func<string, string?> environment, string prefix) =>
        environment($"{prefix}_ACCESS_KEY_ID") is { Length: > 0 } id
            && environment($"{prefix}_SECRET_ACCESS_KEY") is { Length: > 0 } secret
                ? new AwsCredentials(id, secret)
                : null;

    public IEnumerable<string> Problems()
    {
        if (Port is < 0 or > PortMax)
        {
            yield return $"workflows.port is {Port}; it must be 0 to {PortMax}";
        }

        if (Environments is < 1 or > EnvironmentsTop)
        {
            yield return $"workflows.environments is {Environments}; it must be 1 to {EnvironmentsTop}";
        }

        if (Path.Length > 0 && !Path.StartsWith('/'))
        {
            yield return $"workflows.path is '{Path}'; it must be an absolute path";
        }

        if (PayloadMax is < ExecutionLimits.PayloadBytesMax or > ExecutionLimits.PayloadBytesCeiling)
        {
            yield return $"workflows.payload_max is {PayloadMax}; it must be {ExecutionLimits.PayloadBytesMax} to "
                + $"{ExecutionLimits.PayloadBytesCeiling}";
        }

        if (ExecutionsMax < 1 || ExecutionsQueued < 0)
        {
            yield return $"workflows.executions_max is {ExecutionsMax} and workflows.executions_queued is "
                + $"{ExecutionsQueued}; the first must be 1 or more, the second 0 or more";
        }

        if (PayloadFolder.Length > 0 && !PayloadFolder.StartsWith('/'))
        {
            yield return $"workflows.payload_folder is '{PayloadFolder}'; it must be an absolute path";
        }

        if (PostgresFile.Length > 0 && !PostgresFile.StartsWith('/'))
        {
            yield return $"workflows.postgres_file is '{PostgresFile}'; it must be an absolute path";
        }

        if (PayloadS3.Length > 0 && S3Place.Read(PayloadS3, Region) is null)
        {
            yield return "workflows.payload_s3 must be http(s)://HOST[:PORT]/BUCKET[/PREFIX], without a key in it";
        }

        foreach (var problem in ProblemsOfKeeping())
        {
            yield return problem;
        }

        if (Account.Length != AccountDigits || !Account.All(char.IsAsciiDigit))
        {
            yield return $"workflows.account is '{Account}'; it must be {AccountDigits} digits";
        }

        if (Region.Length == 0
            || !Region.All(each => char.IsAsciiLetterLower(each) || char.IsAsciiDigit(each) || each == '-'))
        {
            yield return $"workflows.region is '{Region}'; it must be a region's name, such as us-east-1";
        }

        if (AwsEndpoint.Length > 0
            && !(Uri.TryCreate(AwsEndpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
        {
            yield return $"workflows.aws_endpoint is '{AwsEndpoint}'; it must be an http or https URL";
        }
    }

    private IEnumerable<string> ProblemsOfKeeping()
    {
        if (RetentionDays is < 0 or > RetentionDaysMax)
        {
            yield return $"workflows.retention_days is {RetentionDays}; it must be 0 to {RetentionDaysMax}";
        }

        if (RolloverSegments < 0)
        {
            yield return $"workflows.rollover_segments is {RolloverSegments}; it must be 0 or more";
        }
    }
}
