using System.Text;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Files;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Files of distributed Maps in a store that speaks S3: the endpoint that stands for AWS.</summary>
/// <param name="aws">Asks it.</param>
/// <param name="unpackedBytesMax">The most that a packed file may unpack to: it is read as a whole.</param>
internal sealed class S3MapFiles(AwsClient aws, int unpackedBytesMax = S3MapFiles.UnpackedBytesMax) : IMapFiles
{
    private const int UnpackedBytesMax = 1 << 30;
    private const string ReadFailed = "States.ItemReaderFailed";
    private const string WriteFailed = "States.ResultWriterFailed";

    private readonly S3Store _from = new(aws, ReadFailed, unpackedBytesMax);
    private readonly S3Store _to = new(aws, WriteFailed, unpackedBytesMax);

    public async Task<MapFileItems> ReadAsync(
        ItemReaderDefinition reader, JsonValue parameters, long? itemsMax, CancellationToken cancelled)
    {
        if (aws.Endpoint is null)
        {
            return await new NoMapFiles().ReadAsync(reader, parameters, itemsMax, cancelled);
        }

        S3Name bucket = new(Text(parameters, "Bucket", ReadFailed), "")
        {
            Owner = Maybe(parameters, "ExpectedBucketOwner"),
        };
        if (reader.Resource.Action == "listObjectsV2")
        {
            return await ReadListedAsync(reader, bucket, Maybe(parameters, "Prefix"), itemsMax, cancelled);
        }

        var name = bucket with
        {
            Key = Text(parameters, "Key", ReadFailed),
            Version = Maybe(parameters, "VersionId"),
        };
        var file = await _from.GetAsync(name, cancelled);
        if (!reader.IsManifest)
        {
            var items = Read(reader, file, itemsMax);
            return new MapFileItems(items, [new ItemSource(name.Uri, items.Count)]);
        }

        if (!ItemManifest.TryRead(reader, file, out var manifest, out var cause))
        {
            throw new MapFileException(ReadFailed, cause);
        }

        var named = manifest.Files.Select(each => each.IsUri
            ? S3Name.TryParse(each.Name)
                ?? throw new MapFileException(ReadFailed, $"The manifest names '{each.Name}', which is no URI of S3")
            : bucket with { Key = each.Name });
        return await ReadAllAsync(manifest.Reader, named, itemsMax, cancelled);
    }

    public async Task<JsonValue> WriteAsync(
        ResultWriterDefinition writer,
        JsonValue parameters,
        string mapRunArn,
        MapResults results,
        CancellationToken cancelled)
    {
        if (aws.Endpoint is null)
        {
            return await new NoMapFiles().WriteAsync(writer, parameters, mapRunArn, results, cancelled);
        }

        S3Name bucket = new(Text(parameters, "Bucket", WriteFailed), "")
        {
            Owner = Maybe(parameters, "ExpectedBucketOwner"),
        };
        var prefix = Maybe(parameters, "Prefix") is { Length: > 0 } given ? $"{given.TrimEnd('/')}/" : "";
        var run = bucket with { Key = $"{prefix}{mapRunArn.Split(':')[^1]}" };
        var folder = FolderOf(run, results.Redrives);
        // Every redrive has a folder of its own; what succeeded before stays where it is.
        var (before, redrive) = await WrittenAsync(run, results.Redrives, cancelled);
        var failed = await WriteAsync("FAILED", results.Failed(writer));
        var pending = await WriteAsync("PENDING", results.NeverStarted());
        var succeeded = await WriteAsync("SUCCEEDED", results.Succeeded(writer, redrive));
        var files = JsonObject.Of(
            ("FAILED", failed),
            ("PENDING", pending),
            ("SUCCEEDED", JsonArray.Of([.. before.Items.ToArray(), .. succeeded.Items.ToArray()])));
        JsonValue manifest = JsonObject.Of(
            ("DestinationBucket", bucket.Bucket), ("MapRunArn", mapRunArn), ("ResultFiles", files));
        var key = $"{folder}/manifest.json";
        await _to.PutAsync(bucket with { Key = key }, manifest.ToUtf8(JsonWriteOptions.Service), cancelled);
        return JsonObject.Of(
            ("MapRunArn", mapRunArn),
            ("ResultWriterDetails", JsonObject.Of(("Bucket", bucket.Bucket), ("Key", key))));

        // One file for all of a kind: a run's results are in memory already.
        async Task<JsonArray> WriteAsync(string kind, JsonArray written)
        {
            if (written.Count == 0)
            {
                return JsonArray.Empty;
            }

            var isLines = writer.OutputType == "JSONL";
            var name = bucket with { Key = $"{folder}/{kind}_0.{(isLines ? "jsonl" : "json")}" };
            var body = isLines
                ? Encoding.UTF8.GetBytes(string.Concat(
                    written.Items.ToArray().Select(item => item.ToString(JsonWriteOptions.Service) + "\n")))
                : JsonValue.From(written).ToUtf8(JsonWriteOptions.Service);
            await _to.PutAsync(name, body, cancelled);
            return JsonArray.Of(JsonObject.Of(("Key", name.Key), ("Size", body.Length)));
        }
    }

    private static string FolderOf(S3Name run, int redrive) =>
        redrive == 0 ? run.Key : FormattableString.Invariant($"{run.Key}/Redrive-{redrive}");

    // Files of what succeeded before a redrive, by the newest manifest that is there, and the first redrive after it.
    private async Task<(JsonArray Files, int Redrive)> WrittenAsync(
        S3Name run, int redrives, CancellationToken cancelled)
    {
        for (var redrive = redrives - 1; redrive >= 0; redrive--)
        {
            try
            {
                var file = await _to.GetAsync(
                    run with { Key = $"{FolderOf(run, redrive)}/manifest.json" }, cancelled);
                if (JsonValue.TryParse(file, JsonLimits.Widest, out var manifest, out _)
                    && manifest["ResultFiles"]["SUCCEEDED"].TryGetArray(out var files))
                {
                    return (files, redrive + 1);
                }
            }
            catch (MapFileException)
            {
                // That one could not write; or what is not found is written again.
            }
        }

        return (JsonArray.Empty, 0);
    }

    // What is listed are the items, or is read for them (Developer Guide, ItemReader, LOAD_AND_FLATTEN).
    private async Task<MapFileItems> ReadListedAsync(
        ItemReaderDefinition reader, S3Name bucket, string? prefix, long? itemsMax, CancellationToken cancelled)
    {
        if (!reader.LoadsObjects)
        {
            var listed = await _from.ListAsync(bucket, prefix, itemsMax ?? long.MaxValue, cancelled);
            return new MapFileItems(listed, [new ItemSource(bucket.Uri, listed.Count)]);
        }

        var all = await _from.ListAsync(bucket, prefix, long.MaxValue, cancelled);
        // A folder is an object without content.
        var names = all.Items.ToArray().Select(each => each["Key"].AsString())
            .Where(key => !key.EndsWith('/'))
            .Select(key => bucket with { Key = key });
        return await ReadAllAsync(reader, names, itemsMax, cancelled);
    }

    private async Task<MapFileItems> ReadAllAsync(
        ItemReaderDefinition reader, IEnumerable<S3Name> names, long? itemsMax, CancellationToken cancelled)
    {
        JsonArrayBuilder all = new();
        List<ItemSource> sources = [];
        foreach (var name in names)
        {
            var left = itemsMax - all.Count;
            if (left <= 0)
            {
                break;
            }

            var items = Read(reader, await _from.GetAsync(name, cancelled), left);
            all.AddRange(items.Items);
            sources.Add(new ItemSource(name.Uri, items.Count));
        }

        return new MapFileItems(all.Build(), sources);
    }

    private static JsonArray Read(ItemReaderDefinition reader, byte[] file, long? itemsMax) =>
        ItemFile.TryRead(reader, file, itemsMax, out var items, out var cause)
            ? items
            : throw new MapFileException(ReadFailed, cause);

    // An empty one would leave a path of two slashes, which is that of another host.
    private static string Text(JsonValue parameters, string name, string error) =>
        Maybe(parameters, name) is { Length: > 0 } text
            ? text
            : throw new MapFileException(error, $"The parameter '{name}' must be a string that is not empty");

    private static string? Maybe(JsonValue parameters, string name) =>
        parameters[name].TryGetString(out var text) ? text : null;
}
