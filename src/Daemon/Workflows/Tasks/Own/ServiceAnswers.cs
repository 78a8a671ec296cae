using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Analemma.Abi;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks.Own;

/// <summary>Answers and refusals of AWS services that the kernel's own mailboxes and events stand for.</summary>
internal static class ServiceAnswers
{
    /// <summary>What optimized integrations say about the call; calls of an SDK do not.</summary>
    public static TaskOutcome Done(TaskCall call, JsonObjectBuilder made)
    {
        if (call.Resource.Kind is not ResourceKind.Sdk)
        {
            made.Set("SdkHttpMetadata", JsonObject.Of(("HttpStatusCode", 200)));
            made.Set("SdkResponseMetadata", JsonObject.Of(("RequestId", Guid.NewGuid().ToString())));
        }

        return TaskOutcome.Done(made.Build());
    }

    /// <summary>A refusal in the words of the service.</summary>
    /// <param name="call">The task.</param>
    /// <param name="service">Its names: SQS, AmazonSQS, Sqs.</param>
    /// <param name="code">The service's error code.</param>
    /// <param name="status">Of HTTP.</param>
    /// <param name="message">What is wrong.</param>
    public static TaskOutcome Refused(TaskCall call, ServiceNames service, string code, int status, string message)
    {
        var isSdk = call.Resource.Kind is ResourceKind.Sdk;
        var request = Guid.NewGuid();
        return TaskOutcome.Failed(
            $"{(isSdk ? service.Modern : service.Prefix)}.{AwsErrors.ExceptionName(code.Split('.')[^1])}",
            isSdk
                ? $"{message} (Service: {service.Modern}, Status Code: {status}, Request ID: {request}) "
                    + "(SDK Attempt Count: 1)"
                : $"{message} (Service: {service.Classic}; Status Code: {status}; Error Code: {code}; "
                    + $"Request ID: {request}; Proxy: null)");
    }

    /// <summary>A refusal of the kernel, where the service has no such: by its code, with its hint.</summary>
    public static TaskOutcome Refused(SysError error) => TaskOutcome.Failed(
        $"Analemma.{error.Code}", error.Hint is null ? error.Message : $"{error.Message}; {error.Hint}");

    /// <summary>Of the task's attempt: the same when the kernel was killed and runs it again.</summary>
    public static string IdOf(TaskCall call, string part = "")
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(call.Task.IdempotencyKey + part), hash);
        // Version 8, of RFC 9562: a UUID of one's own making.
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true).ToString();
    }

    /// <summary>The text of a body: JSON is made text, as the service does.</summary>
    public static string TextOf(JsonValue value) => value.TryGetString(out var text) ? text : value.Payload();

    /// <summary>A body as the kernel's own receivers like it: JSON when it is JSON.</summary>
    public static JsonValue BodyOf(JsonValue value) =>
        value.TryGetString(out var text)
            && JsonValue.TryParse(Encoding.UTF8.GetBytes(text), JsonLimits.Default, out var json, out _)
                ? json : value;

    [SuppressMessage("Security", "CA5351", Justification = "The service's answer has this sum; nothing relies on it.")]
    public static string Md5(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(MD5.HashData(bytes));

    /// <summary>
    /// The sum over attributes: by name, each its name, type and value with their lengths
    /// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html).
    /// </summary>
    public static string Md5OfAttributes(JsonObject attributes)
    {
        using MemoryStream all = new();
        foreach (var (name, attribute) in attributes.OrderedByName())
        {
            var type = attribute.MaybeText("DataType") ?? "String";
            Add(Encoding.UTF8.GetBytes(name));
            Add(Encoding.UTF8.GetBytes(type));
            var isBinary = type.StartsWith("Binary", StringComparison.Ordinal);
            all.WriteByte(isBinary ? (byte)2 : (byte)1);
            Add(isBinary
                ? Convert.FromBase64String(attribute.MaybeText("BinaryValue") ?? "")
                : Encoding.UTF8.GetBytes(TextOf(attribute["StringValue"])));
        }

        return Md5(all.GetBuffer().AsSpan(0, (int)all.Length));

        void Add(ReadOnlySpan<byte> bytes)
        {
            Span<byte> length = stackalloc byte[4];
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            all.Write(length);
            all.Write(bytes);
        }
    }

    private static IEnumerable<(string Name, JsonValue Value)> OrderedByName(this JsonObject members)
    {
        List<(string Name, JsonValue Value)> all = [];
        foreach (var (name, value) in members)
        {
            all.Add((name, value));
        }

        return all.OrderBy(each => each.Name, StringComparer.Ordinal);
    }
}

/// <summary>What a service is called: in errors, in their causes, and in those of calls of an SDK.</summary>
internal sealed record ServiceNames(string Prefix, string Classic, string Modern);
