using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Functions: those registered here first, those of the AWS endpoint else.</summary>
internal sealed class LambdaHandler(IFunctions functions, AwsClient aws) : ITaskHandler
{
    public bool Takes(TaskResource resource) =>
        resource.Kind is ResourceKind.Function
        || (resource.Service is "lambda" or "aws-sdk:lambda" && resource.Action == "invoke");

    public async Task<TaskOutcome> RunAsync(TaskCall call, CancellationToken cancelled)
    {
        var isDirect = call.Resource.Kind is ResourceKind.Function;
        var name = isDirect ? call.Resource.Arn : call.Input["FunctionName"].TryGetString(out var given) ? given : null;
        if (name is null)
        {
            return TaskOutcome.Failed(
                "States.Runtime", "The field 'FunctionName' is required but was missing", TaskPhase.Schedule);
        }

        var payload = isDirect ? call.Input : PayloadOf(call.Input["Payload"]);
        var invoked = await InvokeAsync(call, name, payload, cancelled);
        if (invoked.Error is { } error)
        {
            return TaskOutcome.Failed(error, invoked.Cause);
        }

        return TaskOutcome.Done(isDirect ? invoked.Output : Described(call, invoked));
    }

    // The integration hands a payload to the client of Lambda, whose payload is a text: one that is JSON goes as it is,
    // and none comes to the function as an empty object.
    private static JsonValue PayloadOf(JsonValue given) =>
        given.IsUndefined || given.IsNull ? JsonValue.From(JsonObject.Empty)
        : given.TryGetString(out var text)
            && JsonValue.TryParse(System.Text.Encoding.UTF8.GetBytes(text), JsonLimits.Payload, out var parsed, out _)
                ? parsed
        : given;

    private async Task<Invoked> InvokeAsync(TaskCall call, string name, JsonValue payload, CancellationToken cancelled)
    {
        var plain = NameOf(name);
        if (functions.Has(plain))
        {
            return await functions.InvokeAsync(
                call,
                plain,
                new FunctionCall(payload) { ClientContext = ContextOf(call) },
                cancelled);
        }

        if (aws.Endpoint is null)
        {
            return Missing(call, name);
        }

        var answer = await aws.RestAsync(
            "lambda",
            HttpMethod.Post,
            $"/2015-03-31/functions/{Uri.EscapeDataString(name)}/invocations",
            payload.IsDefined ? payload.ToUtf8(JsonWriteOptions.Service) : [],
            "application/json",
            cancelled);
        if (answer.Failure is { } failure)
        {
            return Invoked.Failed("Lambda.SdkClientException", failure);
        }

        if (!answer.IsGood)
        {
            return Refused(call, answer);
        }

        if (answer.Body.Length > call.Identity.PayloadBytesMax)
        {
            var what = call.Resource.Kind is ResourceKind.Function ? call.Resource.Arn : call.Resource.Service;
            return Invoked.Failed(
                "States.DataLimitExceeded",
                $"The state/task '{what}' returned a result with a size exceeding the maximum number of bytes "
                + "service limit.");
        }

        var output = answer.Body.Length == 0 ? JsonValue.Null : answer.Json;
        if (answer.Headers.ContainsKey("X-Amz-Function-Error"))
        {
            return Invoked.Failed(
                output.MaybeText("errorType") ?? "Lambda.Unknown", System.Text.Encoding.UTF8.GetString(answer.Body));
        }

        return output.IsUndefined
            ? Invoked.Failed("Lambda.Unknown", "The function returned what is no JSON.")
            : new Invoked(output, null, null) { Answer = answer };
    }

    // In base64, as clients of the service write it; whoever writes JSON into a definition means the same.
    private static string? ContextOf(TaskCall call)
    {
        if (call.Resource.Kind is ResourceKind.Function || call.Input["ClientContext"] is not { IsDefined: true } given)
        {
            return null;
        }

        if (!given.TryGetString(out var text))
        {
            return given.Payload();
        }

        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var count)
            && JsonValue.TryParse(bytes.AsSpan(0, count), JsonLimits.Default, out var context, out _)
                ? context.Payload() : null;
    }

    private static JsonValue Described(TaskCall call, Invoked invoked)
    {
        JsonObjectBuilder made = new(6);
        made.Set("ExecutedVersion", "$LATEST");
        // An aws-sdk call hands on the payload as the text that it is.
        made.Set(
            "Payload",
            call.Resource.Kind is ResourceKind.Sdk ? JsonValue.From(invoked.Output.Payload()) : invoked.Output);
        if (call.Resource.Kind is ResourceKind.Service)
        {
            var (http, response) = invoked.Answer?.Metadata()
                ?? (
                    JsonObject.Of(("HttpStatusCode", 200)),
                    JsonObject.Of(("RequestId", invoked.RequestId ?? call.Task.IdempotencyKey)));
            made.Set("SdkHttpMetadata", http).Set("SdkResponseMetadata", response);
        }

        made.Set("StatusCode", 200);
        return made.Build();
    }

    private static Invoked Refused(TaskCall call, AwsAnswer answer)
    {
        var code = answer.ErrorCode;
        return Invoked.Failed(
            $"Lambda.{AwsErrors.ExceptionName(code)}",
            AwsErrors.Cause(call.Resource, "AWSLambda", "Lambda", answer));
    }

    private static Invoked Missing(TaskCall call, string name)
    {
        var arn = name.StartsWith("arn:", StringComparison.Ordinal)
            ? name
            : $"arn:aws:lambda:{call.Identity.Region}:{call.Identity.Account}:function:{name}";
        return Invoked.Failed(
            "Lambda.ResourceNotFoundException",
            $"Function not found: {arn} (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; "
            + $"Request ID: {Guid.NewGuid()}; Proxy: null)");
    }

    /// <summary>The name alone, of a name or an ARN, with or without a version.</summary>
    private static string NameOf(string name)
    {
        var parts = name.Split(':');
        var at = Array.IndexOf(parts, "function");
        return at >= 0 && at + 1 < parts.Length ? parts[at + 1] : parts[0];
    }
}

/// <summary>What came of calling a function.</summary>
internal sealed record Invoked(JsonValue Output, string? Error, string? Cause)
{
    /// <summary>When another server answered.</summary>
    public AwsAnswer? Answer { get; init; }

    /// <summary>When a function of the kernel's own did.</summary>
    public string? RequestId { get; init; }

    public static Invoked Failed(string error, string? cause) => new(default, error, cause);
}
