using Analemma.Daemon.Runners;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Revisions of state machines are forgotten when nobody refers to them, and not before.</summary>
public sealed class RevisionSweepTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-revisions-").FullName;
    private readonly HandClock _clock = new(WorkflowBench.Start);

    private string Path => System.IO.Path.Combine(_folder, "workflows.db");

    [Fact]
    public async Task A_revision_goes_when_no_machine_version_or_execution_refers_to_it()
    {
        string execution;
        await using (var bench = Open())
        {
            using var sweeps = Sweeps(bench);
            var machine = await bench.CreateAsync("m", Definition("used by an execution"));
            execution = await bench.StartAsync(machine, name: "x");
            await bench.EndAsync(execution);
            await UpdateAsync(bench, machine, "used by nobody");
            await UpdateAsync(bench, machine, "used by a version");
            await bench.CallAsync("PublishStateMachineVersion", ("stateMachineArn", machine));
            await UpdateAsync(bench, machine, "used by the machine");
            Assert.Equal(4, RevisionsOf(bench).Count);

            // Somebody may just be starting by one.
            Assert.Equal(0, await SweepAsync(sweeps));
            Assert.Equal(1, await SweepAsync(sweeps));
            Assert.Equal(0, await SweepAsync(sweeps));
            Assert.DoesNotContain(RevisionsOf(bench), each => each.Contains("nobody", StringComparison.Ordinal));
            Assert.Equal(3, RevisionsOf(bench).Count);
        }

        await using var next = Open();
        using var later = Sweeps(next);
        Assert.Contains("used by an execution", (await next.CallAsync(
            "DescribeStateMachineForExecution", ("executionArn", execution)))["definition"].AsString());
        Assert.Equal(0, await SweepAsync(later));
        Assert.Equal(0, await SweepAsync(later));

        // The execution is forgotten, and then what only it referred to.
        TaskCompletionSource<JournalStoreException?> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        next.Store.Write(new ExecutionStoreChange { Forget = [1] }, done.SetResult);
        Assert.Null(await done.Task);
        Assert.Equal(0, await SweepAsync(later));
        Assert.Equal(1, await SweepAsync(later));
        Assert.DoesNotContain(RevisionsOf(next), each => each.Contains("an execution", StringComparison.Ordinal));
        Assert.Equal(2, RevisionsOf(next).Count);
    }

    [Fact]
    public async Task What_a_machine_that_is_gone_leaves_goes_with_its_last_execution()
    {
        await using var bench = Open();
        using var sweeps = Sweeps(bench);
        var machine = await bench.CreateAsync(
            "m", """{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":100,"End":true}}}""");
        var execution = await bench.StartAsync(machine, name: "x");
        await bench.CallAsync("DeleteStateMachine", ("stateMachineArn", machine));
        await SweepAsync(sweeps);
        Assert.Equal(0, await SweepAsync(sweeps));
        _clock.Advance(TimeSpan.FromSeconds(101));
        Assert.Equal("SUCCEEDED", (await bench.EndAsync(execution))["status"].AsString());
        Assert.Single(RevisionsOf(bench));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Definition(string comment) =>
        """{"Comment":"C","StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"""
            .Replace("\"C\"", $"\"{comment}\"", StringComparison.Ordinal);

    private static async Task UpdateAsync(WorkflowBench bench, string machine, string comment) =>
        await bench.CallAsync("UpdateStateMachine", ("stateMachineArn", machine), ("definition", Definition(comment)));

    private static Task<int> SweepAsync(RevisionSweeps sweeps) =>
        sweeps.SweepAsync(TestContext.Current.CancellationToken);

    private static List<string> RevisionsOf(WorkflowBench bench) =>
        [.. bench.Store.Documents("revision").Select(each => System.Text.Encoding.UTF8.GetString(each.Body!))];

    private WorkflowBench Open() => WorkflowBench.Open(Path, new FunctionBook(), time: _clock);

    private RevisionSweeps Sweeps(WorkflowBench bench) => new(
        bench.Engine,
        bench.Machines,
        new BackgroundTasks(wrong => Assert.Fail(wrong.Message), NullLogger.Instance),
        _clock,
        NullLogger.Instance);
}
