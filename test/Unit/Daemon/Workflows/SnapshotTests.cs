using Analemma.Daemon.Workflows.Archives;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Sqlite;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Json;
using Analemma.Workflow.Snapshots;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Long executions go on from a snapshot, and do without it when there is anything wrong with it.</summary>
public sealed class SnapshotTests : IDisposable
{
    private const string Work = "arn:aws:states:us-east-1:000000000000:activity:work";

    /// <summary>Waits a hundred times, then for a worker, whose answer it ends with.</summary>
    private const string Loop = """
        {"QueryLanguage":"JSONata","StartAt":"I","States":{
          "I":{"Type":"Pass","Assign":{"n":0,"kept":"{% $states.input %}"},"Next":"W"},
          "W":{"Type":"Wait","Seconds":1,"Assign":{"n":"{% $n + 1 %}"},"Next":"C"},
          "C":{"Type":"Choice","Choices":[{"Condition":"{% $n < 100 %}","Next":"W"}],"Default":"T"},
          "T":{"Type":"Task","Resource":"
        """ + Work + """
        ","Output":{"n":"{% $n %}","told":"{% $states.result %}","kept":"{% $length($kept.text) %}"},"End":true}}}
        """;

    private static readonly SnapshotRule Often = new(20, long.MaxValue, 0);

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-snapshots-").FullName;

    private string _token = "";

    private string Path => System.IO.Path.Combine(_folder, "workflows.db");

    [Fact]
    public async Task A_long_execution_goes_on_from_its_snapshot()
    {
        var execution = await RunToItsTaskAsync();
        TamperedStore? seen = null;
        await using (var next = Open(kept => kept, store => seen = store))
        {
            Assert.Equal("""{"n":100,"told":7,"kept":1}""", await EndAsync(next, execution));
            Assert.Empty(next.Panics);
        }

        // The records after the snapshot were read, and none before.
        Assert.Contains(seen!.ReadFrom, from => from > 90);
        Assert.True(seen.ReadFrom[0] > 90, $"records were read from {string.Join(' ', seen.ReadFrom)}");
    }

    [Theory]
    [InlineData("its digest is wrong")]
    [InlineData("it is of another version")]
    [InlineData("it is no snapshot")]
    [InlineData("it is of another place")]
    [InlineData("it is another state")]
    public async Task Whatever_is_wrong_with_a_snapshot_the_records_do_without_it(string how)
    {
        var execution = await RunToItsTaskAsync();
        Checkpoint? Tamper(Checkpoint? kept) => (how, kept) switch
        {
            (_, null) => null,
            ("its digest is wrong", _) => throw new JournalCorruptException(0, "checkpoint digest", "a", "b"),
            ("it is of another version", _) => kept with { FormatVersion = 77, State = "?"u8.ToArray() },
            ("it is no snapshot", _) => kept with { State = """{"s":7,"v":[]}"""u8.ToArray() },
            ("it is of another place", _) =>
                kept with { Position = new JournalPosition(kept.Position.Sequence - 1, kept.Position.Hash) },
            _ => kept with { State = Other(kept.State) },
        };
        TamperedStore? seen = null;
        await using var next = Open(Tamper, store => seen = store);
        Assert.Equal("""{"n":100,"told":7,"kept":1}""", await EndAsync(next, execution));
        Assert.Contains(1, seen!.ReadFrom);
        Assert.Empty(next.Panics);
    }

    [Fact]
    public async Task What_only_a_snapshot_needs_is_kept_as_long_as_it_does()
    {
        // What a Map still has to do is in no record of its own; here it is large.
        const string Made = """
            {"QueryLanguage":"JSONata","StartAt":"M","States":{
              "M":{"Type":"Map","Items":"{% [1..3].{'i': $, 'text': $pad('', 150000, '#')} %}","MaxConcurrency":1,
                "ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"
            """ + Work + """
            ","Arguments":{"i":"{% $states.input.i %}"},"Output":"{% $states.input.i %}","End":true}}},"Next":"Z"},
              "Z":{"Type":"Task","Resource":"
            """ + Work + """
            ","Arguments":{},"Output":1,"End":true}}}
            """;
        await using var bench = WorkflowBench.Open(Path, new FunctionBook(), snapshots: new SnapshotRule(1, 0, 0));
        await bench.CallAsync("CreateActivity", ("name", "work"));
        await bench.StartAsync(await bench.CreateAsync("m", Made), name: "x");
        await SendAsync(bench);
        var swept = await bench.Payloads.SweepAsync(TestContext.Current.CancellationToken);
        Assert.True(swept.Kept > 0, "nothing was large");
        Assert.Equal(0, swept.Removed);
        var references = ExecutionSnapshot.References(bench.Store.Checkpoint(1)!.State.Span);
        Assert.NotEmpty(references);
        Assert.All(references, each => bench.Payloads.Load(each, "the test"));

        await SendAsync(bench);
        await SendAsync(bench);
        Assert.Empty(ExecutionSnapshot.References(bench.Store.Checkpoint(1)!.State.Span));
        Assert.True((await bench.Payloads.SweepAsync(TestContext.Current.CancellationToken)).Removed > 0);
    }

    [Fact]
    public async Task Verifying_compares_a_snapshot_with_what_the_records_come_to()
    {
        await RunToItsTaskAsync();
        var options = new Analemma.Daemon.Workflows.WorkflowOptions { Path = Path };
        var whole = WorkflowJournal.Verify(options);
        Assert.Empty(whole.Damaged);
        Assert.Equal(1, whole.Snapshots);

        // Written as a snapshot is, digest and all, and yet another state.
        using (var store = SqliteExecutionStore.Open(Path))
        {
            var kept = store.Checkpoint(1)!;
            TaskCompletionSource<JournalStoreException?> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
            store.Write(
                new ExecutionStoreChange { Key = 1, Checkpoint = kept with { State = Other(kept.State) } },
                done.SetResult);
            Assert.Null(await done.Task);
        }

        var damage = Assert.Single(WorkflowJournal.Verify(options).Damaged).Damage;
        Assert.Equal(("snapshot", "another state"), (damage.What, damage.Found));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // The count of the loop is one more.
    private static byte[] Other(ReadOnlyMemory<byte> state)
    {
        var text = System.Text.Encoding.UTF8.GetString(state.Span);
        var other = text.Replace("\"n\":[", "\"n\":[1", StringComparison.Ordinal);
        Assert.NotEqual(text, other);
        return System.Text.Encoding.UTF8.GetBytes(other);
    }

    // Time is eager: an answer that there is none yet may come first.
    private static async Task<JsonValue> TaskAsync(WorkflowBench bench)
    {
        JsonValue task;
        do
        {
            task = await bench.CallAsync("GetActivityTask", ("activityArn", Work));
        }
        while (task["taskToken"].IsUndefined);
        return task;
    }

    private static async Task SendAsync(WorkflowBench bench)
    {
        var task = await TaskAsync(bench);
        await bench.CallAsync("SendTaskSuccess", ("taskToken", task["taskToken"]), ("output", "7"));
    }

    private async Task<string> EndAsync(WorkflowBench bench, string execution)
    {
        await bench.CallAsync("SendTaskSuccess", ("taskToken", _token), ("output", "7"));
        var end = await bench.EndAsync(execution);
        Assert.Equal("SUCCEEDED", end["status"].AsString());
        return end["output"].AsString();
    }

    private WorkflowBench Open(Func<Checkpoint?, Checkpoint?> tamper, Action<TamperedStore> made) => WorkflowBench.Open(
        Path,
        new FunctionBook(),
        store =>
        {
            TamperedStore tampered = new(store, tamper);
            made(tampered);
            return tampered;
        },
        snapshots: Often);

    private async Task<string> RunToItsTaskAsync()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook(), snapshots: Often);
        await bench.CallAsync("CreateActivity", ("name", "work"));
        var execution = await bench.StartAsync(
            await bench.CreateAsync("m", Loop.ReplaceLineEndings("")), """{"text":"x"}""", "x");
        // When a worker has it, all before it is on disk.
        _token = (await TaskAsync(bench))["taskToken"].AsString();
        Assert.NotNull(bench.Store.Checkpoint(1));
        return execution;
    }
}
