using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Objects of a store that speaks S3: the endpoint that stands for AWS.</summary>
/// <param name="aws">Asks it.</param>
/// <param name="error">What a failure is called.</param>
/// <param name="unpackedBytesMax">The most that a packed object may unpack to: it is read as a whole.</param>
internal sealed class S3Store(AwsClient aws, string error, int unpackedBytesMax)
{
    private const int PieceBytes = 128 * 1024;
    private const int PagesMax = 10_000;

    /// <summary>An object, unpacked when its name says that it is packed.</summary>
    /// <exception cref="MapFileException">It cannot be had.</exception>
    public async Task<byte[]> GetAsync(S3Name name, CancellationToken cancelled)
    {
        var version = name.Version is { } wanted ? $"?versionId={Uri.EscapeDataString(wanted)}" : "";
        var body = Good(await aws.RestAsync(
            "s3", HttpMethod.Get, name.Path + version, [], null, cancelled, name.Headers));
        return name.Key.EndsWith(".gz", StringComparison.Ordinal) ? await UnpackAsync(body, cancelled) : body;
    }

    /// <exception cref="MapFileException">It cannot be written.</exception>
    public async Task PutAsync(S3Name name, byte[] body, CancellationToken cancelled) =>
        Good(await aws.RestAsync(
            "s3", HttpMethod.Put, name.Path, body, "application/json", cancelled, name.Headers));

    /// <summary>What is in a bucket, as items of a Map have it.</summary>
    /// <exception cref="MapFileException">It cannot be listed.</exception>
    public async Task<JsonArray> ListAsync(S3Name name, string? prefix, long itemsMax, CancellationToken cancelled)
    {
        JsonArrayBuilder items = new();
        string? next = null;
        for (var page = 0; page < PagesMax; page++)
        {
            var query = $"?list-type=2&prefix={Uri.EscapeDataString(prefix ?? "")}"
                + (next is null ? "" : $"&continuation-token={Uri.EscapeDataString(next)}");
            var answer = await aws.RestAsync(
                "s3", HttpMethod.Get, $"/{Uri.EscapeDataString(name.Bucket)}{query}", [], null, cancelled,
                name.Headers);
            var root = Xml(Good(answer)).Root!;
            var names = root.Name.Namespace;
            foreach (var found in root.Elements(names + "Contents"))
            {
                if (items.Count == itemsMax)
                {
                    return items.Build();
                }

                items.Add(Listed(found, names));
            }

            next = (string?)root.Element(names + "NextContinuationToken");
            if (next is null)
            {
                break;
            }
        }

        return items.Build();
    }

    // Sizes are numbers, times are seconds (Developer Guide, ItemReader, Amazon S3 objects), with an exponent, as users
    // have seen them (github.com/floci-io/floci, pull request 3460).
    private static JsonValue Listed(XElement found, XNamespace names)
    {
        JsonObjectBuilder item = new();
        foreach (var name in (string[])["Etag", "Key", "LastModified", "Size", "StorageClass"])
        {
            var value = (string?)found.Element(names + (name == "Etag" ? "ETag" : name));
            if (value is not null)
            {
                item.Set(name, name switch
                {
                    "Size" when long.TryParse(value, CultureInfo.InvariantCulture, out var size) => size,
                    "LastModified" when DateTimeOffset.TryParse(
                        value, CultureInfo.InvariantCulture, out var time) =>
                            JsonValue.FromWritten(time.ToUnixTimeSeconds()),
                    _ => value,
                });
            }
        }

        return item.Build();
    }

    private async Task<byte[]> UnpackAsync(byte[] packed, CancellationToken cancelled)
    {
        try
        {
            using MemoryStream unpacked = new();
            await using GZipStream from = new(new MemoryStream(packed), CompressionMode.Decompress);
            var piece = new byte[PieceBytes];
            while (await from.ReadAsync(piece, cancelled) is > 0 and var count)
            {
                if (unpacked.Length + count > unpackedBytesMax)
                {
                    throw new MapFileException(
                        error, $"The file unpacks to more than {unpackedBytesMax} bytes; divide it");
                }

                unpacked.Write(piece, 0, count);
            }

            return unpacked.ToArray();
        }
        catch (InvalidDataException)
        {
            throw new MapFileException(error, "The file is not packed as its name says");
        }
    }

    private byte[] Good(AwsAnswer answer)
    {
        if (answer.IsGood)
        {
            return answer.Body;
        }

        var text = Encoding.UTF8.GetString(answer.Body);
        var told = text.Contains("<Message>", StringComparison.Ordinal)
            ? text.Split("<Message>")[1].Split("</Message>")[0]
            : answer.Failure ?? $"the store answered {answer.Status}";
        throw new MapFileException(error, told);
    }

    private XDocument Xml(byte[] body)
    {
        try
        {
            return XDocument.Parse(Encoding.UTF8.GetString(body));
        }
        catch (XmlException wrong)
        {
            throw new MapFileException(error, $"the store's answer is no XML: {wrong.Message}");
        }
    }
}

/// <summary>An object in a bucket.</summary>
/// <param name="Bucket">Never empty: its path would be that of another host.</param>
/// <param name="Key">Empty for the bucket itself.</param>
internal sealed record S3Name(string Bucket, string Key)
{
    private const string Scheme = "s3://";

    /// <summary>Null for the newest.</summary>
    public string? Version { get; init; }

    /// <summary>The account that the bucket must be of; null for any.</summary>
    public string? Owner { get; init; }

    /// <summary>As the context object of a Map has it.</summary>
    public string Uri => Key.Length == 0 ? $"S3://{Bucket}" : $"S3://{Bucket}/{Key}";

    public string Path => $"/{Escaped(Bucket)}/{string.Join('/', Key.Split('/').Select(Escaped))}";

    public IEnumerable<(string Name, string Value)> Headers =>
        Owner is null ? [] : [("x-amz-expected-bucket-owner", Owner)];

    /// <summary>Reads s3://bucket/key; null when it is none.</summary>
    public static S3Name? TryParse(string uri) =>
        uri.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && uri[Scheme.Length..].Split('/', 2) is [{ Length: > 0 } bucket, { Length: > 0 } key]
                ? new S3Name(bucket, key)
                : null;

    private static string Escaped(string part) => System.Uri.EscapeDataString(part);
}
