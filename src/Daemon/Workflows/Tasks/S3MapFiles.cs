using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Files;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Files of distributed Maps in a store that speaks S3: the endpoint that stands for AWS.</summary>
/// <param name="aws">Asks it.</param>
/// <param name="unpackedBytesMax">The most that a packed file may unpack to: it is read as a whole.</param>
internal sealed class S3MapFiles(AwsClient aws, int unpackedBytesMax = S3MapFiles.UnpackedBytesMax) : IMapFiles
{
    private const int UnpackedBytesMax = 1 << 30;
    private const int PieceBytes = 128 * 1024;
    private const string ReadFailed = "States.ItemReaderFailed";
    private const string WriteFailed = "States.ResultWriterFailed";
    private const int PagesMax = 10_000;

    public async Task<JsonArray> ReadAsync(
        ItemReaderDefinition reader, JsonValue parameters, long? itemsMax, CancellationToken cancelled)
    {
        if (aws.Endpoint is null)
        {
            return await new NoMapFiles().ReadAsync(reader, parameters, itemsMax, cancelled);
        }

        var bucket = Text(parameters, "Bucket", ReadFailed);
        if (reader.Resource.Action == "listObjectsV2")
        {
            return await ListAsync(bucket, Maybe(parameters, "Prefix"), itemsMax ?? long.MaxValue, cancelled);
        }

        var key = Text(parameters, "Key", ReadFailed);
        var file = await GetAsync(bucket, key, cancelled);
        return reader.InputType == "MANIFEST"
            ? await ReadManifestAsync(reader, bucket, file, itemsMax, cancelled)
            : Read(reader, file, itemsMax);
    }

    public async Task<JsonValue> WriteAsync(
        ResultWriterDefinition writer,
        JsonValue parameters,
        string mapRunArn,
        JsonArray results,
        CancellationToken cancelled)
    {
        if (aws.Endpoint is null)
        {
            return await new NoMapFiles().WriteAsync(writer, parameters, mapRunArn, results, cancelled);
        }

        var bucket = Text(parameters, "Bucket", WriteFailed);
        var prefix = Maybe(parameters, "Prefix") is { Length: > 0 } given ? $"{given.TrimEnd('/')}/" : "";
        var folder = $"{prefix}{mapRunArn.Split(':')[^1]}";
        var isLines = writer.OutputType == "JSONL";
        var file = $"{folder}/SUCCEEDED_0.{(isLines ? "jsonl" : "json")}";
        var body = ResultBody(writer, results, isLines);
        await PutAsync(bucket, file, body, cancelled);
        JsonValue manifest = JsonObject.Of(
            ("DestinationBucket", bucket),
            ("MapRunArn", mapRunArn),
            ("ResultFiles", JsonObject.Of(
                ("FAILED", JsonArray.Empty),
                ("PENDING", JsonArray.Empty),
                ("SUCCEEDED", JsonArray.Of(JsonObject.Of(("Key", file), ("Size", body.Length)))))));
        await PutAsync(bucket, $"{folder}/manifest.json", manifest.ToUtf8(JsonWriteOptions.Service), cancelled);
        return JsonObject.Of(
            ("MapRunArn", mapRunArn),
            ("ResultWriterDetails", JsonObject.Of(("Bucket", bucket), ("Key", $"{folder}/manifest.json"))));
    }

    private static byte[] ResultBody(ResultWriterDefinition writer, JsonArray results, bool isLines)
    {
        JsonArrayBuilder written = new(results.Count);
        foreach (var result in results)
        {
            if (writer.Transformation == "FLATTEN" && result.TryGetArray(out var inner))
            {
                written.AddRange(inner.Items);
            }
            else
            {
                // NONE tells of the executions, as far as their results do.
                written.Add(writer.Transformation == "NONE"
                    ? JsonObject.Of(("Output", result.ToString(JsonWriteOptions.Service)), ("Status", "SUCCEEDED"))
                    : result);
            }
        }

        var all = written.Build();
        return isLines
            ? Encoding.UTF8.GetBytes(string.Concat(
                all.Items.ToArray().Select(item => item.ToString(JsonWriteOptions.Service) + "\n")))
            : JsonValue.From(all).ToUtf8(JsonWriteOptions.Service);
    }

    private static JsonArray Read(ItemReaderDefinition reader, byte[] file, long? itemsMax) =>
        ItemFile.TryRead(reader, file, itemsMax, out var items, out var cause)
            ? items
            : throw new MapFileException(ReadFailed, cause);

    // An inventory: tables, packed or not, whose columns the manifest names.
    private async Task<JsonArray> ReadManifestAsync(
        ItemReaderDefinition reader, string bucket, byte[] manifest, long? itemsMax, CancellationToken cancelled)
    {
        if (!ItemFile.TryReadManifest(manifest, out var keys, out var columns, out var cause))
        {
            throw new MapFileException(ReadFailed, cause);
        }

        ItemReaderDefinition table = new()
        {
            Resource = reader.Resource,
            InputType = "CSV",
            CsvHeaderLocation = "GIVEN",
            CsvHeaders = columns,
        };
        JsonArrayBuilder all = new();
        foreach (var key in keys)
        {
            var left = itemsMax - all.Count;
            if (left <= 0)
            {
                break;
            }

            all.AddRange(Read(table, await GetAsync(bucket, key, cancelled), left).Items);
        }

        return all.Build();
    }

    private async Task<JsonArray> ListAsync(
        string bucket, string? prefix, long itemsMax, CancellationToken cancelled)
    {
        JsonArrayBuilder items = new();
        string? next = null;
        for (var page = 0; page < PagesMax; page++)
        {
            var query = $"?list-type=2&prefix={Uri.EscapeDataString(prefix ?? "")}"
                + (next is null ? "" : $"&continuation-token={Uri.EscapeDataString(next)}");
            var answer = await aws.RestAsync(
                "s3", HttpMethod.Get, $"/{Uri.EscapeDataString(bucket)}{query}", [], null, cancelled);
            var root = Xml(Good(answer, ReadFailed)).Root!;
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

    private static JsonValue Listed(XElement found, XNamespace names)
    {
        JsonObjectBuilder item = new();
        foreach (var name in (string[])["Etag", "Key", "LastModified", "Size", "StorageClass"])
        {
            var value = (string?)found.Element(names + (name == "Etag" ? "ETag" : name));
            if (value is null)
            {
                continue;
            }

            item.Set(name, name == "Size" && long.TryParse(value, CultureInfo.InvariantCulture, out var size)
                ? size
                : value);
        }

        return item.Build();
    }

    private async Task<byte[]> GetAsync(string bucket, string key, CancellationToken cancelled)
    {
        var body = Good(await aws.RestAsync("s3", HttpMethod.Get, Path(bucket, key), [], null, cancelled), ReadFailed);
        return key.EndsWith(".gz", StringComparison.Ordinal) ? await UnpackAsync(body, cancelled) : body;
    }

    private async Task PutAsync(string bucket, string key, byte[] body, CancellationToken cancelled) =>
        Good(
            await aws.RestAsync("s3", HttpMethod.Put, Path(bucket, key), body, "application/json", cancelled),
            WriteFailed);

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
                        ReadFailed, $"The file unpacks to more than {unpackedBytesMax} bytes; divide it");
                }

                unpacked.Write(piece, 0, count);
            }

            return unpacked.ToArray();
        }
        catch (InvalidDataException)
        {
            throw new MapFileException(ReadFailed, "The file is not packed as its name says");
        }
    }

    private static byte[] Good(AwsAnswer answer, string error)
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

    private static XDocument Xml(byte[] body)
    {
        try
        {
            return XDocument.Parse(Encoding.UTF8.GetString(body));
        }
        catch (XmlException wrong)
        {
            throw new MapFileException(ReadFailed, $"the store's answer is no XML: {wrong.Message}");
        }
    }

    private static string Path(string bucket, string key) =>
        $"/{Uri.EscapeDataString(bucket)}/{string.Join('/', key.Split('/').Select(Uri.EscapeDataString))}";

    // An empty one would leave a path of two slashes, which is that of another host.
    private static string Text(JsonValue parameters, string name, string error) =>
        Maybe(parameters, name) is { Length: > 0 } text
            ? text
            : throw new MapFileException(error, $"The parameter '{name}' must be a string that is not empty");

    private static string? Maybe(JsonValue parameters, string name) =>
        parameters[name].TryGetString(out var text) ? text : null;
}
