using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

// OBJECTS AS TASKS
//
// aws-sdk:s3 with the calls of S3Call, at the endpoint that stands for AWS. Names, types and errors are those of the
// service's client: a body is text, times are texts of ISO 8601, an error that the API's model does not name is
// S3Exception. A body that is written is the parameter's JSON, also when that is a text.
/// <summary>Reads, writes, lists and deletes objects of a store that speaks S3.</summary>
internal sealed class S3ObjectHandler(AwsClient aws) : ITaskHandler
{
    private const string Failed = "S3.SdkClientException";

    private const string TextType = "text/plain; charset=UTF-8";

    private static readonly FrozenSet<string> Modelled = new[]
    {
        "BucketAlreadyExists", "BucketAlreadyOwnedByYou", "EncryptionTypeMismatch", "IdempotencyParameterMismatch",
        "InvalidObjectState", "InvalidRequest", "InvalidWriteOffset", "NoSuchBucket", "NoSuchKey", "NoSuchUpload",
        "ObjectAlreadyInActiveTierError", "ObjectNotInActiveTierError", "TooManyParts",
    }.ToFrozenSet(StringComparer.Ordinal);

    // What comes in headers, by the members of answers; n a number, b a boolean, t a time.
    private static readonly (string Header, string Name, char Type)[] Told =
    [
        ("Accept-Ranges", "AcceptRanges", 's'), ("Cache-Control", "CacheControl", 's'),
        ("x-amz-checksum-crc32", "ChecksumCRC32", 's'), ("x-amz-checksum-crc32c", "ChecksumCRC32C", 's'),
        ("x-amz-checksum-sha1", "ChecksumSHA1", 's'), ("x-amz-checksum-sha256", "ChecksumSHA256", 's'),
        ("x-amz-checksum-type", "ChecksumType", 's'), ("Content-Disposition", "ContentDisposition", 's'),
        ("Content-Encoding", "ContentEncoding", 's'), ("Content-Language", "ContentLanguage", 's'),
        ("Content-Length", "ContentLength", 'n'), ("Content-Range", "ContentRange", 's'),
        ("Content-Type", "ContentType", 's'), ("x-amz-delete-marker", "DeleteMarker", 'b'), ("ETag", "ETag", 's'),
        ("x-amz-expiration", "Expiration", 's'), ("Last-Modified", "LastModified", 't'),
        ("x-amz-mp-parts-count", "PartsCount", 'n'), ("x-amz-replication-status", "ReplicationStatus", 's'),
        ("x-amz-restore", "Restore", 's'), ("x-amz-server-side-encryption", "ServerSideEncryption", 's'),
        ("x-amz-storage-class", "StorageClass", 's'), ("x-amz-tagging-count", "TagCount", 'n'),
        ("x-amz-version-id", "VersionId", 's'),
        ("x-amz-website-redirect-location", "WebsiteRedirectLocation", 's'),
    ];

    public bool Takes(TaskResource resource) =>
        resource is { Service: "aws-sdk:s3", Pattern: TaskPattern.RequestResponse or TaskPattern.WaitForTaskToken }
        && S3Call.All.ContainsKey(resource.Action);

    public async Task<TaskOutcome> RunAsync(TaskCall call, CancellationToken cancelled)
    {
        if (aws.Endpoint is null)
        {
            return TaskOutcome.Failed(
                Failed, "There is no endpoint of AWS: set workflows.aws_endpoint, or AWS_ENDPOINT_URL.");
        }

        var (method, made) = (S3Call.All[call.Resource.Action], call.Input);
        var (request, wrong) = method.Read(made);
        if (request is null)
        {
            return TaskOutcome.Failed(Failed, wrong);
        }

        var type = method.Method == HttpMethod.Put && !made["ContentType"].IsString ? TextType : null;
        var answer = await aws.RestAsync(
            "s3", method.Method, request.Path, request.Body, type, cancelled, request.Headers);
        return answer.Failure is { } failure ? TaskOutcome.Failed(Failed, failure)
            : !answer.IsGood ? Refused(answer)
            : call.Resource.Action == "listObjectsV2" ? Listed(answer)
            : TaskOutcome.Done(Output(call.Resource.Action, answer));
    }

    private static JsonObject Output(string action, AwsAnswer answer)
    {
        SortedDictionary<string, JsonValue> made = new(StringComparer.Ordinal);
        var isOfObject = action is "getObject" or "headObject";
        foreach (var (header, name, type) in Told)
        {
            // Of an answer without an object they tell of the answer itself.
            if (answer.Headers.TryGetValue(header, out var value)
                && (isOfObject || !header.StartsWith("Content-", StringComparison.Ordinal)))
            {
                made[name] = Typed(type, value);
            }
        }

        if (isOfObject)
        {
            made["Metadata"] = Metadata(answer);
        }

        if (action == "getObject")
        {
            made["Body"] = Encoding.UTF8.GetString(answer.Body);
        }

        return JsonObject.Of([.. made.Select(each => (each.Key, each.Value))]);
    }

    private static JsonObject Metadata(AwsAnswer answer)
    {
        const string Prefix = "x-amz-meta-";
        JsonObjectBuilder made = new();
        foreach (var (name, value) in answer.Headers)
        {
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            {
                made.Set(name[Prefix.Length..].ToLowerInvariant(), value);
            }
        }

        return made.Build();
    }

    private static TaskOutcome Listed(AwsAnswer answer) => Read(answer) is { } xml
        ? TaskOutcome.Done(Members(xml, ["Contents", "CommonPrefixes", "ChecksumAlgorithm"]))
        : TaskOutcome.Failed(Failed, "The store's answer is no XML");

    // An element is a member; of the many there is a list, and none is no member.
    private static JsonObject Members(XElement xml, ReadOnlySpan<string> many)
    {
        SortedDictionary<string, JsonValue> made = new(StringComparer.Ordinal);
        foreach (var group in xml.Elements().GroupBy(each => each.Name.LocalName))
        {
            JsonArrayBuilder all = new();
            foreach (var each in group)
            {
                all.Add(each.HasElements ? Members(each, many) : Typed(TypeOf(group.Key), each.Value));
            }

            var values = all.Build();
            made[group.Key == "ID" ? "Id" : group.Key] = many.Contains(group.Key) ? values : values[0];
        }

        return JsonObject.Of([.. made.Select(each => (each.Key, each.Value))]);
    }

    private static char TypeOf(string name) => name switch
    {
        "IsTruncated" => 'b',
        "KeyCount" or "MaxKeys" or "Size" => 'n',
        "LastModified" => 't',
        _ => 's',
    };

    private static JsonValue Typed(char type, string text) => type switch
    {
        'n' when long.TryParse(text, CultureInfo.InvariantCulture, out var number) => number,
        'b' => text == "true",
        't' when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var time) =>
            time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture),
        _ => text,
    };

    private static TaskOutcome Refused(AwsAnswer answer)
    {
        var xml = Read(answer);
        // The answer to HEAD has no body.
        var code = Text("Code") ?? (answer.Status == 404 ? "NoSuchKey" : "");
        var request = Text("RequestId") ?? answer.Headers.GetValueOrDefault("x-amz-request-id") ?? answer.RequestId;
        var host = Text("HostId") ?? answer.Headers.GetValueOrDefault("x-amz-id-2");
        return TaskOutcome.Failed(
            $"S3.{(Modelled.Contains(code) ? AwsErrors.ExceptionName(code) : "S3Exception")}",
            $"{Text("Message") ?? "null"} (Service: S3, Status Code: {answer.Status}, Request ID: {request}"
            + $"{(host is null ? "" : $", Extended Request ID: {host}")}) (SDK Attempt Count: 1)");

        string? Text(string name) => xml?.Elements().FirstOrDefault(each => each.Name.LocalName == name)?.Value;
    }

    private static XElement? Read(AwsAnswer answer)
    {
        try
        {
            return XElement.Parse(Encoding.UTF8.GetString(answer.Body));
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
