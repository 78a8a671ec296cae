using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;
using Analemma.Kernel.Models;
using Analemma.Kernel.Policy;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Kernel.Models;

public sealed class BudgetTests
{
    private readonly ModelBench _bench = new();

    private KernelBench Kernel => _bench.Kernel;

    /// <summary>The most that ModelBench.Hello can come to.</summary>
    private static long Most => TokenEstimate.Of(ModelBench.Hello).Most + 100;

    [Fact]
    public void A_call_that_could_cost_more_than_it_may_is_refused_before_it_is_made()
    {
        _bench.Think(ModelBench.Hello with { Budget = new ModelBudget { Tokens = Most - 1 } });
        Assert.Equal(new BudgetRefusal("call", "", "tokens", Most - 1, 0, 0, Most), Kernel.Refusal().Budget);
        Assert.Equal(SysErrorCode.BudgetExhausted, Kernel.Refusal().Code);

        _bench.Think(ModelBench.Hello with { Budget = new ModelBudget { Tokens = Most } });
        Assert.Equal(100, _bench.Started().OutputTokensMax);
    }

    [Fact]
    public void Money_is_reserved_at_the_models_price()
    {
        var input = TokenEstimate.Of(ModelBench.Hello).Most;
        var budget = new ModelBudget { Microdollars = input + 1_000 - 1 };
        _bench.Think(ModelBench.Hello with { Model = "big", Budget = budget });
        Assert.Equal(("call", "microdollars"), (Kernel.Refusal().Budget!.Scope, Kernel.Refusal().Budget!.Unit));

        var call = _bench.Think(ModelBench.Hello with { Model = "small", Budget = budget });
        _bench.End(call, input: 5, output: 7);
        Assert.Equal(12, Kernel.State.Ledger.Today.Microdollars);
    }

    [Fact]
    public void What_is_not_used_is_given_back()
    {
        var agent = Kernel.Run(Spawn(new ModelBudget { Tokens = Most + 30 }));
        var first = _bench.Think(caller: agent);
        _bench.Think(caller: agent);
        var refused = Kernel.Refusal().Budget!;
        Assert.Equal(("agent", agent.ToString()), (refused.Scope, refused.Of));
        Assert.Equal((0, Most), (refused.Spent, refused.Reserved));

        _bench.End(first, input: 10, output: 20);
        var second = _bench.Think(caller: agent);
        Assert.Equal(second, _bench.Started().Call.Value);
    }

    [Fact]
    public void A_budget_that_runs_out_is_told_once_and_so_is_its_end()
    {
        var agent = Kernel.Run(Spawn(new ModelBudget { Tokens = Most * 2 }));
        Kernel.Call(new Subscribe { Types = [EventTypes.Budget] });
        List<EventView> told = [];
        for (var i = 0; i < 6; i++)
        {
            var call = _bench.Think(caller: agent);
            Hear(told);
            if (Kernel.State.Models.Of(agent).Count > 0)
            {
                _bench.End(call, input: (int)(Most / 2), output: (int)(Most / 3));
                Hear(told);
            }
        }

        Assert.Equal(["low", "exhausted"], told.Select(each => each.Kind));
        Assert.All(told, each => Assert.Equal(($"agent {agent}", agent), (each.What, each.Process)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void That_a_budget_is_low_is_told_by_the_one_that_was_set(bool ofDay)
    {
        Kernel.Call(ofDay
            ? new BudgetSet { Day = true, Tokens = 10 * Most }
            : new BudgetSet { Group = "team", Tokens = 10 * Most });
        var agent = Kernel.Run(Spawn(null, ofDay ? null : "team"));
        Kernel.Call(new Subscribe { Types = [EventTypes.Budget] });
        List<EventView> told = [];
        for (var i = 1; i <= 9; i++)
        {
            _bench.End(_bench.Think(caller: agent), input: Most - 100, output: 100);
            Hear(told);
            Assert.Equal(i < 8 ? [] : ["low"], told.Select(each => each.Kind));
        }
    }

    [Theory]
    [InlineData(long.MaxValue, long.MaxValue)]
    [InlineData(long.MinValue, -1)]
    public void Whatever_a_provider_says_was_used_there_is_a_sum_of_it(long input, long output)
    {
        var agent = Kernel.Run(Spawn(null, "team"));
        for (var i = 0; i < 3; i++)
        {
            Kernel.Call(new BudgetSet { Group = "team", Tokens = long.MaxValue });
            _bench.End(_bench.Think(ModelBench.Hello with { Model = "big" }, agent), input, output);
        }

        var spent = Kernel.State.Ledger.OfGroup("team");
        Assert.True(spent is { Tokens: >= 0, Microdollars: >= 0, InputTokens: >= 0, OutputTokens: >= 0 }, $"{spent}");
    }

    private void Hear(List<EventView> told) =>
        told.AddRange(Kernel.Effects.OfType<Publish>().Select(publish => publish.Event));

    [Fact]
    public void A_group_shares_one_budget()
    {
        var one = Kernel.Run(Spawn(null, "team"));
        var other = Kernel.Run(Spawn(null, "team"));
        _bench.Think(ModelBench.Hello with { MaxTokens = 900 }, one);
        _bench.Think(caller: other);
        Assert.Equal(("group", "team"), (Kernel.Refusal().Budget!.Scope, Kernel.Refusal().Budget!.Of));
        _bench.Think();
        Assert.Empty(Kernel.Effects.OfType<Refuse>());
    }

    [Fact]
    public void A_days_budget_begins_anew_at_midnight()
    {
        ModelBench bench = new(ModelBench.Options with { DayBudget = new ModelBudget { Tokens = Most } });
        bench.End(bench.Think());
        bench.Think();
        Assert.Equal("day", bench.Kernel.Refusal().Budget!.Scope);

        bench.Kernel.Wait(TimeSpan.FromDays(1));
        bench.Think();
        Assert.Empty(bench.Kernel.Effects.OfType<Refuse>());
    }

    [Fact]
    public void A_days_budget_is_raised_while_the_kernel_runs_and_put_back()
    {
        ModelBench bench = new(ModelBench.Options with { DayBudget = new ModelBudget { Tokens = Most } });
        bench.Think();
        bench.Think();
        Assert.Equal("day", bench.Kernel.Refusal().Budget!.Scope);

        bench.Kernel.Call(new BudgetSet { Day = true, Tokens = 2 * Most });
        Assert.Equal(Most, Assert.Single(Set(bench).Budgets).Left);
        bench.Think();
        Assert.Empty(bench.Kernel.Effects.OfType<Refuse>());

        bench.Kernel.Call(new BudgetSet { Day = true, Reset = true });
        Assert.Equal(-Most, Assert.Single(Set(bench).Budgets).Left);
    }

    [Fact]
    public void A_groups_budget_that_was_set_is_in_the_checkpoint()
    {
        Kernel.Call(new BudgetSet { Group = "team", Tokens = Most - 1 });
        var agent = Kernel.Run(Spawn(null, "team"));
        _bench.Think(caller: agent);
        Assert.Equal(("group", Most - 1), (Kernel.Refusal().Budget!.Scope, Kernel.Refusal().Budget!.Limit));

        var restored = StateCheckpoint.Read(StateCheckpoint.Write(Kernel.State));
        Assert.Equal(Most - 1, restored.Ledger.LimitOf("team")!.Tokens);
    }

    [Fact]
    public void A_budget_is_of_one_thing_that_is_there()
    {
        Kernel.Call(new BudgetSet { Group = "nobody", Tokens = 1 });
        Assert.Contains("team", Kernel.Refusal().Hint, StringComparison.Ordinal);
        Assert.NotNull(SyscallRules.Check(new BudgetSet { Group = "team", Day = true, Tokens = 1 }));
        Assert.NotNull(SyscallRules.Check(new BudgetSet { Name = "a", Day = true, Tokens = 1 }));
        Assert.NotNull(SyscallRules.Check(new BudgetSet { Day = true, Reset = true, Tokens = 1 }));
        Assert.NotNull(SyscallRules.Check(new BudgetSet { Day = true }));
        Assert.Null(SyscallRules.Check(new BudgetSet { Day = true, Reset = true }));
    }

    [Fact]
    public void What_was_spent_survives_the_kernel()
    {
        var agent = Kernel.Run(Spawn(new ModelBudget { Tokens = Most }));
        _bench.End(_bench.Think(caller: agent));
        var restored = StateCheckpoint.Read(StateCheckpoint.Write(Kernel.State));
        List<Effect> effects = [];
        KernelOptions options = new() { Models = ModelBench.Options };
        restored.Apply(new KernelStarted("t", "none", options) { At = Kernel.Now }, effects);
        restored.Apply(
            new SyscallArrived(new CallId(1), new Caller(agent, 0), ModelBench.Hello) { At = Kernel.Now }, effects);

        Assert.Equal(30, Assert.Single(effects.OfType<Refuse>()).Error.Budget!.Spent);
        Assert.Equal(30, restored.Ledger.OfGroup("default").Tokens);
    }

    [Fact]
    public void A_settled_usage_is_read_from_the_journal_as_it_was_written()
    {
        var settled = new UsageSettled(
            new CallId(7), new ProcessId(3), "team", "p", "big", new Spend(1, 10, 20, 30))
        {
            At = 5,
        };
        var (type, body) = EventCodec.Write(settled);
        Assert.Equal(("usage.settled", settled), (type, EventCodec.Read(type, body)));
    }

    [Fact]
    public void An_agent_over_its_budget_is_paused_when_the_owner_wants_it_so()
    {
        ModelBench bench = new(ModelBench.Options with { PauseWhenExhausted = true });
        var agent = bench.Kernel.Run(Spawn(new ModelBudget { Tokens = Most }));
        var first = bench.Think(caller: agent);
        var held = bench.Think(caller: agent);
        bench.Kernel.Settle();
        Assert.Equal(agent, bench.Kernel.One<Freeze>().Process);
        Assert.Empty(bench.Kernel.Effects.OfType<Refuse>());

        // The first used nothing, so there is room for the second when the agent is let go on.
        bench.End(first, input: 0, output: 0);
        bench.Kernel.Call(new Resume { Id = agent });
        Assert.Equal(held, bench.Started().Call.Value);
    }

    [Fact]
    public void A_paused_agent_that_still_has_no_budget_is_refused_when_resumed()
    {
        ModelBench bench = new(ModelBench.Options with { PauseWhenExhausted = true });
        var agent = bench.Kernel.Run(Spawn(new ModelBudget { Tokens = 1 }));
        bench.Think(caller: agent);
        bench.Kernel.Settle();
        bench.Kernel.Call(new Resume { Id = agent });
        Assert.Equal(SysErrorCode.BudgetExhausted, bench.Kernel.Refusal().Code);
    }

    [Fact]
    public void However_many_calls_run_at_once_no_budget_is_overspent() =>
        Prop.ForAll(Gen.Choose(0, 1_000_000).ToArbitrary(), seed =>
        {
            System.Random random = new(seed);
            ModelBench bench = new(ModelBench.Options with { Providers = [new ProviderOptions("p") { Slots = 50 }] });
            var limit = random.Next(500, 5_000);
            var agent = bench.Kernel.Run(Spawn(new ModelBudget { Tokens = limit }));
            Assert.True(bench.Kernel.State.Processes.TryGet(agent, out var process));
            List<StartModelCall> running = [];
            for (var i = 0; i < 200; i++)
            {
                if (running.Count == 0 || random.Next(2) == 0)
                {
                    bench.Think(new Think { Prompt = $"call {i}", MaxTokens = random.Next(1, 300) }, agent);
                }
                else
                {
                    var at = random.Next(running.Count);
                    var input = TokenEstimate.Of(running[at].Request).Most;
                    bench.End(
                        running[at].Call.Value,
                        input: random.NextInt64(input + 1),
                        output: random.NextInt64(running[at].OutputTokensMax + 1));
                    running.RemoveAt(at);
                }

                running.AddRange(bench.Kernel.Effects.OfType<StartModelCall>());
                if (process!.Spent.Tokens + bench.Kernel.State.Models.ReservedOf(agent).Tokens > limit)
                {
                    return false;
                }
            }

            return process!.Spent.Tokens > 0;
        }).QuickCheckThrowOnFailure();

    private static BudgetSetReply Set(ModelBench bench) =>
        Assert.IsType<BudgetSetReply>(bench.Kernel.One<Answer>().Reply);

    private static Spawn Spawn(ModelBudget? budget, string? group = null) =>
        new() { Argv = ["a"], Models = new ModelShare { Budget = budget, Group = group } };
}
