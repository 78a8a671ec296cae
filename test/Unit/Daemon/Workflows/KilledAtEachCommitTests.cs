using Analemma.Daemon.Workflows.Api;
using Analemma.Journal.Executions;
using Analemma.Storage.Sqlite;
using Analemma.Workflow.Hosting;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>
/// Workflows whose kernel is killed at each of their commits in turn, once before and once after it is on disk: the
/// next kernel brings them to the same end, with the same history, and no attempt of a task is run more than twice.
/// </summary>
public sealed class KilledAtEachCommitTests : IDisposable
{
    private const string Wait = """{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":5,"End":true}}}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-workflows-").FullName;

    /// <summary>Those of workflows.json.</summary>
    public static TheoryData<string> Names => [.. WorkflowBook.Definitions().Names.ToArray()];

    [Theory]
    [MemberData(nameof(Names))]
    public Task The_next_kernel_brings_it_to_the_same_end(string name) => SameEndAsync(name, SnapshotRule.Default);

    /// <summary>Some of them.</summary>
    public static TheoryData<string> Third =>
        [.. WorkflowBook.Definitions().Names.ToArray().Where((_, index) => index % 3 == 0)];

    /// <summary>Each commit has a snapshot, and each restart begins from one.</summary>
    [Theory]
    [MemberData(nameof(Third))]
    public Task The_next_kernel_brings_it_to_the_same_end_from_a_snapshot(string name) =>
        SameEndAsync(name, new SnapshotRule(1, 0, 0));

    private async Task SameEndAsync(string name, SnapshotRule snapshots)
    {
        var definition = WorkflowBook.Definitions()[name].ToString();
        var expected = await RunAsync(name, definition, cutAt: int.MaxValue, isKept: false, snapshots);
        Assert.False(expected.WasCut);
        var cuts = 0;
        foreach (var isKept in (bool[])[false, true])
        {
            for (var cutAt = 1; ; cutAt++)
            {
                var run = await RunAsync($"{name}-{cutAt}-{isKept}", definition, cutAt, isKept, snapshots);
                Assert.True(
                    expected.Matches(run), $"killed at {cutAt} ({(isKept ? "kept" : "lost")}):\n{expected}\n{run}");
                if (!run.WasCut)
                {
                    break;
                }

                cuts++;
            }
        }

        Assert.True(cuts >= 2, "nothing was ever killed");
    }

    [Theory]
    [InlineData("""{"StateMachineArn":"CHILD","Name":"alone"}""")]
    [InlineData("""{"StateMachineArn":"CHILD"}""")]
    public async Task A_child_that_ended_before_its_parent_was_told_is_known_again(string parameters)
    {
        var path = Path.Combine(_folder, "child.db");
        string execution;
        CutStore? cut = null;
        var store = SqliteExecutionStore.Open(path);
        await using (var first = WorkflowBench.Over(cut = new CutStore(store, 2, isKept: false, only: 1), path, new()))
        {
            var child = await first.CreateAsync("child", WorkflowBook.Child);
            var machine = await first.CreateAsync("m", """
                {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution",
                  "Parameters":PARAMETERS,"End":true}}}
                """.Replace("PARAMETERS", parameters.Replace("CHILD", child, StringComparison.Ordinal),
                StringComparison.Ordinal));
            execution = await first.StartAsync(machine, name: "x");
            await cut.Cut;
            var started = Assert.Single(store.List(new ExecutionQuery { Max = 10 }), each => each.Key != 1);
            await first.EndAsync(FoundExecution.Of(started).Head.Arn);
        }

        await using var second = WorkflowBench.Open(path, new());
        var end = await second.EndAsync(execution);
        Assert.True(end["status"].AsString() == "SUCCEEDED", end.ToString());
        Assert.Equal(2, second.Store.List(new ExecutionQuery { Max = 10 }).Count);

        // The negative control: another task that wants the name is told that it is taken.
        await second.StartAsync(end["stateMachineArn"].AsString(), name: "y");
        var other = await second.EndAsync(execution[..^1] + "y");
        var isNamed = parameters.Contains("alone", StringComparison.Ordinal);
        Assert.Equal(isNamed, other["error"].ToString().Contains("ExecutionAlreadyExists", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_kernel_that_forgets_its_timers_is_found_out()
    {
        // The negative control: without the second kernel nothing ends.
        var path = Path.Combine(_folder, "control.db");
        CutStore? cut = null;
        await using var bench = WorkflowBench.Open(
            path, WorkflowBook.Functions(), store => cut = new CutStore(store, 2, isKept: false));
        var machine = await bench.CreateAsync("m", Wait);
        var execution = await bench.StartAsync(machine, name: "x");
        await cut!.Cut;

        Assert.False(bench.Engine.Find(execution)!.Ended.IsCompleted);
        Assert.Single(bench.Store.Open());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<Outcome> RunAsync(
        string name, string definition, int cutAt, bool isKept, SnapshotRule snapshots)
    {
        var path = Path.Combine(_folder, $"{name.Replace(' ', '-')}.db");
        var functions = WorkflowBook.Functions();
        var wasCut = false;
        string execution;
        CutStore? cut = null;
        await using (var first = WorkflowBench.Open(
            path, functions, store => cut = new CutStore(store, cutAt, isKept), snapshots: snapshots))
        {
            await first.CallAsync("CreateActivity", ("name", "nobody"));
            await first.CreateAsync("child", WorkflowBook.Child);
            var machine = await first.CreateAsync("m", definition);
            execution = machine.Replace(":stateMachine:", ":execution:", StringComparison.Ordinal) + ":x";
            var started = first.StartAsync(machine, WorkflowBook.Input, "x");
            if (await Task.WhenAny(cut!.Cut, started) == started)
            {
                var ended = first.EndAsync(await started);
                await Task.WhenAny(cut.Cut, ended);
            }

            wasCut = cut.Cut.IsCompleted;
            Assert.Empty(first.Panics);
        }

        await using var second = WorkflowBench.Open(path, functions, snapshots: snapshots);
        if (second.Store.Find(execution) is null)
        {
            // The kill came before anybody was told that it had started: who asked asks again.
            Assert.True(wasCut && cutAt == 1 && !isKept, "an execution is lost");
            var machine = execution.Replace(":execution:", ":stateMachine:", StringComparison.Ordinal)[..^2];
            await second.StartAsync(machine, WorkflowBook.Input, "x");
        }

        var end = await second.EndAsync(execution);
        var types = await second.HistoryAsync(execution);

        // A child that nobody waits for ends after its parent.
        foreach (var open in second.Store.Open())
        {
            await second.EndAsync(open.Arn);
        }

        Assert.Empty(second.Store.Open());
        Assert.Empty(second.Panics);
        return new Outcome(
            end["status"].AsString(),
            end["output"].ToString(),
            end["error"].ToString(),
            [.. types.Order(StringComparer.Ordinal)],
            functions.Attempts.Keys.Count(),
            functions.Attempts.Values.DefaultIfEmpty().Max(),
            wasCut);
    }

    private sealed record Outcome(
        string Status, string Output, string Error, IReadOnlyList<string> Types, int Attempts, int RunsMax, bool WasCut)
    {
        public bool Matches(Outcome run) =>
            (Status, Output, Error, Attempts) == (run.Status, run.Output, run.Error, run.Attempts)
            && Types.SequenceEqual(run.Types)
            && run.RunsMax <= 2;

        public override string ToString() =>
            $"{Status} {Output} {Error}, {Attempts} attempts of at most {RunsMax} runs: {string.Join(' ', Types)}";
    }
}
