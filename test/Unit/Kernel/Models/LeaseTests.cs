using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Models;

namespace Analemma.Unit.Tests.Kernel.Models;

/// <summary>Answers that leave before their usage is on disk, and what stands for them there.</summary>
public sealed class LeaseTests
{
    private readonly ModelBench _bench = new();

    private KernelBench Kernel => _bench.Kernel;

    /// <summary>The most that ModelBench.Hello can come to.</summary>
    private static long Most => TokenEstimate.Of(ModelBench.Hello).Most + 100;

    [Fact]
    public void A_lease_is_asked_of_the_disk_beside_the_first_call_and_once()
    {
        var agent = Kernel.Run();
        _bench.Think(caller: agent);
        Assert.Equal(new UsageLeased(agent, "default", 4 * Most, 0) { At = Kernel.Now }, Raised());
        Assert.False(Kernel.One<Raise>().MayWait);

        _bench.Think(caller: agent);
        Assert.Empty(Kernel.Effects.OfType<Raise>());
    }

    [Fact]
    public void An_answer_that_a_lease_stands_for_leaves_at_once_and_its_usage_waits()
    {
        var agent = Kernel.Run();
        End(Settled(() => _bench.Think(caller: agent)));
        Assert.Equal(30, _bench.Answer().Tokens);
        Assert.True(Kernel.One<Raise>().MayWait);
        Assert.Equal(
            new ArmTimer(new TimerName(TimerKind.Usage, 0), Kernel.Now + Ticks(50)), Kernel.One<ArmTimer>());
        Assert.Equal((0, 30), (Spent(agent).Tokens, Kernel.State.Models.ReservedOf(agent).Tokens));

        Kernel.Settle();
        Assert.Single(Kernel.Effects.OfType<AnswerModelCall>());
        Assert.Equal((30, 1), (Spent(agent).Tokens, Spent(agent).Calls));
        Assert.Equal(default, Kernel.State.Models.Reserved);
    }

    [Fact]
    public void An_answer_beyond_the_lease_waits_for_the_disk()
    {
        var agent = Leased();
        var (first, second) = (_bench.Think(caller: agent), _bench.Think(caller: agent));
        End(first, output: (4 * Most) - 10);
        Assert.Single(Kernel.Effects.OfType<AnswerModelCall>());

        End(second, output: 0, input: 1);
        Assert.Empty(Kernel.Effects.OfType<AnswerModelCall>());
        Assert.False(Kernel.One<Raise>().MayWait);

        Kernel.Settle();
        Assert.Equal(1, _bench.Answer().Tokens);
    }

    /// <summary>A lease comes to be what is answered until the disk has it, and is no larger for long.</summary>
    [Fact]
    public void A_lease_that_was_too_small_grows_and_one_that_is_little_used_shrinks()
    {
        var agent = Leased();
        foreach (var times in (long[])[8, 16])
        {
            long[] asked = [.. Enumerable.Range(0, 3).Select(_ => _bench.Think(caller: agent))];
            List<KernelEvent> waiting = [];
            End(asked[0], output: (times / 2 * Most) - 10);
            waiting.Add(Kernel.One<Raise>().Event);
            foreach (var late in asked[1..])
            {
                // Neither fits; that says one thing.
                End(late);
                Assert.Empty(Kernel.Effects.OfType<AnswerModelCall>());
                waiting.Add(Kernel.One<Raise>().Event);
            }

            waiting.ForEach(settled => Kernel.Apply(settled));
            var call = _bench.Think(caller: agent);
            Assert.Equal(times * Most, Raised().Tokens);
            Assert.False(Kernel.One<Raise>().MayWait);
            Kernel.Settle();
            End(call);
            Kernel.Settle();
        }

        // Much was used since the last time.
        Kernel.Apply(new UsageDue { At = 0 });
        _bench.End(_bench.Think(caller: agent));
        Assert.Equal(16 * Most, Kernel.State.Leases.Of(agent).Tokens);

        foreach (var times in (long[])[8, 4])
        {
            Kernel.Apply(new UsageDue { At = 0 });
            var call = _bench.Think(caller: agent);
            Assert.Equal(times * Most, Raised().Tokens);
            Assert.True(Kernel.One<Raise>().MayWait);
            Kernel.Settle();
            End(call);
            Kernel.Settle();
        }

        Kernel.Apply(new UsageDue { At = 0 });
        _bench.Think(caller: agent);
        Assert.Empty(Kernel.Effects.OfType<Raise>());
    }

    [Fact]
    public void What_is_settled_makes_room_for_answers_again()
    {
        var agent = Leased();
        for (var i = 0; i < 3; i++)
        {
            End(_bench.Think(caller: agent), output: (4 * Most) - 10);
            Assert.Single(Kernel.Effects.OfType<AnswerModelCall>());
            Kernel.Settle();
        }
    }

    [Fact]
    public void Money_must_fit_too_and_a_dearer_call_has_the_lease_grow()
    {
        var agent = Leased();
        var call = _bench.Think(ModelBench.Hello with { Model = "big" }, agent);
        var money = 4 * (TokenEstimate.Of(ModelBench.Hello).Most + 1_000);
        Assert.Equal(new UsageLeased(agent, "default", 4 * Most, money) { At = Kernel.Now }, Raised());
        var grown = Raised();
        End(call);
        Assert.Empty(Kernel.Effects.OfType<AnswerModelCall>());

        Kernel.Settle();
        Kernel.Apply(grown);
        End(_bench.Think(ModelBench.Hello with { Model = "big" }, agent));
        Assert.Single(Kernel.Effects.OfType<AnswerModelCall>());
    }

    [Fact]
    public void All_leases_are_a_sixteenth_at_most_of_what_is_left_of_a_budget()
    {
        Kernel.Call(new BudgetSet { Group = "team", Tokens = 20 * Most });
        var (one, other) = (Kernel.Run(Spawn("team")), Kernel.Run(Spawn("team")));
        _bench.Think(caller: one);
        Assert.Equal(19 * Most / 16, Raised().Tokens);

        Kernel.Settle();
        var second = _bench.Think(caller: other);
        Assert.Empty(Kernel.Effects.OfType<Raise>());
        Kernel.Call(new BudgetSet { Group = "team", Tokens = 40 * Most });
        _bench.End(second);
        _bench.Think(caller: other);
        Assert.Equal((((38 * Most) - 30) / 16) - (19 * Most / 16), Raised().Tokens);
    }

    [Fact]
    public void Where_a_budget_is_tight_there_is_no_lease()
    {
        var agent = Kernel.Run(Spawn(budget: Most + 15));
        var call = _bench.Think(caller: agent);
        Assert.Empty(Kernel.Effects.OfType<Raise>());

        End(call);
        Assert.Empty(Kernel.Effects.OfType<AnswerModelCall>());
    }

    [Fact]
    public void A_budget_that_gets_tight_has_the_lease_shrink_and_answers_heed_that_before_the_disk_does()
    {
        var agent = Leased();
        var first = _bench.Think(caller: agent);
        Kernel.Call(new BudgetSet { Id = agent, Tokens = 30 + (2 * Most) });
        var second = _bench.Think(caller: agent);
        Assert.Equal(0, Raised().Tokens);
        Assert.True(Kernel.One<Raise>().MayWait);

        End(first);
        Assert.Empty(Kernel.Effects.OfType<AnswerModelCall>());
        End(second);
        Assert.Empty(Kernel.Effects.OfType<AnswerModelCall>());
    }

    [Fact]
    public void What_was_answered_and_is_not_settled_is_gone_from_the_budget()
    {
        var agent = Kernel.Run(Spawn(budget: 10_000));
        Settled(() => _bench.Think(caller: agent));
        _bench.End(Kernel.CallId);
        End(_bench.Think(caller: agent));
        Assert.Single(Kernel.Effects.OfType<AnswerModelCall>());

        Kernel.Call(new BudgetSet { Id = agent, Tokens = 60 + Most - 1 });
        _bench.Think(caller: agent);
        Assert.Equal((30L, 30L), (Kernel.Refusal().Budget!.Spent, Kernel.Refusal().Budget!.Reserved));
    }

    [Fact]
    public void The_answer_of_a_conversation_waits_for_what_is_said_in_it()
    {
        Kernel.Call(new ConversationOpen());
        Kernel.Settle();
        var call = _bench.Think(new Think { Conversation = 1, Prompt = "hello" });
        Assert.Empty(Kernel.Effects.OfType<Raise>());
        End(call);
        Assert.Empty(Kernel.Effects.OfType<AnswerModelCall>());
    }

    [Fact]
    public void What_nobody_waits_for_any_more_is_written_like_anything()
    {
        var agent = Leased();
        var call = _bench.Think(caller: agent);
        Kernel.Apply(new CallCancelled(new CallId(call)) { At = 0 });
        End(call);
        Assert.False(Kernel.One<Raise>().MayWait);
    }

    [Fact]
    public void So_many_answers_may_wait_and_no_more()
    {
        Settled(() => _bench.Think(ModelBench.Hello with { MaxTokens = 2_000 }));
        _bench.End(Kernel.CallId);
        for (var i = 0; i < Limits.UsageWaitingMax; i++)
        {
            End(_bench.Think(), 0, 1);
            Assert.Single(Kernel.Effects.OfType<AnswerModelCall>());
        }

        End(_bench.Think(), 0, 1);
        Assert.Empty(Kernel.Effects.OfType<AnswerModelCall>());
    }

    [Fact]
    public void A_kernel_that_starts_charges_what_is_leased_and_says_so()
    {
        var parent = Kernel.Run(Spawn("team"));
        Kernel.Call(new BudgetSet { Group = "team", Tokens = 1_000_000 });
        var child = Kernel.Run(Spawn(), parent.Value);
        Settled(() => _bench.Think(ModelBench.Hello with { Model = "small" }, child));
        Restart();

        Spend charged = new(0, 0, 4 * Most, 4 * Most) { Presumed = new Amount(4 * Most, 4 * Most) };
        Assert.Equal(charged, Spent(child));
        Assert.Equal(charged, Spent(parent));
        Assert.Equal(charged, Kernel.State.Ledger.OfGroup("team"));
        Assert.Equal(charged, Kernel.State.Ledger.Today);
        Kernel.Call(new PollEvents { From = "oldest", Types = [EventTypes.Budget] });
        var told = Assert.Single(Assert.IsType<PollEventsReply>(Kernel.One<Answer>().Reply).Events);
        Assert.Equal(("charged", child, $"agent {child}"), (told.Kind, told.Process, told.What));
        Assert.Equal(4 * Most, Kernel.State.Models.Budgets.Left(Kernel.State).Single(IsOfTeam).Presumed);

        Restart();
        Assert.Equal(charged, Spent(child));
    }

    [Fact]
    public void Clients_on_the_host_have_one_lease_and_the_day_of_the_start_bears_it()
    {
        Settled(() => _bench.Think());
        Assert.Equal(4 * Most, Kernel.State.Leases.Of(ProcessId.None).Tokens);
        Kernel.Wait(TimeSpan.FromDays(1));
        Restart();
        Assert.Equal((Kernel.Now / TimeSpan.TicksPerDay, 4 * Most),
            (Kernel.State.Ledger.Day, Kernel.State.Ledger.Today.Tokens));
    }

    [Fact]
    public void A_process_takes_its_lease_with_it()
    {
        var agent = Leased();
        Kernel.Exit(agent);
        Assert.Equal(0, Kernel.State.Leases.Count);

        Kernel.Apply(new UsageLeased(agent, "default", 10, 10) { At = 0 });
        Assert.Equal(0, Kernel.State.Leases.Count);
    }

    [Fact]
    public void A_kernel_that_is_asked_to_stop_leaves_nothing_to_charge()
    {
        var agent = Leased();
        Kernel.Call(new Shutdown());
        Kernel.Apply(new UsageLeased(ProcessId.None, "default", 10, 10) { At = 0 });
        Restart();
        Assert.Equal((30, 30), (Spent(agent).Tokens, Kernel.State.Ledger.Today.Tokens));
    }

    [Fact]
    public void A_lease_that_is_idle_is_closed_without_a_charge()
    {
        var (idle, busy, late) = (Leased(), Leased(), Leased());
        var asked = _bench.Think(caller: busy);
        Kernel.Wait(TimeSpan.FromSeconds(30));
        _bench.End(_bench.Think(caller: late));
        Kernel.Wait(TimeSpan.FromSeconds(30));
        Kernel.Apply(new UsageDue { At = 0 });
        Assert.Equal(new UsageLeased(idle, "default", 0, 0) { At = Kernel.Now }, Raised());
        Assert.True(Kernel.One<Raise>().MayWait);
        Assert.Equal(Kernel.Now + Ticks(50), Kernel.One<ArmTimer>().DueAt);

        // Until that is on disk it is neither closed nor good for anything.
        Assert.Equal(3, Kernel.State.Leases.Count);
        var closing = Kernel.One<Raise>().Event;
        End(asked);
        var call = _bench.Think(caller: idle);
        End(call);
        Assert.Empty(Kernel.Effects.OfType<AnswerModelCall>());
        Kernel.Apply(closing);
        Assert.Equal(
            [busy, late], Kernel.State.Leases.All.Select(lease => lease.Process));
    }

    [Fact]
    public void The_timer_goes_on_while_anything_waits_and_else_until_a_lease_can_be_idle()
    {
        var agent = Leased();
        var opened = Kernel.Now;
        End(_bench.Think(caller: agent));
        Kernel.Wait(TimeSpan.FromMilliseconds(50));
        Kernel.Apply(new UsageDue { At = 0 });
        Assert.Equal(Kernel.Now + Ticks(50), Kernel.One<ArmTimer>().DueAt);

        Spend spend = new(1, 10, 20, 0);
        Kernel.Apply(new UsageSettled(new CallId(Kernel.CallId), agent, "default", "p", "alone", spend) { At = 0 });
        Kernel.Apply(new UsageDue { At = 0 });
        Assert.InRange(Kernel.One<ArmTimer>().DueAt, Kernel.Now + Ticks(50_000), opened + Ticks(60_000));
    }

    private static bool IsOfTeam(BudgetUse budget) => budget.Of == "team";

    private static long Ticks(long milliseconds) => milliseconds * TimeSpan.TicksPerMillisecond;

    private static Spawn Spawn(string? group = null, long? budget = null) => new()
    {
        Argv = ["a"],
        Models = new ModelShare
        {
            Group = group,
            Budget = budget is null ? null : new ModelBudget { Tokens = budget },
        },
    };

    /// <summary>An agent that has asked once, with a lease that is on disk.</summary>
    private ProcessId Leased()
    {
        var agent = Kernel.Run();
        _bench.End(Settled(() => _bench.Think(caller: agent)));
        Assert.True(Kernel.State.Leases.Of(agent).Tokens > 0);
        return agent;
    }

    private long Settled(Func<long> ask)
    {
        var call = ask();
        Kernel.Settle();
        return call;
    }

    private void End(long call, long input = 10, long output = 20) => Kernel.Apply(
        new ModelCallEnded(new CallId(call), 1, new ModelResult { InputTokens = input, OutputTokens = output })
        {
            At = 0,
        });

    private UsageLeased Raised() => Assert.IsType<UsageLeased>(Kernel.One<Raise>().Event);

    private Spend Spent(ProcessId id)
    {
        Assert.True(Kernel.State.Processes.TryGet(id, out var process));
        return process.Spent;
    }

    private void Restart() => Kernel.Apply(
        new KernelStarted("t", "none", new KernelOptions { Models = ModelBench.Options }) { At = 0 });
}
