using System.Collections.Frozen;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Executions;

/// <summary>
/// What the service looks at before it starts a task of an optimized integration: that a call has what it must have,
/// and nothing that it cannot have.
/// </summary>
internal static class TaskParameters
{
    private const string OfItems =
        "TableName ReturnConsumedCapacity ExpressionAttributeNames Key Item Expected ConditionalOperator ReturnValues "
        + "ReturnItemCollectionMetrics ConditionExpression ExpressionAttributeValues "
        + "ReturnValuesOnConditionCheckFailure";

    private static readonly string[] LambdaTexts = ["FunctionName", "InvocationType", "LogType", "Qualifier"];

    // Of each call, the parameters of its API (their models; names as the service writes them).
    private static readonly FrozenDictionary<string, FrozenSet<string>> Known = new Dictionary<string, string>
    {
        ["lambda:invoke"] =
            "FunctionName InvocationType LogType ClientContext DurableExecutionName Payload Qualifier TenantId",
        ["states:startExecution"] = "StateMachineArn Name Input TraceHeader",
        ["sqs:sendMessage"] = "QueueUrl MessageBody DelaySeconds MessageAttributes MessageSystemAttributes "
            + "MessageDeduplicationId MessageGroupId",
        ["sns:publish"] = "TopicArn TargetArn PhoneNumber Message Subject MessageStructure MessageAttributes "
            + "MessageDeduplicationId MessageGroupId",
        ["events:putEvents"] = "Entries EndpointId",
        ["dynamodb:getItem"] = "TableName Key AttributesToGet ConsistentRead ReturnConsumedCapacity "
            + "ProjectionExpression ExpressionAttributeNames",
        ["dynamodb:putItem"] = OfItems,
        ["dynamodb:updateItem"] = OfItems + " AttributeUpdates UpdateExpression",
        ["dynamodb:deleteItem"] = OfItems,
    }.ToFrozenDictionary(
        pair => pair.Key, pair => pair.Value.Split(' ').ToFrozenSet(StringComparer.Ordinal), StringComparer.Ordinal);

    /// <exception cref="StateErrorException">The call cannot be made.</exception>
    public static void Check(TaskDefinition task, TaskInvocation invocation)
    {
        var resource = invocation.Resource;
        if (resource.Kind is not ResourceKind.Service
            || !Known.TryGetValue($"{resource.Service}:{resource.Action}", out var known))
        {
            return;
        }

        var wrong = resource.Service == "lambda" ? OfFunction(invocation.Input) : [];
        foreach (var (name, _) in invocation.Input.TryGetObject(out var given) ? given : JsonObject.Empty)
        {
            if (!known.Contains(name))
            {
                wrong.Add($"The field \"{name}\" is not supported by Step Functions");
            }
        }

        if (wrong.Count > 0)
        {
            var kind = task.IsJsonata ? "Arguments" : "Parameters";
            throw StateErrorException.Runtime(
                $"The {kind} '{invocation.Input.ToString(JsonWriteOptions.Service)}' could not be used to start the "
                + $"Task: [{string.Join(", ", wrong)}]");
        }
    }

    private static List<string> OfFunction(JsonValue input)
    {
        List<string> wrong = [];
        if (!input["FunctionName"].IsDefined)
        {
            wrong.Add("The field 'FunctionName' is required but was missing");
        }

        foreach (var field in LambdaTexts)
        {
            if (input[field] is { IsDefined: true, IsString: false })
            {
                wrong.Add($"The value for the field '{field}' must be a STRING");
            }
        }

        return wrong;
    }
}
