using System.Collections.Concurrent;
using Analemma.Simulator.Workflows;
using Analemma.Workflow.Executions;

namespace Analemma.Simulation.Tests;

/// <summary>Executions in simulated worlds: kills, a store that refuses, answers that are lost or doubled.</summary>
public sealed class WorkflowSeedTests
{
    private const int Seeds = 300;

    [Fact]
    public void Every_invariant_of_executions_holds_for_three_hundred_seeds()
    {
        ConcurrentBag<WorkflowSimulationResult> results = [];
        Parallel.For(1L, Seeds + 1, seed => results.Add(WorkflowSimulation.Run(seed)));

        var failed = results.Where(result => result.Violation is not null).OrderBy(result => result.Seed).ToList();
        Assert.True(failed.Count == 0, $"{failed.Count} seeds failed\n{failed.FirstOrDefault()?.Report()}");
        Assert.True(results.Sum(result => result.Executions) > 10 * Seeds, "worlds run executions");
        Assert.True(results.Sum(result => result.Crashes) > Seeds, "hosts are killed");
        Assert.True(results.Sum(result => result.TornWrites) > 10, "commits are cut off");
        Assert.True(results.Sum(result => result.RefusedCommits) > Seeds, "the store refuses");
        Assert.True(results.Sum(result => result.Restored) > Seeds, "executions are taken up again");
        Assert.True(results.Sum(result => result.Slept) > Seeds, "executions only wait");
        Assert.True(results.Sum(result => result.Shortened) > Seeds, "folds begin with snapshots");
        Assert.True(results.Sum(result => result.TokensAccepted) > Seeds, "tokens are sent");
        Assert.True(results.Sum(result => result.TokensRejected) > Seeds, "tokens are sent twice");
        Assert.True(results.Sum(result => result.Continued) > 10, "turns ask to be called again");
        Assert.True(results.Sum(result => result.Items) > Seeds, "Maps have executions");
        Assert.True(results.Sum(result => result.Orphans) > 50, "hosts are killed before they have stopped those");
        Assert.Equal(
            [ExecutionStatus.Succeeded, ExecutionStatus.Failed, ExecutionStatus.TimedOut, ExecutionStatus.Aborted],
            results.SelectMany(result => result.Ends.Keys).Distinct().Order());
        Assert.Empty(Types.Except(results.SelectMany(result => result.Types)));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(17)]
    public void The_same_seed_gives_the_same_steps_on_disk_byte_for_byte(long seed)
    {
        Assert.Equal(WorkflowSimulation.Run(seed).Digest, WorkflowSimulation.Run(seed).Digest);
        Assert.NotEqual(WorkflowSimulation.Run(seed).Digest, WorkflowSimulation.Run(seed + 1).Digest);
    }

    private static readonly HistoryEventType[] Types =
    [
        HistoryEventType.ChoiceStateExited, HistoryEventType.ExecutionRedriven, HistoryEventType.LambdaFunctionFailed,
        HistoryEventType.LambdaFunctionSucceeded, HistoryEventType.LambdaFunctionTimedOut,
        HistoryEventType.MapRunFailed, HistoryEventType.MapRunRedriven, HistoryEventType.MapRunSucceeded,
        HistoryEventType.MapStateSucceeded, HistoryEventType.ParallelStateSucceeded, HistoryEventType.PassStateExited,
        HistoryEventType.TaskSucceeded, HistoryEventType.TaskFailed, HistoryEventType.TaskTimedOut,
        HistoryEventType.WaitStateExited,
    ];
}

/// <summary>Hosts that are broken on purpose: the simulator must notice each.</summary>
public sealed class BrokenWorkflowHostTests
{
    private const int SeedsMax = 200;

    [Fact]
    public void Effects_that_leave_before_the_commit_are_noticed() =>
        AssertNoticed(new Early(), "an effect leaves when what led to it is on disk");

    [Fact]
    public void A_state_that_is_ahead_of_the_disk_is_noticed() => AssertNoticed(
        new Ahead(), "a history is the fold of its events", "an effect leaves when what led to it is on disk",
        "the engine has a fault", "every execution comes to its end", "who is told");

    [Fact]
    public void What_is_lost_with_a_commit_is_noticed() =>
        AssertNoticed(new Loses(), "every execution comes to its end");

    [Fact]
    public void A_token_with_two_winners_is_noticed() => AssertNoticed(new Shares(), "a token has one winner");

    [Fact]
    public void A_timer_that_is_early_is_noticed() => AssertNoticed(new Hasty(), "a timer does not fire early");

    [Fact]
    public void A_task_that_is_started_twice_is_noticed() => AssertNoticed(new Doubles(), "a host starts a task once");

    [Fact]
    public void A_timer_that_is_not_armed_again_is_noticed() => AssertNoticed(
        new Forgets(effect => effect is WorkflowEffect.ArmTimer), "every execution comes to its end");

    [Fact]
    public void A_task_that_is_not_started_again_is_noticed() => AssertNoticed(
        new Forgets(effect => effect is WorkflowEffect.StartTask), "every execution comes to its end");

    [Fact]
    public void A_turn_that_is_not_taken_again_is_noticed() => AssertNoticed(
        new Forgets(effect => effect is WorkflowEffect.Continue), "every execution comes to its end");

    [Fact]
    public void An_item_that_is_not_started_again_is_noticed() => AssertNoticed(
        new Forgets(effect => effect is WorkflowEffect.StartChild), "every execution comes to its end");

    [Fact]
    public void An_item_that_goes_on_when_nobody_waits_for_it_is_noticed() =>
        AssertNoticed(new KeepsAll(), "who is waited for by nobody does nothing more");

    [Fact]
    public void What_is_waited_for_no_more_and_yet_kept_is_noticed() =>
        AssertNoticed(new Remembers(), "who only waits waits for what its fold does", "a task is");

    private static void AssertNoticed(WorkflowSabotage sabotage, params string[] invariants)
    {
        var result = Enumerable.Range(1, SeedsMax)
            .Select(seed => WorkflowSimulation.Run(seed, sabotage: sabotage))
            .FirstOrDefault(each => each.Violation is not null)
            ?? throw new InvalidOperationException($"not noticed in {SeedsMax} worlds");
        Assert.True(
            invariants.Any(name => result.Violation!.StartsWith(name, StringComparison.Ordinal)),
            $"noticed otherwise: {result.Report()}");
    }

    private sealed class Early : WorkflowSabotage
    {
        public override bool ActsEarly => true;
    }

    private sealed class Ahead : WorkflowSabotage
    {
        public override bool KeepsState => true;
    }

    private sealed class Loses : WorkflowSabotage
    {
        public override bool LosesUnkept => true;
    }

    private sealed class Shares : WorkflowSabotage
    {
        public override bool SharesTokens => true;
    }

    private sealed class Hasty : WorkflowSabotage
    {
        public override bool RingsEarly => true;
    }

    private sealed class Doubles : WorkflowSabotage
    {
        public override int Times(WorkflowEffect effect, bool again) => effect is WorkflowEffect.StartTask ? 2 : 1;
    }

    private sealed class KeepsAll : WorkflowSabotage
    {
        public override bool KeepsOrphans => true;
    }

    private sealed class Remembers : WorkflowSabotage
    {
        public override bool KeepsWaits => true;
    }

    private sealed class Forgets(Func<WorkflowEffect, bool> what) : WorkflowSabotage
    {
        public override int Times(WorkflowEffect effect, bool again) => again && what(effect) ? 0 : 1;
    }
}
