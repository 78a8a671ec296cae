using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
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
            new MapResults([Good("[1,2]"), Bad("""{"Status":"FAILED"}"""), Good("3")]),
            TestContext.Current.CancellationToken);
        Assert.Equal("out/run/manifest.json", where["ResultWriterDetails"]["Key"].AsString());
        Assert.Equal("{\"Status\":\"FAILED\"}\n", Encoding.UTF8.GetString(_store["/b/out/run/FAILED_0.jsonl"]));
        Assert.Equal("1\n2\n3\n", Encoding.UTF8.GetString(_store["/b/out/run/SUCCEEDED_0.jsonl"]));
        var manifest = JsonValue.Parse(_store["/b/out/run/manifest.json"]);
        Assert.Equal("6", manifest["ResultFiles"]["SUCCEEDED"][0]["Size"].ToString());
        Assert.Equal("out/run/FAILED_0.jsonl", manifest["ResultFiles"]["FAILED"][0]["Key"].AsString());
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
            """[{"Key":"p/","Size":0},{"Key":"p/a.jsonl","LastModified":1668699881,"Size":4}]""",
            JsonValue.From(listed.Items).ToString());
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

    /// <summary>As much of S3 as these tests need, on the loopback address.</summary>
    private sealed class ObjectStore : IDisposable
    {
        private readonly ConcurrentDictionary<string, byte[]> _objects = new(StringComparer.Ordinal);
        private readonly HttpListener _listener = new();
        private readonly Task _serving;

        public ObjectStore()
        {
            using (TcpListener free = new(IPAddress.Loopback, 0))
            {
                free.Start();
                Address = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
            }

            _listener.Prefixes.Add(Address.ToString());
            _listener.Start();
            _serving = ServeAsync();
        }

        public Uri Address { get; }

        public byte[] this[string path]
        {
            get => _objects[path];
            set => _objects[path] = value;
        }

        public void Dispose()
        {
            _listener.Close();
            _serving.Wait(TimeSpan.FromSeconds(10));
        }

        private async Task ServeAsync()
        {
            while (_listener.IsListening)
            {
                HttpListenerContext http;
                try
                {
                    http = await _listener.GetContextAsync();
                }
                catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                await AnswerAsync(http);
            }
        }

        private async Task AnswerAsync(HttpListenerContext http)
        {
            var path = Uri.UnescapeDataString(http.Request.Url!.AbsolutePath);
            byte[] body = [];
            if (http.Request.HttpMethod == "PUT")
            {
                using MemoryStream sent = new();
                await http.Request.InputStream.CopyToAsync(sent);
                _objects[path] = sent.ToArray();
            }
            else if (!_objects.TryGetValue(path, out body!))
            {
                http.Response.StatusCode = 404;
                body = "<Error><Message>The specified key does not exist.</Message></Error>"u8.ToArray();
            }

            await http.Response.OutputStream.WriteAsync(body);
            http.Response.Close();
        }
    }
}
