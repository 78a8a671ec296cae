using System.IO.Compression;
using System.Text;
using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Daemon.Workflows;

public sealed class S3MapFilesTests : IDisposable
{
    private readonly ObjectStore _store = new();
    private readonly AwsClient _aws;
    private readonly S3MapFiles _files;

    public S3MapFilesTests()
    {
        _aws = new AwsClient(new WorkflowOptions { Path = "/none", AwsEndpoint = _store.Address }, TimeProvider.System);
        _files = new S3MapFiles(_aws);
    }

    [Fact]
    public async Task Items_come_from_the_object_that_the_parameters_name()
    {
        _store["/b/a folder/items.csv"] = "x,y\n1,2\n3,4\n"u8.ToArray();
        Assert.Equal("""[{"x":"1","y":"2"}]""", await ReadAsync("CSV", "a folder/items.csv", itemsMax: 1));
    }

    [Fact]
    public async Task An_inventory_is_read_through_its_manifest()
    {
        _store["/b/m.json"] =
            """{"files":[{"key":"one.csv.gz"},{"key":"two.csv"}],"fileSchema":"Bucket, Key"}"""u8.ToArray();
        _store["/b/one.csv.gz"] = Packed("\"b\",\"k1\"\n\"b\",\"k2\"\n");
        _store["/b/two.csv"] = "b,k3\nb,k4\n"u8.ToArray();
        Assert.Equal(
            """[{"Bucket":"b","Key":"k1"},{"Bucket":"b","Key":"k2"},{"Bucket":"b","Key":"k3"}]""",
            await ReadAsync("MANIFEST", "m.json", itemsMax: 3));
    }

    [Fact]
    public async Task What_is_not_there_fails_the_reader_with_the_stores_words()
    {
        var failed = await Assert.ThrowsAsync<MapFileException>(() => ReadAsync("JSON", "nothing.json"));
        Assert.Equal(("States.ItemReaderFailed", "The specified key does not exist."), (failed.Error, failed.Message));
    }

    [Fact]
    public async Task Results_are_written_with_a_manifest_that_says_where()
    {
        ResultWriterDefinition writer = new() { Transformation = "FLATTEN", OutputType = "JSONL" };
        var where = await _files.WriteAsync(
            writer,
            JsonValue.Parse("""{"Bucket":"b","Prefix":"out"}"""),
            "arn:aws:states:r:a:mapRun:m/l:run",
            new MapResults([Good("[1,2]"), Bad("""{"Status":"FAILED"}"""), Good("3")])
            {
                Pending = JsonArray.Of(JsonValue.Parse("""{"a":1}""")),
            },
            TestContext.Current.CancellationToken);
        Assert.Equal("out/run/manifest.json", where["ResultWriterDetails"]["Key"].AsString());
        Assert.Equal("{\"Status\":\"FAILED\"}\n", Encoding.UTF8.GetString(_store["/b/out/run/FAILED_0.jsonl"]));
        Assert.Equal("1\n2\n3\n", Encoding.UTF8.GetString(_store["/b/out/run/SUCCEEDED_0.jsonl"]));
        var manifest = JsonValue.Parse(_store["/b/out/run/manifest.json"]);
        Assert.Equal("6", manifest["ResultFiles"]["SUCCEEDED"][0]["Size"].ToString());
        Assert.Equal("out/run/FAILED_0.jsonl", manifest["ResultFiles"]["FAILED"][0]["Key"].AsString());
        Assert.Equal("out/run/PENDING_0.jsonl", manifest["ResultFiles"]["PENDING"][0]["Key"].AsString());
        Assert.Equal(
            """{"Input":"{\"a\":1}","InputDetails":{"Included":true},"Status":"PENDING"}""" + "\n",
            Encoding.UTF8.GetString(_store["/b/out/run/PENDING_0.jsonl"]));
    }

    [Theory]
    [InlineData(true, "out/run/SUCCEEDED_0.json, out/run/Redrive-2/SUCCEEDED_0.json", "[3]")]
    [InlineData(false, "out/run/Redrive-2/SUCCEEDED_0.json", "[1,3]")]
    public async Task A_redrive_has_a_folder_of_its_own_and_names_what_was_written_before(
        bool isWritten, string files, string newest)
    {
        MapResults first = new([Good("1"), Bad("{}"), Bad("{}")]);
        if (isWritten)
        {
            await WriteAsync(first);
        }

        var where = await WriteAsync(new MapResults([Good("1"), Bad("{}"), Good("3") with { Redrive = 2 }])
        {
            Redrives = 2,
        });
        Assert.Equal("out/run/Redrive-2/manifest.json", where["ResultWriterDetails"]["Key"].AsString());
        var manifest = JsonValue.Parse(_store["/b/out/run/Redrive-2/manifest.json"])["ResultFiles"];
        var keys = manifest["SUCCEEDED"].AsArray().Items.ToArray().Select(each => each["Key"].AsString());
        Assert.Equal(files, string.Join(", ", keys));
        Assert.Equal("out/run/Redrive-2/FAILED_0.json", manifest["FAILED"][0]["Key"].AsString());
        Assert.Equal(newest, Encoding.UTF8.GetString(_store["/b/out/run/Redrive-2/SUCCEEDED_0.json"]));

        Task<JsonValue> WriteAsync(MapResults results) => _files.WriteAsync(
            new ResultWriterDefinition { Transformation = "COMPACT", OutputType = "JSON" },
            JsonValue.Parse("""{"Bucket":"b","Prefix":"out"}"""),
            "arn:aws:states:r:a:mapRun:m/l:run",
            results,
            TestContext.Current.CancellationToken);
    }

    // Developer Guide, ItemReader, Amazon S3 objects: and transformed by LOAD_AND_FLATTEN.
    [Fact]
    public async Task What_is_listed_are_the_items_or_is_read_for_them()
    {
        _store["/b"] = """
            <ListBucketResult><Contents><Key>p/</Key><Size>0</Size></Contents>
            <Contents><Key>p/a.jsonl</Key><Size>4</Size><LastModified>2022-11-17T15:44:41.000Z</LastModified></Contents>
            <Contents><Key>p/b.jsonl</Key><Size>2</Size></Contents></ListBucketResult>
            """u8.ToArray();
        _store["/b/p/a.jsonl"] = "1\n2\n"u8.ToArray();
        _store["/b/p/b.jsonl"] = "3\n4\n"u8.ToArray();

        var listed = await _files.ReadAsync(
            Listing(loads: false), JsonValue.Parse("""{"Bucket":"b"}"""), 2, TestContext.Current.CancellationToken);
        Assert.Equal(
            """[{"Key":"p/","Size":0},{"Key":"p/a.jsonl","LastModified":1.668699881E9,"Size":4}]""",
            JsonValue.From(listed.Items).ToString(JsonWriteOptions.Service));
        Assert.Equal([new ItemSource("S3://b", 2)], listed.Sources);

        var loaded = await _files.ReadAsync(
            Listing(loads: true), JsonValue.Parse("""{"Bucket":"b"}"""), 3, TestContext.Current.CancellationToken);
        Assert.Equal("[1,2,3]", JsonValue.From(loaded.Items).ToString());
        Assert.Equal([new ItemSource("S3://b/p/a.jsonl", 2), new ItemSource("S3://b/p/b.jsonl", 1)], loaded.Sources);
    }

    // Developer Guide, ItemReader, Athena manifest.
    [Fact]
    public async Task A_manifest_of_Athena_names_files_by_their_URIs()
    {
        _store["/b/m.csv"] = "s3://c/one.jsonl\ns3://c/two.jsonl\n"u8.ToArray();
        _store["/c/one.jsonl"] = "1\n"u8.ToArray();
        _store["/c/two.jsonl"] = "2\n"u8.ToArray();
        ItemReaderDefinition reader = new()
        {
            Resource = TaskResource.TryParse("arn:aws:states:::s3:getObject")!,
            InputType = "JSONL",
            ManifestType = "ATHENA_DATA",
        };
        var parameters = JsonValue.Parse("""{"Bucket":"b","Key":"m.csv"}""");
        var read = await _files.ReadAsync(reader, parameters, null, TestContext.Current.CancellationToken);
        Assert.Equal("[1,2]", JsonValue.From(read.Items).ToString());
        Assert.Equal([new ItemSource("S3://c/one.jsonl", 1), new ItemSource("S3://c/two.jsonl", 1)], read.Sources);

        _store["/b/m.csv"] = "elsewhere\n"u8.ToArray();
        var failed = await Assert.ThrowsAsync<MapFileException>(() => _files.ReadAsync(
            reader, parameters, null, TestContext.Current.CancellationToken));
        Assert.Contains("no URI of S3", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "k")]
    [InlineData("", "evil.example/x")]
    [InlineData("b", "")]
    public async Task A_bucket_or_a_key_without_a_name_is_refused(string bucket, string key)
    {
        var failed = await Assert.ThrowsAsync<MapFileException>(() => ReadAsync("JSON", key, bucket: bucket));
        Assert.Equal("States.ItemReaderFailed", failed.Error);
        Assert.Contains("not empty", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_unpacks_to_too_much_is_not_read_to_its_end()
    {
        _store["/b/k.json.gz"] = Packed($"[{new string(' ', 100_000)}1]");
        Assert.Equal("[1]", await ReadAsync("JSON", "k.json.gz"));
        S3MapFiles small = new(_aws, unpackedBytesMax: 100_000);
        var failed = await Assert.ThrowsAsync<MapFileException>(() => ReadAsync("JSON", "k.json.gz", files: small));
        Assert.Contains("more than 100000 bytes", failed.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _aws.Dispose();
        _store.Dispose();
    }

    private async Task<string> ReadAsync(
        string type, string key, long? itemsMax = null, string bucket = "b", S3MapFiles? files = null)
    {
        ItemReaderDefinition reader = new()
        {
            Resource = TaskResource.TryParse("arn:aws:states:::s3:getObject")!,
            InputType = type,
            CsvHeaderLocation = "FIRST_ROW",
        };
        var items = await (files ?? _files).ReadAsync(
            reader,
            JsonObject.Of(("Bucket", bucket), ("Key", key)),
            itemsMax,
            TestContext.Current.CancellationToken);
        return JsonValue.From(items.Items).ToString();
    }

    private static ItemReaderDefinition Listing(bool loads) => new()
    {
        Resource = TaskResource.TryParse("arn:aws:states:::s3:listObjectsV2")!,
        InputType = loads ? "JSONL" : null,
        LoadsObjects = loads,
    };

    private static MapResult Good(string output) => new(true, JsonValue.Parse(output), JsonValue.Parse("{}"));

    private static MapResult Bad(string told) => new(false, JsonValue.Undefined, JsonValue.Parse(told));

    private static byte[] Packed(string text)
    {
        using MemoryStream packed = new();
        using (GZipStream into = new(packed, CompressionMode.Compress))
        {
            into.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }
}
