using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Services that speak AWS JSON: queues, event buses, tables.</summary>
internal sealed class JsonServiceHandler(AwsClient aws) : ITaskHandler
{
    private static readonly Dictionary<string, JsonService> Services = new(StringComparer.Ordinal)
    {
        ["sqs"] = new("sqs", "AmazonSQS", "1.0", "SQS", "AmazonSQS", "Sqs"),
        ["events"] = new("events", "AWSEvents", "1.1", "EventBridge", "AmazonEventBridge", "EventBridge"),
        ["eventbridge"] = new("events", "AWSEvents", "1.1", "EventBridge", "AmazonEventBridge", "EventBridge"),
        ["dynamodb"] = new("dynamodb", "DynamoDB_20120810", "1.0", "DynamoDB", "AmazonDynamoDBv2", "DynamoDb"),
    };

    public bool Takes(TaskResource resource) =>
        resource.Pattern is TaskPattern.RequestResponse or TaskPattern.WaitForTaskToken
        && Services.ContainsKey(PlainName(resource));

    public async Task<TaskOutcome> RunAsync(TaskCall call, CancellationToken cancelled)
    {
        var service = Services[PlainName(call.Resource)];
        var isSdk = call.Resource.Kind is ResourceKind.Sdk;
        if (aws.Endpoint is null)
        {
            return TaskOutcome.Failed(
                $"{(isSdk ? service.Modern : service.ErrorPrefix)}.SdkClientException",
                "There is no endpoint of AWS: set workflows.aws_endpoint, or AWS_ENDPOINT_URL.");
        }

        var action = char.ToUpperInvariant(call.Resource.Action[0]) + call.Resource.Action[1..];
        var answer = await aws.JsonAsync(
            service.SigningName, $"{service.Target}.{action}", service.Version, Body(service, call), cancelled);
        if (answer.Failure is { } failure)
        {
            return TaskOutcome.Failed($"{(isSdk ? service.Modern : service.ErrorPrefix)}.SdkClientException", failure);
        }

        if (!answer.IsGood)
        {
            return TaskOutcome.Failed(
                $"{(isSdk ? service.Modern : service.ErrorPrefix)}.{AwsErrors.ExceptionName(answer.ErrorCode)}",
                AwsErrors.Cause(call.Resource, service.Classic, service.Modern, answer));
        }

        return TaskOutcome.Done(Output(call, answer));
    }

    // What is to be text is made text, as the service does.
    private static JsonValue Body(JsonService service, TaskCall call)
    {
        var input = call.Input.TryGetObject(out var members) ? members : JsonObject.Empty;
        if (service.SigningName == "sqs" && input["MessageBody"] is { IsDefined: true, IsString: false } body)
        {
            return input.With("MessageBody", body.Payload());
        }

        return service.SigningName == "events" ? WithTexts(input) : input;
    }

    private static JsonValue WithTexts(JsonObject input)
    {
        if (!input["Entries"].TryGetArray(out var entries))
        {
            return input;
        }

        JsonArrayBuilder made = new(entries.Count);
        foreach (var entry in entries)
        {
            var isJson = entry["Detail"] is { IsDefined: true, IsString: false };
            made.Add(isJson ? entry.AsObject().With("Detail", entry["Detail"].Payload()) : entry);
        }

        return input.With("Entries", made.Build());
    }

    private static JsonValue Output(TaskCall call, AwsAnswer answer)
    {
        var output = answer.Json.TryGetObject(out var members) ? members : JsonObject.Empty;
        if (call.Resource.Kind is ResourceKind.Sdk)
        {
            return output;
        }

        var (http, response) = answer.Metadata();
        return output.With("SdkHttpMetadata", http).With("SdkResponseMetadata", response);
    }

    private static string PlainName(TaskResource resource) =>
        resource.Service.StartsWith("aws-sdk:", StringComparison.Ordinal) ? resource.Service[8..] : resource.Service;

    /// <summary>How a service is reached and called.</summary>
    /// <param name="SigningName">In signatures.</param>
    /// <param name="Target">Before the operation in X-Amz-Target.</param>
    /// <param name="Version">Of AWS JSON.</param>
    /// <param name="ErrorPrefix">Of its errors, in optimized integrations.</param>
    /// <param name="Classic">Its name in their causes.</param>
    /// <param name="Modern">Its name in errors and causes of aws-sdk calls.</param>
    private sealed record JsonService(
        string SigningName, string Target, string Version, string ErrorPrefix, string Classic, string Modern);
}
