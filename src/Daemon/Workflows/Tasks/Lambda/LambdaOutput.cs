using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks.Lambda;

/// <summary>Answers of functions, as the two integrations hand them on.</summary>
internal static class LambdaOutput
{
    // What else the API may answer has no class of its own in the service's client.
    private static readonly HashSet<string> Modelled = new(StringComparer.Ordinal)
    {
        "EC2AccessDeniedException", "EC2ThrottledException", "EC2UnexpectedException", "EFSIOException",
        "EFSMountConnectivityException", "EFSMountFailureException", "EFSMountTimeoutException",
        "ENILimitReachedException", "InvalidParameterValueException", "InvalidRequestContentException",
        "InvalidRuntimeException", "InvalidSecurityGroupIDException", "InvalidSubnetIDException",
        "InvalidZipFileException", "KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException",
        "KMSNotFoundException", "RecursiveInvocationException", "RequestTooLargeException", "ResourceConflictException",
        "ResourceNotFoundException", "ResourceNotReadyException", "ServiceException", "SnapStartException",
        "SnapStartNotReadyException", "SnapStartTimeoutException", "SubnetIPAddressLimitReachedException",
        "TooManyRequestsException", "UnsupportedMediaTypeException",
    };

    /// <summary>The error that a refusal of the API fails its task with, behind <c>Lambda.</c></summary>
    public static string ExceptionName(TaskResource resource, string code) =>
        AwsErrors.ExceptionName(code) is var name && Modelled.Contains(name) ? name
        : resource.Kind is ResourceKind.Sdk ? "LambdaException" : "AWSLambdaException";

    public static JsonValue Of(TaskCall call, Invoked invoked)
    {
        var isSdk = call.Resource.Kind is ResourceKind.Sdk;
        JsonObjectBuilder made = new(8);
        made.Set("ExecutedVersion", Json.Maybe(invoked.ExecutedVersion));
        if (invoked.Error is not null)
        {
            made.Set("FunctionError", "Unhandled");
        }

        made.Set("LogResult", Json.Maybe(invoked.LogResult));
        // An aws-sdk call hands on the payload as the text that it is.
        made.Set(
            "Payload",
            invoked.Error is not null ? invoked.Cause ?? ""
            : invoked.IsAccepted ? ""
            : isSdk ? JsonValue.From(invoked.Output.Payload()) : invoked.Output);
        if (!isSdk)
        {
            var (http, response) = invoked.Answer?.Metadata()
                ?? (
                    JsonObject.Of(("HttpStatusCode", invoked.Status)),
                    JsonObject.Of(("RequestId", invoked.RequestId ?? call.Task.IdempotencyKey)));
            made.Set("SdkHttpMetadata", http).Set("SdkResponseMetadata", response);
        }

        made.Set("StatusCode", invoked.Status);
        return made.Build();
    }
}

/// <summary>What came of calling a function.</summary>
internal sealed record Invoked(JsonValue Output, string? Error, string? Cause)
{
    /// <summary>When another server answered.</summary>
    public AwsAnswer? Answer { get; init; }

    /// <summary>When a function of the kernel's own did.</summary>
    public string? RequestId { get; init; }

    /// <summary>Of HTTP.</summary>
    public int Status { get; init; } = 200;

    public string? ExecutedVersion { get; init; }

    /// <summary>The end of the log, in base64; null when it is not wanted.</summary>
    public string? LogResult { get; init; }

    /// <summary>Whether the call was not taken, so that no function has run.</summary>
    public bool IsRefused { get; init; }

    /// <summary>Whether nobody waits for what comes of it.</summary>
    public bool IsAccepted => Status is 202 or 204;

    /// <summary>Whether the function has run, and failed.</summary>
    public bool IsFunctionsOwnError => !IsRefused && Error is not (null or "States.DataLimitExceeded")
        && (!Error.StartsWith("Lambda.", StringComparison.Ordinal) || Error == "Lambda.Unknown");

    public static Invoked Failed(string error, string? cause) => new(default, error, cause);

    public static Invoked Accepted(int status) => new("", null, null) { Status = status };
}
