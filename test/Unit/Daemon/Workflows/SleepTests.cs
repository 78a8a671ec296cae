using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Archives;
using Analemma.Journal;
using Analemma.Workflow.Executions;
using Microsoft.Data.Sqlite;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>After a restart, what only waits is not folded before something happens to it.</summary>
public sealed class SleepTests : IDisposable
{
    private const string Wait = """{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":100,"End":true}}}""";

    private const string Token = """
        {"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:us-east-1:000000000000:activity:work",
          "TimeoutSeconds":500,"HeartbeatSeconds":400,"End":true}}}
        """;

    private const string Parent = """
        {"StartAt":"P","States":{"P":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2",
          "Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:wait","Input":{"a":1}},
          "OutputPath":"$.Output","End":true}}}
        """;

    private static readonly string[] Names = ["wait", "token", "parent"];

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-sleep-").FullName;
    private readonly HandClock _clock = new(WorkflowBench.Start);

    private string _token = "";

    private string Path => System.IO.Path.Combine(_folder, "workflows.db");

    [Fact]
    public async Task What_only_waits_is_taken_up_without_a_look_at_its_records()
    {
        var executions = await BeginAsync();
        TamperedStore? seen = null;
        await using var next = Open(store => seen = store);
        Assert.Empty(seen!.ReadFrom);
        Assert.All(executions, each => Assert.NotNull(next.Engine.Find(each)));

        await next.CallAsync("SendTaskHeartbeat", ("taskToken", _token));
        await next.CallAsync("SendTaskSuccess", ("taskToken", _token), ("output", """{"b":2}"""));
        Assert.Equal("""{"b":2}""", (await next.EndAsync(executions[1]))["output"].AsString());
        Assert.NotEmpty(seen.ReadFrom);

        _clock.Advance(TimeSpan.FromSeconds(101));
        Assert.Equal("SUCCEEDED", (await next.EndAsync(executions[0]))["status"].AsString());
        Assert.Equal("""{"a":1}""", (await next.EndAsync(executions[2]))["output"].AsString());
        Assert.Empty(next.Panics);
    }

    [Fact]
    public async Task What_has_slept_can_be_stopped()
    {
        var executions = await BeginAsync();
        await using var next = Open(_ => { });
        await next.CallAsync("StopExecution", ("executionArn", executions[1]));
        Assert.Equal("ABORTED", (await next.EndAsync(executions[1]))["status"].AsString());
    }

    [Theory]
    [InlineData("NULL")]
    [InlineData("zeroblob(70)")]
    [InlineData("(SELECT waits FROM last WHERE key = 1)")]
    public async Task Without_what_it_waits_for_its_records_are_folded(string waits)
    {
        var executions = await BeginAsync();
        Execute($"UPDATE last SET waits = {waits} WHERE key > 1");
        TamperedStore? seen = null;
        await using var next = Open(store => seen = store);
        Assert.NotEmpty(seen!.ReadFrom);
        _clock.Advance(TimeSpan.FromSeconds(101));
        Assert.Equal("SUCCEEDED", (await next.EndAsync(executions[2]))["status"].AsString());
        Assert.Equal("SUCCEEDED", (await next.EndAsync(executions[0]))["status"].AsString());
    }

    [Fact]
    public async Task A_damaged_history_is_found_while_it_sleeps_and_told_to_whoever_asks()
    {
        var executions = await BeginAsync();
        Execute("UPDATE entry SET ticks = ticks + 1 WHERE key = 1 AND sequence = 1");
        await using (var next = Open(_ => { }))
        {
            var asleep = next.Engine.Find(executions[0])!;
            await next.Engine.CheckAsync(TestContext.Current.CancellationToken);
            Assert.Null(next.Engine.Find(executions[0]));
            Assert.NotNull(next.Engine.Find(executions[1]));
            var damage = await Assert.ThrowsAsync<JournalCorruptException>(
                () => asleep.PostAsync(at => new ExecutionEvent.Stopped(at, null, null)));
            Assert.Equal(1, damage.Sequence);
            await Assert.ThrowsAsync<JournalCorruptException>(() => asleep.Ended);
        }

        // It stays as it is on disk.
        Assert.Contains(WorkflowJournal.Verify(Options).Damaged, each => each.Execution == executions[0]);
    }

    [Fact]
    public async Task A_damaged_history_that_was_not_looked_at_is_met_when_something_happens()
    {
        var executions = await BeginAsync();
        Execute("UPDATE entry SET body = x'00' WHERE key = 2 AND sequence = 2");
        await using var next = Open(_ => { });
        var asleep = next.Engine.Find(executions[1])!;
        var damage = await Assert.ThrowsAsync<JournalCorruptException>(
            () => asleep.PostAsync(at => new ExecutionEvent.Stopped(at, null, null)));
        Assert.Equal(2, damage.Sequence);
        Assert.Null(next.Engine.Find(executions[1]));
        Assert.Equal(0, next.Engine.Tokens.All().Count(each => each.Holder.Execution == asleep));
        Assert.Equal("RUNNING", (await next.CallAsync(
            "DescribeExecution", ("executionArn", executions[1])))["status"].AsString());
    }

    [Fact]
    public async Task Verifying_compares_what_is_waited_for_with_what_the_records_come_to()
    {
        await BeginAsync();
        Assert.Empty(WorkflowJournal.Verify(Options).Damaged);
        Execute("UPDATE last SET waits = (SELECT waits FROM last WHERE key = 2) WHERE key = 1");
        var damage = Assert.Single(WorkflowJournal.Verify(Options).Damaged).Damage;
        Assert.Equal("digest of what it waits for", damage.What);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private WorkflowOptions Options => new() { Path = Path, PayloadsFolder = WorkflowBench.PayloadsOf(Path) };

    private WorkflowBench Open(Action<TamperedStore> seen) => WorkflowBench.Open(
        Path,
        new FunctionBook(),
        store =>
        {
            TamperedStore made = new(store, kept => kept);
            seen(made);
            return made;
        },
        time: _clock);

    // One that waits for a time, one for a token, and one for another execution.
    private async Task<string[]> BeginAsync()
    {
        await using var first = Open(_ => { });
        await first.CallAsync("CreateActivity", ("name", "work"));
        List<string> executions = [];
        foreach (var (name, definition) in Names.Zip((string[])[Wait, Token, Parent]))
        {
            executions.Add(await first.StartAsync(await first.CreateAsync(name, definition), name: "x"));
        }

        _token = (await first.CallAsync(
            "GetActivityTask",
            ("activityArn", "arn:aws:states:us-east-1:000000000000:activity:work")))["taskToken"].AsString();
        // Their calls have answered, and that is on disk.
        while (first.Store.Open() is var open && (open.Count < 4 || open.Any(each => each.Waits is null)))
        {
            await Task.Yield();
        }

        return [.. executions];
    }

    private void Execute(string sql)
    {
        using SqliteConnection connection = new($"Data Source={Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.NotEqual(0, command.ExecuteNonQuery());
    }
}
