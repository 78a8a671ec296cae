using Analemma.Daemon.Workflows.Tasks;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>A Map run that fails writes what came of it before its state does.</summary>
public sealed class FailedMapTests : IDisposable
{
    private const string Definition =
        """
        {"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":2,"End":true,
          "ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"b"}},
          "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"C","States":{
            "C":{"Type":"Choice","Choices":[{"Variable":"$","StringEquals":"long","Next":"L"}],"Default":"A"},
            "L":{"Type":"Task","End":true,"Resource":"arn:aws:states:us-east-1:000000000000:activity:work"},
            "A":{"Type":"Task","Resource":"arn:aws:states:us-east-1:000000000000:activity:work","Next":"F"},
            "F":{"Type":"Fail","Error":"E"}}}}}}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-failed-map-").FullName;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_failed_was_stopped_or_never_began_is_written(bool canWrite)
    {
        Files files = new(canWrite);
        await using var bench = WorkflowBench.Open(
            Path.Combine(_folder, "workflows.db"), new FunctionBook(), files: files);
        await bench.CallAsync("CreateActivity", ("name", "work"));
        var execution = await bench.StartAsync(await bench.CreateAsync("m", Definition), """["long","bad","c","d"]""");
        // Both have begun before one of them fails.
        JsonValue[] tasks = [await TaskAsync(bench), await TaskAsync(bench)];
        var bad = tasks.Single(task => task["input"].AsString() == "\"bad\"");
        await bench.CallAsync("SendTaskSuccess", ("taskToken", bad["taskToken"]), ("output", "1"));

        var end = await bench.EndAsync(execution);

        Assert.Equal(
            ("FAILED", "States.ExceedToleratedFailureThreshold"), (end["status"].AsString(), end["error"].AsString()));
        Assert.Equal("ABORTED \"long\", FAILED \"bad\"", Told(files.Results!.Failed(files.Writer!)));
        Assert.Equal("PENDING \"c\", PENDING \"d\"", Told(files.Results.NeverStarted()));

        await bench.CallAsync("RedriveExecution", ("executionArn", execution));
        await bench.EndAsync(execution);

        Assert.Equal((1, 1), (files.Results.Redrives, files.Results.Results.Max(each => each.Redrive)));
        Assert.Empty(bench.Panics);
    }

    [Fact]
    public async Task What_was_about_to_begin_never_did()
    {
        await using var bench = WorkflowBench.Open(Path.Combine(_folder, "workflows.db"), new FunctionBook());
        var results = MapResults.Of(
            bench.Engine, "arn:aws:states:r:a:mapRun:m/l:run", JsonArray.Of(JsonArray.Of(0, "x")));
        Assert.Equal("PENDING \"x\"", Told(results.NeverStarted()));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Task<JsonValue> TaskAsync(WorkflowBench bench) => bench.CallAsync(
        "GetActivityTask", ("activityArn", "arn:aws:states:us-east-1:000000000000:activity:work"));

    private static string Told(JsonArray results) => string.Join(
        ", ", results.Items.ToArray().Select(each => $"{each["Status"].AsString()} {each["Input"].AsString()}"));

    private sealed class Files(bool canWrite) : IMapFiles
    {
        public MapResults? Results { get; private set; }

        public ResultWriterDefinition? Writer { get; private set; }

        public Task<MapFileItems> ReadAsync(
            ItemReaderDefinition reader, JsonValue parameters, long? itemsMax, CancellationToken cancelled) =>
            throw new InvalidOperationException();

        public Task<JsonValue> WriteAsync(
            ResultWriterDefinition writer,
            JsonValue parameters,
            string mapRunArn,
            MapResults results,
            CancellationToken cancelled)
        {
            (Writer, Results) = (writer, results);
            return canWrite
                ? Task.FromResult(JsonValue.From(JsonObject.Empty))
                : throw new MapFileException("States.ResultWriterFailed", "no");
        }
    }
}
