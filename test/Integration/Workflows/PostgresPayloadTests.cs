using Analemma.Integration.Tests.Storage.Executions;
using Analemma.Journal.Executions;
using Analemma.Storage.Postgres;
using Analemma.Unit.Tests.Daemon.Workflows;

namespace Analemma.Integration.Tests.Workflows;

/// <summary>Large payloads of executions that are kept on a server.</summary>
public sealed class PostgresPayloadTests : IDisposable
{
    private const string Work = "arn:aws:states:us-east-1:000000000000:activity:work";

    private const string Waits = """
        {"StartAt":"P","States":{"P":{"Type":"Pass","Next":"A"},
         "A":{"Type":"Task","End":true,"ResultPath":"$.r","Resource":
        """ + "\"" + Work + "\"}}}";

    private static readonly string Large = $$"""{"text":"{{new string('x', 300_000)}}","n":1}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-pg-payloads-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "workflows.db");

    [Fact]
    public async Task They_come_back_whole_after_a_restart_and_go_with_the_last_who_refers_to_them()
    {
        var where = PostgresClusters.Shared.NewStore();
        string execution;
        await using (var bench = WorkflowBench.Over(PostgresExecutionStore.Open(where), Path, new FunctionBook()))
        {
            await bench.CallAsync("CreateActivity", ("name", "work"));
            execution = await bench.StartAsync(await bench.CreateAsync("m", Waits), Large, "x");
            Assert.Single(Files());
            Assert.True(bench.Store.Records(1).Sum(record => record.Body.Length) < 10_000);
        }

        await using var next = WorkflowBench.Over(PostgresExecutionStore.Open(where), Path, new FunctionBook());
        var cancelled = TestContext.Current.CancellationToken;
        Assert.Equal(0, (await next.Payloads.SweepAsync(cancelled)).Removed);
        var task = await next.CallAsync("GetActivityTask", ("activityArn", Work));
        Assert.Equal(Large, task["input"].AsString());
        await next.CallAsync("SendTaskSuccess", ("taskToken", task["taskToken"]), ("output", "2"));
        var end = await next.EndAsync(execution);
        Assert.Equal("SUCCEEDED", end["status"].AsString());
        Assert.Equal(2, Files().Length);

        // Nobody refers to them any more when the execution is forgotten.
        await next.Store.KeepAsync(new ExecutionStoreChange { Forget = [1] });
        Assert.Equal(2, (await next.Payloads.SweepAsync(cancelled)).Removed);
        Assert.Empty(Files());
        Assert.Empty(next.Panics);
    }

    [Fact]
    public async Task One_that_is_not_what_it_was_leaves_its_execution_as_it_is()
    {
        var where = PostgresClusters.Shared.NewStore();
        string execution;
        await using (var bench = WorkflowBench.Over(PostgresExecutionStore.Open(where), Path, new FunctionBook()))
        {
            await bench.CallAsync("CreateActivity", ("name", "work"));
            execution = await bench.StartAsync(await bench.CreateAsync("m", Waits), Large, "x");
        }

        var file = Assert.Single(Files());
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 1;
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);

        await using var next = WorkflowBench.Over(PostgresExecutionStore.Open(where), Path, new FunctionBook());
        Assert.Null(next.Engine.Find(execution));
        Assert.Equal("RUNNING", (await next.CallAsync(
            "DescribeExecution", ("executionArn", execution), ("includedData", "METADATA_ONLY")))["status"].AsString());
        Assert.Single(next.Store.Open());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string[] Files() =>
        Directory.GetFiles(WorkflowBench.PayloadsOf(Path), "*", SearchOption.AllDirectories);
}
