using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Api;

// WHAT REQUESTS MUST BE
//
// The constraints of the service's public API model (com.amazonaws.sfn, 2016-11-23), which the service checks before
// an operation sees its request: types first, and then all members at once. Operations check what is beyond that.
/// <summary>The members of each operation's request.</summary>
internal static partial class RequestModel
{
    private static readonly TextShape Arn = new(1, 256);
    private static readonly TextShape LongArn = new(1, 2000);
    private static readonly TextShape Name = new(1, 80);
    private static readonly TextShape Token = new(1, 2048);
    private static readonly TextShape Description = new(0, 256) { IsSensitive = true };
    private static readonly TextShape Error = new(0, 256) { IsSensitive = true };
    private static readonly TextShape Cause = new(0, 32_768) { IsSensitive = true };
    private static readonly TextShape Definition = new(1, 1_048_576) { IsSensitive = true };
    private static readonly TextShape StateName = new(1, 80) { IsSensitive = true };
    private static readonly TextShape Payload = new() { IsSensitive = true, IsPayload = true };

    private static readonly TextShape Trace =
        new(0, 256) { Pattern = @"\p{ASCII}*", Matches = text => text.All(char.IsAscii) };

    private static readonly TextShape ClientToken =
        new(1, 64) { Pattern = "[!-~]+", Matches = text => text.All(c => c is >= '!' and <= '~') };

    private static readonly TextShape AliasName =
        new(1, 80) { Pattern = @"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$", Matches = Alias().IsMatch };

    private static readonly TextShape Page = new(1, 1024);
    private static readonly NumberShape PageSize = new(0, 1000);
    private static readonly NumberShape Count = new(0);
    private static readonly FlagShape Flag = new();
    private static readonly TextShape Included = Words("ALL_DATA", "METADATA_ONLY");
    private static readonly TextShape Type = Words("STANDARD", "EXPRESS");

    private static readonly ListShape Tags = new(
        new ObjectShape("Tag", ("key", new TextShape(1, 128)), ("value", new TextShape(0, 256))));

    private static readonly ObjectShape Encryption = new(
        "EncryptionConfiguration",
        ("kmsKeyId", new TextShape(1, 2048)),
        ("kmsDataKeyReusePeriodSeconds", new NumberShape(60, 900)),
        ("type!", Words("AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY")));

    private static readonly ObjectShape Logging = new(
        "LoggingConfiguration",
        ("level", Words("ALL", "ERROR", "FATAL", "OFF")),
        ("includeExecutionData", Flag),
        ("destinations", new ListShape(new ObjectShape(
            "LogDestination",
            ("cloudWatchLogsLogGroup", new ObjectShape("CloudWatchLogsLogGroup", ("logGroupArn", Arn)))))));

    private static readonly ObjectShape Tracing = new("TracingConfiguration", ("enabled", Flag));

    private static readonly ListShape Routes = new(
        new ObjectShape(
            "RoutingConfigurationListItem", ("stateMachineVersionArn!", Arn), ("weight!", new NumberShape(0, 100))),
        Min: 1,
        Max: 2);

    private static readonly ObjectShape Mock = new(
        "MockInput",
        ("result", Payload),
        ("errorOutput", new ObjectShape("MockErrorOutput", ("error", Error), ("cause", Cause))),
        ("fieldValidationMode", Words("STRICT", "PRESENT", "NONE")));

    private static readonly ObjectShape StateConfiguration = new(
        "TestStateConfiguration",
        ("retrierRetryCount", Count),
        ("errorCausedByState", StateName),
        ("mapIterationFailureCount", Count),
        ("mapItemReaderData", Payload));

    private static readonly FrozenDictionary<string, ObjectShape> Operations = new Dictionary<string, ObjectShape>
    {
        ["CreateActivity"] = Of(("name!", Name), ("tags", Tags), ("encryptionConfiguration", Encryption)),
        ["DescribeActivity"] = Of(("activityArn!", Arn)),
        ["DeleteActivity"] = Of(("activityArn!", Arn)),
        ["ListActivities"] = Pages(),
        ["GetActivityTask"] = Of(("activityArn!", Arn), ("workerName", Name)),
        ["CreateStateMachine"] = Of(
            ("name!", Name),
            ("definition!", Definition),
            ("roleArn!", Arn),
            ("type", Type),
            ("loggingConfiguration", Logging),
            ("tags", Tags),
            ("tracingConfiguration", Tracing),
            ("publish", Flag),
            ("versionDescription", Description),
            ("encryptionConfiguration", Encryption)),
        ["UpdateStateMachine"] = Of(
            ("stateMachineArn!", Arn),
            ("definition", Definition),
            ("roleArn", Arn),
            ("loggingConfiguration", Logging),
            ("tracingConfiguration", Tracing),
            ("publish", Flag),
            ("versionDescription", Description),
            ("encryptionConfiguration", Encryption)),
        ["DescribeStateMachine"] = Of(("stateMachineArn!", Arn), ("includedData", Included)),
        ["DeleteStateMachine"] = Of(("stateMachineArn!", Arn)),
        ["ListStateMachines"] = Pages(),
        ["ValidateStateMachineDefinition"] = Of(
            ("definition!", Definition),
            ("type", Type),
            ("severity", Words("ERROR", "WARNING")),
            ("maxResults", new NumberShape(0, 100))),
        ["PublishStateMachineVersion"] = Of(
            ("stateMachineArn!", Arn), ("revisionId", new TextShape()), ("description", Description)),
        ["DeleteStateMachineVersion"] = Of(("stateMachineVersionArn!", LongArn)),
        ["ListStateMachineVersions"] = Pages(("stateMachineArn!", Arn)),
        ["CreateStateMachineAlias"] = Of(
            ("description", Description),
            ("name!", AliasName),
            ("routingConfiguration!", Routes)),
        ["UpdateStateMachineAlias"] = Of(
            ("stateMachineAliasArn!", Arn), ("description", Description), ("routingConfiguration", Routes)),
        ["DescribeStateMachineAlias"] = Of(("stateMachineAliasArn!", Arn)),
        ["DeleteStateMachineAlias"] = Of(("stateMachineAliasArn!", Arn)),
        ["ListStateMachineAliases"] = Pages(("stateMachineArn!", Arn)),
        ["TagResource"] = Of(("resourceArn!", Arn), ("tags!", Tags)),
        ["UntagResource"] = Of(("resourceArn!", Arn), ("tagKeys!", new ListShape(new TextShape(1, 128)))),
        ["ListTagsForResource"] = Of(("resourceArn!", Arn)),
        ["StartExecution"] = Of(
            ("stateMachineArn!", Arn), ("name", Name), ("input", Payload), ("traceHeader", Trace)),
        ["StartSyncExecution"] = Of(
            ("stateMachineArn!", Arn),
            ("name", Name),
            ("input", Payload),
            ("traceHeader", Trace),
            ("includedData", Included)),
        ["StopExecution"] = Of(("executionArn!", Arn), ("error", Error), ("cause", Cause)),
        ["RedriveExecution"] = Of(("executionArn!", Arn), ("clientToken", ClientToken)),
        ["DescribeExecution"] = Of(("executionArn!", Arn), ("includedData", Included)),
        ["DescribeStateMachineForExecution"] = Of(("executionArn!", Arn), ("includedData", Included)),
        ["ListExecutions"] = Of(
            ("stateMachineArn", Arn),
            ("statusFilter", Words(ExecutionNames.All)),
            ("maxResults", PageSize),
            ("nextToken", new TextShape(1, 3096)),
            ("mapRunArn", LongArn),
            ("redriveFilter", Words("REDRIVEN", "NOT_REDRIVEN"))),
        ["GetExecutionHistory"] = Pages(
            ("executionArn!", Arn), ("reverseOrder", Flag), ("includeExecutionData", Flag)),
        ["SendTaskSuccess"] = Of(("taskToken!", Token), ("output!", Payload)),
        ["SendTaskFailure"] = Of(("taskToken!", Token), ("error", Error), ("cause", Cause)),
        ["SendTaskHeartbeat"] = Of(("taskToken!", Token)),
        ["DescribeMapRun"] = Of(("mapRunArn!", LongArn)),
        ["ListMapRuns"] = Pages(("executionArn!", Arn)),
        ["UpdateMapRun"] = Of(
            ("mapRunArn!", LongArn),
            ("maxConcurrency", Count),
            ("toleratedFailurePercentage", new NumberShape(0, 100, IsWhole: false)),
            ("toleratedFailureCount", Count)),
        ["TestState"] = Of(
            ("definition!", Definition),
            ("roleArn", Arn),
            ("input", Payload),
            ("inspectionLevel", Words("INFO", "DEBUG", "TRACE")),
            ("revealSecrets", Flag),
            ("variables", Payload),
            ("stateName", StateName),
            ("mock", Mock),
            ("context", Payload),
            ("stateConfiguration", StateConfiguration)),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Refuses a request that its operation does not take; those that are ours are not in here.</summary>
    public static void Check(string operation, JsonObject request, int payloadMax)
    {
        if (!Operations.TryGetValue(operation, out var shape))
        {
            return;
        }

        if (shape.Mistyped(request) is { } wrong)
        {
            throw new ApiRefusedException("SerializationException", wrong);
        }

        RequestProblems problems = new(payloadMax);
        shape.Check(request, "", problems);
        problems.Throw();
    }

    private static TextShape Words(params string[] words) => new() { Words = words };

    // To the end of the text: $ also stands before a line's end.
    [GeneratedRegex(@"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+\z")]
    private static partial Regex Alias();

    private static ObjectShape Of(params ReadOnlySpan<(string, RequestShape)> members) => new("", members);

    private static ObjectShape Pages(params ReadOnlySpan<(string, RequestShape)> members) =>
        Of([.. members, ("maxResults", PageSize), ("nextToken", Page)]);
}
