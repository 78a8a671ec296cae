namespace Analemma.Workflow.Definitions;

/// <summary>What runs a Task, by its Resource.</summary>
public enum ResourceKind
{
    /// <summary>arn:aws:lambda:…:function:NAME, whose events are LambdaFunction….</summary>
    Function,

    /// <summary>arn:aws:states:…:activity:NAME, which workers poll for.</summary>
    Activity,

    /// <summary>arn:aws:states:::SERVICE:ACTION, an optimized integration.</summary>
    Service,

    /// <summary>arn:aws:states:::aws-sdk:SERVICE:ACTION, any call of a service's API.</summary>
    Sdk,
}

/// <summary>How a Task waits for what it started.</summary>
public enum TaskPattern
{
    /// <summary>Until the call answers.</summary>
    RequestResponse,

    /// <summary>.sync: until the job that the call started has ended.</summary>
    Sync,

    /// <summary>.sync:2: the same, with the job's output as JSON instead of text.</summary>
    Sync2,

    /// <summary>.waitForTaskToken: until somebody sends the token back.</summary>
    WaitForTaskToken,
}

/// <summary>The Resource of a Task, read.</summary>
/// <param name="Arn">As it was written.</param>
/// <param name="Kind">What runs it.</param>
/// <param name="Service">sqs, aws-sdk:s3; lambda for a function, activity for an activity.</param>
/// <param name="Action">sendMessage; the name of a function or activity.</param>
/// <param name="Pattern">How it waits.</param>
public sealed record TaskResource(string Arn, ResourceKind Kind, string Service, string Action, TaskPattern Pattern)
{
    private const string WaitSuffix = ".waitForTaskToken";
    private const string SyncSuffix = ".sync";
    private const string Sync2Suffix = ".sync:2";

    /// <summary>With the pattern behind it, as events have it.</summary>
    public string ResourceName => Pattern switch
    {
        TaskPattern.WaitForTaskToken => Action + WaitSuffix,
        TaskPattern.Sync => Action + SyncSuffix,
        TaskPattern.Sync2 => Action + Sync2Suffix,
        _ => Action,
    };

    /// <summary>Whether a first answer comes before the end, and TaskSubmitted with it.</summary>
    public bool IsSubmitted => Pattern is not TaskPattern.RequestResponse;

    /// <summary>Reads an ARN; null when it is none that a Task can have.</summary>
    public static TaskResource? TryParse(string arn)
    {
        var parts = arn.Split(':');
        if (parts.Length < 6 || parts[0] != "arn" || parts[1].Length == 0)
        {
            return null;
        }

        return parts[2] switch
        {
            "lambda" when parts.Length is 7 or 8 && parts[5] == "function" =>
                new TaskResource(arn, ResourceKind.Function, "lambda", parts[6], TaskPattern.RequestResponse),
            "states" when parts[5] == "activity" && parts.Length >= 7 =>
                new TaskResource(arn, ResourceKind.Activity, "activity", parts[6], TaskPattern.RequestResponse),
            "states" when parts[3].Length == 0 && parts[4].Length == 0 && parts.Length >= 7 => Integration(arn, parts),
            _ => null,
        };
    }

    private static TaskResource? Integration(string arn, string[] parts)
    {
        var isSdk = parts[5] == "aws-sdk";
        if (isSdk && parts.Length < 8)
        {
            return null;
        }

        var service = isSdk ? $"aws-sdk:{parts[6]}" : parts[5];
        var action = string.Join(':', parts[(isSdk ? 7 : 6)..]);
        var (name, pattern) = Split(action);
        var kind = isSdk ? ResourceKind.Sdk : ResourceKind.Service;
        return name.Length == 0 || name.Contains(':', StringComparison.Ordinal)
            ? null
            : new TaskResource(arn, kind, service, name, pattern);
    }

    private static (string Name, TaskPattern Pattern) Split(string action) =>
        action.EndsWith(WaitSuffix, StringComparison.Ordinal)
            ? (action[..^WaitSuffix.Length], TaskPattern.WaitForTaskToken)
        : action.EndsWith(Sync2Suffix, StringComparison.Ordinal)
            ? (action[..^Sync2Suffix.Length], TaskPattern.Sync2)
        : action.EndsWith(SyncSuffix, StringComparison.Ordinal)
            ? (action[..^SyncSuffix.Length], TaskPattern.Sync)
        : (action, TaskPattern.RequestResponse);
}

/// <summary>
/// The optimized integrations, with the patterns that each has (Step Functions Developer Guide, Integrating optimized
/// services). What is not here is no resource; analemma's own are.
/// </summary>
internal static class KnownIntegrations
{
    private const int Plain = 1;
    private const int Sync = 2;
    private const int Token = 4;

    private static readonly Dictionary<string, int> Known = new(StringComparer.Ordinal)
    {
        ["lambda:invoke"] = Plain | Token,
        ["sqs:sendMessage"] = Plain | Token,
        ["sns:publish"] = Plain | Token,
        ["events:putEvents"] = Plain | Token,
        ["dynamodb:getItem"] = Plain,
        ["dynamodb:putItem"] = Plain,
        ["dynamodb:updateItem"] = Plain,
        ["dynamodb:deleteItem"] = Plain,
        ["states:startExecution"] = Plain | Sync | Token,
        ["apigateway:invoke"] = Plain | Token,
        ["http:invoke"] = Plain,
        ["batch:submitJob"] = Plain | Sync,
        ["ecs:runTask"] = Plain | Sync | Token,
        ["glue:startJobRun"] = Plain | Sync,
        ["databrew:startJobRun"] = Plain | Sync,
        ["codebuild:startBuild"] = Plain | Sync,
        ["codebuild:stopBuild"] = Plain,
        ["codebuild:batchDeleteBuilds"] = Plain,
        ["codebuild:batchGetReports"] = Plain,
        ["codebuild:startBuildBatch"] = Plain | Sync,
        ["codebuild:stopBuildBatch"] = Plain,
        ["codebuild:retryBuildBatch"] = Plain | Sync,
        ["codebuild:deleteBuildBatch"] = Plain,
        ["athena:startQueryExecution"] = Plain | Sync,
        ["athena:stopQueryExecution"] = Plain,
        ["athena:getQueryExecution"] = Plain,
        ["athena:getQueryResults"] = Plain,
        ["bedrock:invokeModel"] = Plain,
        ["bedrock:createModelCustomizationJob"] = Plain | Sync,
        ["sagemaker:createEndpoint"] = Plain,
        ["sagemaker:createEndpointConfig"] = Plain,
        ["sagemaker:createHyperParameterTuningJob"] = Plain | Sync,
        ["sagemaker:createLabelingJob"] = Plain | Sync,
        ["sagemaker:createModel"] = Plain,
        ["sagemaker:createProcessingJob"] = Plain | Sync,
        ["sagemaker:createTrainingJob"] = Plain | Sync,
        ["sagemaker:createTransformJob"] = Plain | Sync,
        ["sagemaker:updateEndpoint"] = Plain,
        ["elasticmapreduce:createCluster"] = Plain | Sync,
        ["elasticmapreduce:addStep"] = Plain | Sync,
        ["elasticmapreduce:cancelStep"] = Plain,
        ["elasticmapreduce:terminateCluster"] = Plain | Sync,
        ["elasticmapreduce:setClusterTerminationProtection"] = Plain,
        ["elasticmapreduce:modifyInstanceFleetByName"] = Plain,
        ["elasticmapreduce:modifyInstanceGroupByName"] = Plain,
        ["emr-containers:createVirtualCluster"] = Plain,
        ["emr-containers:deleteVirtualCluster"] = Plain | Sync,
        ["emr-containers:startJobRun"] = Plain | Sync,
        ["emr-serverless:createApplication"] = Plain | Sync,
        ["emr-serverless:startApplication"] = Plain | Sync,
        ["emr-serverless:stopApplication"] = Plain | Sync,
        ["emr-serverless:deleteApplication"] = Plain | Sync,
        ["emr-serverless:startJobRun"] = Plain | Sync,
        ["emr-serverless:cancelJobRun"] = Plain | Sync,
        ["eks:createCluster"] = Plain | Sync,
        ["eks:deleteCluster"] = Plain | Sync,
        ["eks:createFargateProfile"] = Plain | Sync,
        ["eks:deleteFargateProfile"] = Plain | Sync,
        ["eks:createNodegroup"] = Plain | Sync,
        ["eks:deleteNodegroup"] = Plain | Sync,
        ["eks:runJob"] = Plain | Sync,
        ["eks:call"] = Plain,
        ["mediaconvert:createJob"] = Plain | Sync,
        ["analemma:think"] = Plain,
        ["analemma:agent"] = Plain | Sync,
        ["analemma:send"] = Plain | Token,
        ["analemma:approve"] = Token,
        ["analemma:http"] = Plain,
        ["analemma:tool"] = Plain,
    };

    public static bool Has(TaskResource resource)
    {
        if (resource.Kind is not ResourceKind.Service)
        {
            return true;
        }

        var wanted = resource.Pattern switch
        {
            TaskPattern.WaitForTaskToken => Token,
            TaskPattern.RequestResponse => Plain,
            _ => Sync,
        };
        return (Known.GetValueOrDefault($"{resource.Service}:{resource.Action}") & wanted) != 0;
    }
}
