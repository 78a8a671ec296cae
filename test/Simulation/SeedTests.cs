using System.Collections.Concurrent;
using System.Globalization;
using Analemma.Simulator;

namespace Analemma.Simulation.Tests;

public sealed class SeedTests
{
    private const int Seeds = 200;

    /// <summary>Rows that the effects' contract rules out: a launch ends in started or failed, never in both.</summary>
    private static readonly string[] Unreachable = ["Running, StartFailed", "Paused, StartFailed"];

    /// <summary>Every way in which a THINK can end is taken in some world.</summary>
    private static readonly string[] ThinkOutcomes =
    [
        "answer_invalid", "budget_exhausted", "cancelled", "invalid_argument", "model_failed",
        "no_such_conversation", "no_such_model",
        "not_configured", "ok", "permission_denied", "runaway_stopped", "shutting_down",
        "timed_out", "too_large", "try_again", "wrong_state",
    ];

    /// <summary>Every way in which a CALLTOOL can end, too.</summary>
    private static readonly string[] ToolOutcomes =
    [
        "invalid_argument", "no_such_tool", "ok", "permission_denied", "shutting_down", "timed_out", "too_large",
        "tool_failed", "wrong_state",
    ];

    /// <summary>Every change of a conversation succeeds in some world, and is refused in some.</summary>
    private static readonly string[] TalkOutcomes =
    [
        "ConversationAppend ok", "ConversationClose ok", "ConversationCompact ok", "ConversationFork ok",
        "ConversationOpen io_failed", "ConversationOpen ok", "ConversationShow ok", "ConversationTokens ok",
        "ConversationTruncate ok", "ConversationTruncate wrong_state", "Think no_such_conversation", "Think ok",
    ];

    /// <summary>Requests about the store likewise.</summary>
    private static readonly string[] StoreOutcomes =
    [
        "Delete ok", "Delete permission_denied", "Delete version_conflict", "Fetch ok", "Fetch permission_denied",
        "Keys ok", "Store io_failed", "Store limit_exceeded", "Store ok", "Store permission_denied",
        "Store version_conflict",
    ];

    /// <summary>Every way in which messages go, and do not go.</summary>
    private static readonly string[] MailOutcomes =
    [
        "Ack ok", "Broadcast ok", "Nack ok", "Recv no_such_mailbox", "Recv no_such_message", "Recv ok",
        "Recv told again to finish", "Recv told to finish",
        "Register name_taken", "Register ok",
        "Send invalid_argument", "Send no_such_mailbox", "Send no_such_message", "Send ok", "Send timed_out",
        "Send try_again", "Unregister ok",
    ];

    [Fact]
    public void Every_invariant_holds_for_two_hundred_seeds_and_every_transition_is_taken()
    {
        var results = new ConcurrentBag<SimulationResult>();
        Parallel.For(1L, Seeds + 1, seed => results.Add(SimulationRun.Run(seed)));

        AssertHeld(results);
        var coverage = new TransitionCoverage();
        foreach (var result in results)
        {
            coverage.Add(result.Coverage);
        }

        Assert.Equal(Unreachable, coverage.NeverTaken.Select(pair => $"{pair.State}, {pair.Event}"));
        Assert.True(results.Sum(result => result.Crashes) > Seeds, "worlds crash");
        Assert.True(results.Sum(result => result.TornWrites) > 10, "writes tear");
        Assert.True(results.Sum(result => (long)result.Processes) > 10 * Seeds, "worlds start processes");
        Assert.True(results.Sum(result => (long)result.Foreseen) > Seeds, "launches are foreseen");
        Assert.True(results.Sum(result => (long)result.Passed) > Seeds, "who only looks passes commits");
        Assert.True(results.Sum(result => (long)result.ModelAttempts) > 20 * Seeds, "worlds ask models");
        Assert.InRange(results.Sum(result => result.Hedges), Seeds / 2, int.MaxValue);
        Assert.InRange(results.Sum(result => result.HedgesWon), Seeds / 10, int.MaxValue);
        Assert.True(results.Sum(result => result.Leases.Early) > 5 * Seeds, "answers leave before the disk is done");
        Assert.True(results.Sum(result => result.Leases.ChargedForAnswers) > 10, "kernels end with answers unwritten");
        Assert.Equal(
            ThinkOutcomes, results.SelectMany(result => result.Thoughts.Keys).Distinct().Order(StringComparer.Ordinal));
        Assert.True(results.Sum(result => (long)result.ToolCallsMade) > 5 * Seeds, "worlds call tools");
        Assert.True(results.Sum(result => result.ToolDeaths) > 10, "servers of tools die with calls inside");
        Assert.Equal(
            ToolOutcomes, results.SelectMany(result => result.ToolCalls.Keys).Distinct().Order(StringComparer.Ordinal));
        Assert.Empty(MailOutcomes.Except(results.SelectMany(result => result.Mails.Keys)));
        Assert.True(results.Sum(result => result.Supervised.Starts) > 5 * Seeds, "worlds supervise");
        Assert.True(results.Sum(result => result.Supervised.Delayed) > Seeds / 4, "supervised agents are restarted");
        Assert.True(results.Sum(result => result.Supervised.Escalations) > Seeds / 2, "failures are escalated");
        Assert.True(results.Sum(result => result.Woken.ByTheClock) > 20, "schedules start agents");
        Assert.True(results.Sum(result => result.Woken.OnDemand) > 5, "messages start agents");
        Assert.True(results.Sum(result => result.Woken.Rolled) > 3, "agents are restarted one by one");
        Assert.True(results.Sum(result => result.Rights.Allowed) > 5 * Seeds, "agents use their rights");
        Assert.True(results.Sum(result => result.Rights.Refused) > Seeds, "agents are refused what they may not");
        Assert.Equal(
            ["BackingOff", "GivenUp", "Live", "Parked", "Paused", "Scheduled", "Stopped", "Waiting"],
            results.SelectMany(result => result.UnitStates).Distinct().Order(StringComparer.Ordinal));
        Assert.Empty(TalkOutcomes.Except(results.SelectMany(result => result.Talks.Keys)));
        Assert.Empty(StoreOutcomes.Except(results.SelectMany(result => result.Values.Keys)));
    }

    [Fact]
    public void Who_rests_is_started_for_what_waits_however_often_kernels_die_in_between()
    {
        const int seeds = 30;
        var results = new ConcurrentBag<SimulationResult>();
        Parallel.For(1L, seeds + 1, seed => results.Add(SimulationRun.Run(seed, areSleepers: true)));

        AssertHeld(results);
        Assert.InRange(results.Sum(result => result.NeedsCut), seeds / 2, int.MaxValue);
        Assert.InRange(results.Sum(result => result.Woken.OnDemand), seeds / 2, long.MaxValue);
    }

    [Fact]
    public void Seeds_that_once_failed_hold()
    {
        var seeds = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "regressions.txt"))
            .Where(line => line.Length > 0 && !line.StartsWith('#'))
            .Select(line => long.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture));

        AssertHeld(seeds.Select(seed => SimulationRun.Run(seed)));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(11)]
    [InlineData(-9)]
    public void The_same_seed_gives_the_same_journal_byte_for_byte(long seed)
    {
        // Some worlds are over soon: the next that is not.
        while (SimulationRun.Run(seed).Journal.Count <= 100)
        {
            seed++;
        }

        var (first, second) = (SimulationRun.Run(seed), SimulationRun.Run(seed));
        Assert.Equal(first.Journal.Count, second.Journal.Count);
        foreach (var (one, other) in first.Journal.Zip(second.Journal))
        {
            Assert.True(one.Body.Span.SequenceEqual(other.Body.Span), $"record {one.Sequence} differs");
            Assert.Equal((one.Position, one.Ticks, one.Type), (other.Position, other.Ticks, other.Type));
        }

        Assert.NotEqual(first.Journal[^1].Hash, SimulationRun.Run(seed + 1).Journal[^1].Hash);
    }

    [Fact]
    public void More_steps_of_a_seed_begin_like_fewer()
    {
        var (few, many) = (SimulationRun.Run(7, steps: 1_500), SimulationRun.Run(7, steps: 2_500));

        // Fewer steps end sooner, in a world without faults: only what comes before is the same.
        Assert.Equal(
            few.Journal.Take(20).Select(record => record.Hash), many.Journal.Take(20).Select(record => record.Hash));
    }

    private static void AssertHeld(IEnumerable<SimulationResult> results)
    {
        var failed = results.Where(result => result.Violation is not null).OrderBy(result => result.Seed).ToList();
        Assert.True(failed.Count == 0, $"{failed.Count} seeds failed\n{failed.FirstOrDefault()?.Report()}");
    }
}
