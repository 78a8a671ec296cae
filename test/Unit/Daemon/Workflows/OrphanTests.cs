using Analemma.Daemon.Workflows.Tasks;
using Analemma.Journal.Executions;
using Microsoft.Data.Sqlite;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Executions that were started to be waited for, when the kernel dies before it has stopped them.</summary>
public sealed class OrphanTests : IDisposable
{
    private const string Work = "arn:aws:states:us-east-1:000000000000:activity:work";

    private const string Waits =
        """{"StartAt":"A","States":{"A":{"Type":"Task","End":true,"Resource":""" + "\"" + Work + "\"}}}";

    private const string Items = """
        {"Type":"Map","End":true,"ItemsPath":"$.items","ItemProcessor":{
          "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
        """;

    private const string Nested = """
        {"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync","End":true,
         "Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:child"}}
        """;

    private const string Boom =
        """{"Type":"Task","End":true,"Resource":"arn:aws:lambda:us-east-1:000000000000:function:boom"}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-orphans-").FullName;
    private readonly HandClock _clock = new(WorkflowBench.Start);
    private readonly TaskCompletionSource<TaskOutcome> _boom = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private string Path => System.IO.Path.Combine(_folder, "workflows.db");

    [Theory]
    [InlineData("item", "is stopped")]
    [InlineData("item", "fails")]
    [InlineData("item", "times out")]
    [InlineData("task", "is stopped")]
    [InlineData("task", "fails")]
    [InlineData("task", "times out")]
    public async Task The_next_kernel_stops_what_the_one_before_did_not_come_to(string child, string how)
    {
        var orphan = await LeaveOrphanAsync(child, how);
        await using (var next = Open())
        {
            Assert.Equal("ABORTED", (await next.EndAsync(orphan))["status"].AsString());
            Assert.Empty(next.Store.Open());
            Assert.Empty(next.Panics);
        }

        // Once: a kernel after that finds nothing more to do.
        await using var third = Open();
        Assert.Single(await third.HistoryAsync(orphan), type => type == "ExecutionAborted");
    }

    [Fact]
    public async Task What_people_have_redriven_for_themselves_goes_on()
    {
        var orphan = await LeaveOrphanAsync("task", "is stopped");
        await using (var next = Open())
        {
            await next.EndAsync(orphan);
            await next.CallAsync("RedriveExecution", ("executionArn", orphan));
        }

        await using var third = Open();
        Assert.NotNull(third.Engine.Find(orphan));
        await third.CallAsync("StopExecution", ("executionArn", orphan));
        Assert.Equal("ABORTED", (await third.EndAsync(orphan))["status"].AsString());
    }

    [Theory]
    [InlineData("item")]
    [InlineData("task")]
    public async Task While_it_is_not_known_whether_somebody_waits_it_goes_on(string child)
    {
        string parent;
        await using (var first = Open())
        {
            parent = await BeginAsync(first, child);
        }

        Execute("UPDATE entry SET body = x'00' WHERE key = 1 AND sequence = 1");
        Execute("UPDATE last SET waits = NULL");
        await using var next = Open();
        Assert.Null(next.Engine.Find(parent));
        Assert.Single(next.Engine.Running);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // The parent's end is on disk. What stops the child is not.
    private async Task<string> LeaveOrphanAsync(string child, string how)
    {
        CutStore? cut = null;
        await using var first = Open(store => cut = new CutStore(store, cutAt: 3, isKept: false, only: 2));
        var parent = await BeginAsync(first, child);
        switch (how)
        {
            case "is stopped":
                await first.CallAsync("StopExecution", ("executionArn", parent));
                break;
            case "fails":
                _boom.SetResult(TaskOutcome.Failed("Boom", "it was told to"));
                break;
            default:
                _clock.Advance(TimeSpan.FromSeconds(101));
                break;
        }

        await cut!.Cut;
        var open = Assert.Single(first.Store.Open());
        Assert.Equal(2, open.Key);
        return open.Arn;
    }

    private static async Task<string> BeginAsync(WorkflowBench bench, string child)
    {
        await bench.CallAsync("CreateActivity", ("name", "work"));
        await bench.CreateAsync("child", Waits);
        var waits = child == "task" ? Nested : Items + Waits[1..] + "}";
        var machine = await bench.CreateAsync("m", """
            {"TimeoutSeconds":100,"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[
              {"StartAt":"X","States":{"X":WAITS}},{"StartAt":"Y","States":{"Y":BOOM}}]}}}
            """.Replace("WAITS", waits, StringComparison.Ordinal).Replace("BOOM", Boom, StringComparison.Ordinal));
        var parent = await bench.StartAsync(machine, """{"items":[1]}""");
        await bench.CallAsync("GetActivityTask", ("activityArn", Work));
        return parent;
    }

    private WorkflowBench Open(Func<IExecutionStore, IExecutionStore>? wrap = null) => WorkflowBench.Open(
        Path, new FunctionBook().WithAsync("boom", () => _boom.Task), wrap, time: _clock);

    private void Execute(string sql)
    {
        using SqliteConnection connection = new($"Data Source={Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.NotEqual(0, command.ExecuteNonQuery());
    }
}
