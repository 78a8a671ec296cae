using System.Text;
using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Archives;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Sqlite;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Histories without an end go on in segments when their owner wants that, as sound as others.</summary>
public sealed class RolloverTests : IDisposable
{
    private const string Input = """{ "n" : 0 }""";

    /// <summary>Waits, calls a function and counts, thirty times.</summary>
    private const string Loop = """
        {"QueryLanguage":"JSONata","StartAt":"I","States":{
          "I":{"Type":"Pass","Assign":{"n":"{% $states.input.n %}"},"Next":"W"},
          "W":{"Type":"Wait","Seconds":1,"Next":"F"},
          "F":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:work",
               "Arguments":{"n":"{% $n %}"},"Assign":{"n":"{% $n + 1 %}"},"Output":"{% $states.result %}","Next":"C"},
          "C":{"Type":"Choice","Choices":[{"Condition":"{% $n < 30 %}","Next":"W"}],"Default":"Z"},
          "Z":{"Type":"Pass","Output":{"n":"{% $n %}","started":"{% $states.context.Execution.Input %}"},"End":true}}}
        """;

    private const string Endless = """
        {"StartAt":"A","States":{"A":{"Type":"Pass","Next":"C"},
          "C":{"Type":"Choice","Choices":[{"Variable":"$.stop","IsPresent":true,"Next":"Z"}],"Default":"A"},
          "Z":{"Type":"Succeed"}}}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-rollover-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "workflows.db");

    [Fact]
    public async Task A_loop_goes_on_in_segments_and_what_is_kept_of_its_history_is_whole()
    {
        await using var bench = Open(kept: 2);
        var execution = await RunAsync(bench);
        Assert.Equal(
            """{"n":30,"started":{"n":0}}""", (await bench.EndAsync(execution))["output"].AsString());
        // The input, as it was sent, is known although the event that has it is not kept.
        Assert.Equal(Input, (await bench.EndAsync(execution))["input"].AsString());

        var ids = await IdsAsync(bench, execution, reverse: false);
        Assert.InRange(ids[0], 2, ids[^1] - 40);
        Assert.Equal(Enumerable.Range(0, ids.Count).Select(i => ids[0] + i), ids);
        Assert.InRange(ids.Count, 41, 100);
        Assert.Equal(ids.AsEnumerable().Reverse(), await IdsAsync(bench, execution, reverse: true));
        Assert.Equal("ExecutionSucceeded", (await bench.HistoryAsync(execution))[^1]);
        Assert.InRange(bench.Store.Records(1)[0].Sequence, 2, long.MaxValue);
        Assert.Empty(bench.Panics);
    }

    [Fact]
    public async Task It_is_checked_taken_away_and_brought_as_any_other()
    {
        await using (var bench = Open(kept: 1))
        {
            await RunAsync(bench);
        }

        var options = OptionsOf(Path);
        var check = WorkflowJournal.Verify(options);
        Assert.Empty(check.Damaged);
        Assert.Equal(1, check.Snapshots);
        var archive = System.IO.Path.Combine(_folder, "archive");
        var exported = WorkflowJournal.Export(options, archive);
        var other = OptionsOf(System.IO.Path.Combine(_folder, "other.db"));
        Assert.Equal(exported, WorkflowJournal.Import(other, archive, TimeProvider.System));
        Assert.Empty(WorkflowJournal.Verify(other).Damaged);
    }

    [Fact]
    public async Task A_segment_that_begins_with_something_else_is_found()
    {
        await using (var bench = Open(kept: 100))
        {
            await RunAsync(bench);
        }

        // Chained as it should be, and yet not what the records before it come to.
        var other = System.IO.Path.Combine(_folder, "other.db");
        using (var from = SqliteExecutionStore.Open(Path))
        using (var to = SqliteExecutionStore.Open(other))
        {
            var last = JournalPosition.Beginning;
            List<JournalRecord> records = [];
            foreach (var record in from.Records(1))
            {
                var body = record.Type == "segment"
                    ? Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(record.Body.Span)
                        .Replace("\"redrives\":0", "\"redrives\":1", StringComparison.Ordinal)
                        .Replace(PreviousOf(record), last.Hash.ToString(), StringComparison.Ordinal))
                    : record.Body;
                records.Add(HashChain.Next(last, new JournalEntry(record.Type, body, record.Ticks)));
                last = records[^1].Position;
            }

            await KeepAsync(to, new ExecutionStoreChange
            {
                Documents = [.. from.Documents("revision"), .. from.Documents("machine")],
                Key = 1,
                Begins = from.Find(1),
                Records = records,
                Checkpoint = from.Checkpoint(1)! with { Position = last },
            });
        }

        Assert.Empty(WorkflowJournal.Verify(OptionsOf(Path)).Damaged);
        var damage = Assert.Single(WorkflowJournal.Verify(OptionsOf(other)).Damaged).Damage;
        Assert.Equal(("segment", "another state"), (damage.What, damage.Found));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1)]
    public async Task Killed_at_any_commit_it_comes_to_the_same_end(int kept)
    {
        var expected = await KilledAsync("whole", int.MaxValue, isKept: false, kept);
        Assert.False(expected.WasCut);
        var cuts = 0;
        foreach (var isKept in (bool[])[false, true])
        {
            // Some segments: each has several commits, of which one begins it.
            for (var cutAt = 2; cutAt <= 26; cutAt++)
            {
                var run = await KilledAsync($"{cutAt}-{isKept}", cutAt, isKept, kept);
                Assert.True(run.WasCut);
                Assert.Equal(expected.Output, run.Output);
                Assert.InRange(run.RunsMax, 1, 2);
                if (kept == 100)
                {
                    Assert.Equal(expected.Types, run.Types);
                }

                cuts++;
            }
        }

        Assert.Equal(50, cuts);
    }

    [Fact]
    public async Task Strict_or_not_asked_for_it_ends_where_the_service_ends_it()
    {
        (bool, bool, string?)[] cases = [(true, true, "true"), (false, false, null), (false, true, "false")];
        foreach (var (strict, rollover, tag) in cases)
        {
            await using var bench = WorkflowBench.Open(
                System.IO.Path.Combine(_folder, $"{strict}{rollover}.db"),
                new FunctionBook(),
                configure: options => options with { Strict = strict, Rollover = rollover });
            var end = await bench.EndAsync(await bench.StartAsync(await CreateAsync(bench, Endless, tag)));
            Assert.Equal(("FAILED", "States.Runtime"), (end["status"].AsString(), end["error"].AsString()));
            Assert.Equal(
                "The execution reached the maximum number of history events (25000).", end["cause"].AsString());
        }
    }

    [Fact]
    public async Task A_machine_says_by_its_tag_that_its_executions_go_on()
    {
        await using var bench = WorkflowBench.Open(
            Path, Functions(), configure: options => options with { SegmentEvents = 20, SegmentsKept = 0 });
        var execution = await bench.StartAsync(await CreateAsync(bench, Loop, "true"), Input);
        Assert.Equal("SUCCEEDED", (await bench.EndAsync(execution))["status"].AsString());
        Assert.InRange((await bench.HistoryAsync(execution)).Count, 1, 30);
    }

    [Fact]
    public async Task Payloads_that_only_forgotten_segments_refer_to_are_swept()
    {
        var functions = new FunctionBook().With("work", (input, _) =>
            TaskOutcome.Done(JsonObject.Of(("text", new string('x', 300_000) + input["n"]))));
        await using var bench = WorkflowBench.Open(Path, functions, configure: options => options with
        {
            Rollover = true,
            SegmentEvents = 20,
            SegmentsKept = 1,
        });
        await RunAsync(bench);
        var swept = await bench.Payloads.SweepAsync(TestContext.Current.CancellationToken);
        Assert.InRange(swept.Kept, 1, 20);
        Assert.InRange(swept.Removed, 15, 30);
        var check = WorkflowJournal.Verify(bench.Options);
        Assert.Empty(check.Damaged);
        Assert.Equal(1, check.Snapshots);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static FunctionBook Functions() => new FunctionBook()
        .With("work", (input, _) => TaskOutcome.Done(input["n"]));

    private static WorkflowOptions OptionsOf(string path) =>
        new() { Path = path, PayloadsFolder = WorkflowBench.PayloadsOf(path) };

    private static string PreviousOf(JournalRecord record) =>
        JsonValue.Parse(record.Body.Span, JsonLimits.Widest)["previous"].AsString();

    private static async Task KeepAsync(SqliteExecutionStore store, ExecutionStoreChange change)
    {
        TaskCompletionSource<JournalStoreException?> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        store.Write(change, done.SetResult);
        Assert.Null(await done.Task);
    }

    private static async Task<string> CreateAsync(WorkflowBench bench, string definition, string? tag) =>
        (await bench.CallAsync(
            "CreateStateMachine",
            ("name", "m"),
            ("definition", definition),
            ("roleArn", "arn:aws:iam::000000000000:role/r"),
            ("tags", tag is null ? JsonValue.Undefined : JsonArray.Of(
                JsonObject.Of(("key", "analemma:rollover"), ("value", tag))))))["stateMachineArn"].AsString();

    private static async Task<string> RunAsync(WorkflowBench bench)
    {
        var execution = await bench.StartAsync(await bench.CreateAsync("m", Loop), Input, "x");
        Assert.Equal("SUCCEEDED", (await bench.EndAsync(execution))["status"].AsString());
        return execution;
    }

    private static async Task<List<long>> IdsAsync(WorkflowBench bench, string execution, bool reverse)
    {
        List<long> ids = [];
        JsonValue next = default;
        do
        {
            var page = await bench.CallAsync(
                "GetExecutionHistory",
                ("executionArn", execution),
                ("maxResults", 7),
                ("reverseOrder", reverse),
                ("nextToken", next));
            foreach (var each in page["events"].AsArray())
            {
                Assert.True(each["id"].TryGetInt64(out var id));
                ids.Add(id);
            }

            next = page["nextToken"];
        }
        while (next.IsDefined);
        return ids;
    }

    private WorkflowBench Open(int kept) => WorkflowBench.Open(
        Path,
        Functions(),
        configure: options => options with { Rollover = true, SegmentEvents = 20, SegmentsKept = kept });

    private async Task<Outcome> KilledAsync(string name, int cutAt, bool isKept, int kept)
    {
        var path = System.IO.Path.Combine(_folder, $"{name}.db");
        var functions = Functions();
        WorkflowOptions Configure(WorkflowOptions options) =>
            options with { Rollover = true, SegmentEvents = 20, SegmentsKept = kept };
        string execution;
        bool wasCut;
        CutStore? cut = null;
        await using (var first = WorkflowBench.Open(
            path, functions, store => cut = new CutStore(store, cutAt, isKept), configure: Configure))
        {
            execution = await first.StartAsync(await first.CreateAsync("m", Loop), Input, "x");
            await Task.WhenAny(cut!.Cut, first.EndAsync(execution));
            wasCut = cut.Cut.IsCompleted;
            Assert.Empty(first.Panics);
        }

        Assert.Empty(WorkflowJournal.Verify(OptionsOf(path)).Damaged);
        await using var second = WorkflowBench.Open(path, functions, configure: Configure);
        var end = await second.EndAsync(execution);
        Assert.Equal("SUCCEEDED", end["status"].AsString());
        var types = await second.HistoryAsync(execution);
        Assert.Empty(second.Panics);
        return new Outcome(
            end["output"].AsString(),
            [.. types.Order(StringComparer.Ordinal)],
            functions.Attempts.Values.Max(),
            wasCut);
    }

    private sealed record Outcome(string Output, IReadOnlyList<string> Types, int RunsMax, bool WasCut);
}
