using System.Collections.Frozen;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Where parameters of calls of S3 go in a request (Amazon S3, API reference; names as of tasks).</summary>
/// <param name="Method">Of HTTP.</param>
/// <param name="HasKey">Whether it is about an object, not a bucket.</param>
/// <param name="Query">What is always asked.</param>
/// <param name="Places">Of each parameter: a name in the query after ?, else a header.</param>
internal sealed record S3Call(
    HttpMethod Method, bool HasKey, string Query, FrozenDictionary<string, string> Places)
{
    private const string Conditions =
        "IfMatch If-Match, IfNoneMatch If-None-Match, IfModifiedSince If-Modified-Since, "
        + "IfUnmodifiedSince If-Unmodified-Since, Range Range, ChecksumMode x-amz-checksum-mode, VersionId ?versionId, "
        + "PartNumber ?partNumber, ResponseCacheControl ?response-cache-control, "
        + "ResponseContentDisposition ?response-content-disposition, ResponseContentType ?response-content-type, "
        + "ResponseContentEncoding ?response-content-encoding, ResponseContentLanguage ?response-content-language";

    /// <summary>Those of which there are tasks, by their actions.</summary>
    public static FrozenDictionary<string, S3Call> All { get; } = new Dictionary<string, S3Call>
    {
        ["getObject"] = Of(HttpMethod.Get, hasKey: true, "", Conditions),
        ["headObject"] = Of(HttpMethod.Head, hasKey: true, "", Conditions),
        ["deleteObject"] = Of(
            HttpMethod.Delete,
            hasKey: true,
            "",
            "VersionId ?versionId, BypassGovernanceRetention x-amz-bypass-governance-retention, IfMatch If-Match"),
        ["putObject"] = Of(
            HttpMethod.Put,
            hasKey: true,
            "",
            "Acl x-amz-acl, CacheControl Cache-Control, ContentDisposition Content-Disposition, "
            + "ContentEncoding Content-Encoding, ContentLanguage Content-Language, ContentMD5 Content-MD5, "
            + "ContentType Content-Type, IfMatch If-Match, IfNoneMatch If-None-Match, "
            + "ChecksumCRC32 x-amz-checksum-crc32, ChecksumCRC32C x-amz-checksum-crc32c, "
            + "ChecksumSHA1 x-amz-checksum-sha1, ChecksumSHA256 x-amz-checksum-sha256, "
            + "StorageClass x-amz-storage-class, ServerSideEncryption x-amz-server-side-encryption, "
            + "Tagging x-amz-tagging, WebsiteRedirectLocation x-amz-website-redirect-location"),
        ["listObjectsV2"] = Of(
            HttpMethod.Get,
            hasKey: false,
            "list-type=2",
            "Prefix ?prefix, Delimiter ?delimiter, EncodingType ?encoding-type, MaxKeys ?max-keys, "
            + "ContinuationToken ?continuation-token, FetchOwner ?fetch-owner, StartAfter ?start-after"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static S3Call Of(HttpMethod method, bool hasKey, string query, string places) => new(
        method,
        hasKey,
        query,
        (places + ", ExpectedBucketOwner x-amz-expected-bucket-owner, RequestPayer x-amz-request-payer")
            .Split(", ").Select(each => each.Split(' '))
            .ToFrozenDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal));

    /// <summary>The request, or what is wrong with the parameters.</summary>
    public (S3Request? Request, string? Wrong) Read(JsonValue input)
    {
        var bucket = input["Bucket"].TryGetString(out var text) ? text : "";
        var key = HasKey && input["Key"].TryGetString(out text) ? text : "";
        if ((WrongName("Bucket", bucket) ?? (HasKey ? WrongName("Key", key) : null)) is { } wrong)
        {
            return (null, wrong);
        }

        List<string> query = Query.Length > 0 ? [Query] : [];
        List<(string Name, string Value)> headers = [];
        foreach (var (name, value) in input.AsObject())
        {
            if (!Put(name, value, query, headers))
            {
                return (null, $"The parameter '{name}' is not known here");
            }
        }

        if (headers.Find(each => !IsHeader(each.Name, each.Value)).Name is { } header)
        {
            return (null, $"There can be no header '{header}' of that value");
        }

        var body = Method == HttpMethod.Put && input["Body"].IsDefined
            ? input["Body"].ToUtf8(JsonWriteOptions.Service)
            : [];
        var path = HasKey ? new S3Name(bucket, key).Path : $"/{Uri.EscapeDataString(bucket)}";
        return (new S3Request(path + (query.Count > 0 ? $"?{string.Join('&', query)}" : ""), headers, body), null);
    }

    // False for one that the call does not have.
    private bool Put(string name, JsonValue value, List<string> query, List<(string Name, string Value)> headers)
    {
        var writes = Method == HttpMethod.Put;
        if (value.IsNull || name == "Bucket" || (HasKey && name == "Key") || (writes && name == "Body"))
        {
            return true;
        }

        if (writes && name == "Metadata" && value.TryGetObject(out var metadata))
        {
            foreach (var (each, text) in metadata)
            {
                headers.Add(($"x-amz-meta-{each}", Written(text)));
            }

            return true;
        }

        if (!Places.TryGetValue(name, out var place))
        {
            return false;
        }

        if (place[0] == '?')
        {
            query.Add($"{place[1..]}={Uri.EscapeDataString(Written(value))}");
        }
        else
        {
            headers.Add((place, Written(value)));
        }

        return true;
    }

    private static bool IsHeader(string name, string value) =>
        name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && !value.Any(char.IsControl);

    // Its path would be that of something else.
    private static string? WrongName(string parameter, string name) =>
        name.Length == 0 ? $"The parameter '{parameter}' must be a string that is not empty"
        : name.Split('/').FirstOrDefault(part => part is "." or "..") is { } dots
            ? $"The parameter '{parameter}' has a part that is no name: {dots}"
        : null;

    private static string Written(JsonValue value) =>
        value.TryGetString(out var text) ? text : value.ToString(JsonWriteOptions.Service);
}

/// <summary>What is asked of a server that speaks S3.</summary>
internal sealed record S3Request(string Path, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body);
