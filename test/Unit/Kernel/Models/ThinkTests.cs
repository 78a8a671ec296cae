using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Models;

namespace Analemma.Unit.Tests.Kernel.Models;

public sealed class ThinkTests
{
    private readonly ModelBench _bench = new();

    private KernelBench Kernel => _bench.Kernel;

    [Fact]
    public void Without_any_provider_the_simulator_answers_and_says_so()
    {
        ModelBench bench = new(new ModelOptions());
        var call = bench.Think(new Think { Prompt = "hello" });
        Assert.Equal(("sim", "sim"), (bench.Started().Provider, bench.Started().Model));

        bench.End(call);
        Assert.Equal(("sim", "sim", true, 30L),
            (bench.Answer().Model, bench.Answer().Provider, bench.Answer().Simulated, bench.Answer().Tokens));
    }

    [Fact]
    public void An_answer_is_let_out_only_after_its_usage_is_in_the_journal()
    {
        var call = _bench.Think();
        Kernel.Apply(new ModelCallEnded(new CallId(call), 1, new ModelResult { OutputTokens = 5 }) { At = 0 });
        var settled = Assert.IsType<UsageSettled>(Kernel.One<Raise>().Event);
        Assert.True(settled.IsDurable);
        Assert.Empty(Kernel.Effects.OfType<AnswerModelCall>());

        Kernel.Settle();
        Assert.Equal(5, _bench.Answer().Tokens);
    }

    [Fact]
    public void An_attempt_is_told_its_model_its_bound_and_its_time()
    {
        var agent = Kernel.Run();
        _bench.Think(new Think { Prompt = "hello", MaxTokens = 7, TimeoutMs = 500 }, agent);

        var start = _bench.Started();
        Assert.Equal((agent, "alone", "alone"), (start.Process, start.Model, start.ProviderModel));
        Assert.Equal(7, start.OutputTokensMax);
        Assert.Equal(Kernel.Now + (500 * TimeSpan.TicksPerMillisecond), start.DueAt);
    }

    [Fact]
    public void Slots_bound_what_runs_and_the_next_in_line_gets_the_slot_that_is_free()
    {
        var first = _bench.Think();
        _bench.Think();
        var third = _bench.Think();
        Assert.Empty(Kernel.Effects.OfType<StartModelCall>());
        Assert.Equal(TimerKind.ModelQueue, Kernel.One<ArmTimer>().Timer.Kind);

        _bench.End(first);
        Assert.Equal(third, _bench.Started().Call.Value);
        Assert.Equal(new TimerName(TimerKind.ModelQueue, third), Kernel.One<DisarmTimer>().Timer);
    }

    [Fact]
    public void A_queued_call_that_is_taken_back_leaves_the_queue_without_an_answer()
    {
        var first = _bench.Think();
        _bench.Think();
        var third = _bench.Think();
        Kernel.Apply(new CallCancelled(new CallId(third)) { At = 0 });
        Assert.Equal((0, 2), (Kernel.State.Models.Waiting("p"), Kernel.State.Models.Running("p")));

        Assert.Empty(_bench.End(first).OfType<StartModelCall>());
    }

    [Fact]
    public void A_running_call_that_is_taken_back_is_stopped_and_pays_for_what_it_used()
    {
        var agent = Kernel.Run();
        var call = _bench.Think(caller: agent);
        Kernel.Apply(new CallCancelled(new CallId(call)) { At = 0 });
        Assert.Equal(new CancelModelCall(new CallId(call), 1), Kernel.One<CancelModelCall>());
        Assert.Equal(1, Kernel.State.Models.Running("p"));

        _bench.End(call, 1, ModelBench.Failed(ModelFailureKind.Cancelled) with { InputTokens = 3, OutputTokens = 4 });
        Assert.DoesNotContain(Kernel.Effects, effect => effect is AnswerModelCall or Refuse);
        Assert.True(Kernel.State.Processes.TryGet(agent, out var process));
        Assert.Equal((7, 1), (process.Spent.Tokens, process.Spent.Calls));
        Assert.Equal(default, Kernel.State.Models.Reserved);
    }

    [Fact]
    public void The_calls_of_a_process_that_has_ended_go_with_it()
    {
        var agent = Kernel.Run();
        var running = _bench.Think(caller: agent);
        _bench.Think();
        _bench.Think(caller: agent);
        Kernel.Exit(agent);

        Assert.Equal(running, Kernel.One<CancelModelCall>().Call.Value);
        Assert.Equal(0, Kernel.State.Models.Waiting("p"));
    }

    [Fact]
    public void The_end_of_an_attempt_counts_once()
    {
        var call = _bench.Think();
        _bench.End(call);
        Assert.Empty(_bench.End(call));
        Assert.Equal(30, Kernel.State.Ledger.OfGroup("default").Tokens);
    }

    [Fact]
    public void A_call_that_waits_too_long_is_told_how_long_the_wait_is()
    {
        _bench.Think();
        _bench.Think();
        var third = _bench.Think();
        Kernel.Wait(TimeSpan.FromMinutes(2));
        Kernel.Apply(new ModelQueueElapsed(new CallId(third)) { At = 0 });

        Assert.Equal(SysErrorCode.TryAgain, Kernel.Refusal().Code);
        Assert.True(Kernel.Refusal().RetryAfterMs > 0);
        Assert.Equal(0, Kernel.State.Models.Waiting("p"));
    }

    [Fact]
    public void A_call_with_its_own_time_out_gets_timed_out()
    {
        _bench.Think();
        _bench.Think();
        var third = _bench.Think(ModelBench.Hello with { TimeoutMs = 50 });
        Kernel.Wait(TimeSpan.FromMilliseconds(50));
        Kernel.Apply(new ModelQueueElapsed(new CallId(third)) { At = 0 });

        Assert.Equal(SysErrorCode.TimedOut, Kernel.Refusal().Code);
    }

    [Fact]
    public void A_full_queue_and_an_agent_with_too_many_calls_are_told_to_try_again()
    {
        ModelBench bench = new(ModelBench.Options with
        {
            Queue = new ModelQueueOptions { WaitingMax = 3, WaitingPerAgentMax = 2 },
        });
        var agent = bench.Kernel.Run();
        bench.Think(caller: agent);
        bench.Think(caller: agent);
        bench.Think(caller: agent);
        Assert.Equal(SysErrorCode.TryAgain, bench.Kernel.Refusal().Code);
        Assert.Contains("the agent has 2", bench.Kernel.Refusal().Message, StringComparison.Ordinal);

        var other = bench.Kernel.Run();
        bench.Think(caller: other);
        bench.Think(caller: other);
        bench.Think(caller: bench.Kernel.Run());
        bench.Think(caller: bench.Kernel.Run());
        Assert.Equal(SysErrorCode.TryAgain, bench.Kernel.Refusal().Code);
        Assert.True(bench.Kernel.Refusal().RetryAfterMs > 0);
    }

    [Theory]
    [InlineData("nobody", 10, SysErrorCode.NoSuchModel)]
    [InlineData("alone", 100_000, SysErrorCode.InvalidArgument)]
    public void What_no_model_can_do_is_refused(string model, long maxTokens, SysErrorCode code)
    {
        _bench.Think(new Think { Prompt = "hello", Model = model, MaxTokens = maxTokens });
        Assert.Equal(code, Kernel.Refusal().Code);
    }

    [Fact]
    public void A_prompt_beyond_the_models_window_is_refused()
    {
        ModelBench bench = new(ModelBench.Options with
        {
            Models = [new ModelEntry("alone", "p") { ContextTokens = 1_000 }],
        });
        bench.Think(new Think { Prompt = new string('a', 5_000) });
        Assert.Equal(SysErrorCode.TooLarge, bench.Kernel.Refusal().Code);
        bench.Think(new Think { Prompt = new string('a', 3_000) });
        Assert.Equal("alone", bench.Started().Model);
    }

    [Fact]
    public void An_agents_rate_limit_holds_back_that_agent_alone_and_a_timer_lets_it_go()
    {
        var slow = Kernel.Run(new Spawn { Argv = ["a"], Models = new ModelShare { RequestsPerMinute = 1 } });
        var first = _bench.Think(caller: slow);
        _bench.End(first);
        var second = _bench.Think(caller: slow);
        var wake = Kernel.Effects.OfType<ArmTimer>().Single(arm => arm.Timer.Kind is TimerKind.ModelWake);
        Assert.Equal(60, TimeSpan.FromTicks(wake.DueAt).TotalSeconds, 0.1);
        var other = _bench.Think();
        Assert.Equal(other, _bench.Started().Call.Value);

        Kernel.Wait(TimeSpan.FromMinutes(1));
        Kernel.Apply(new ModelWakeDue(0) { At = 0 });
        Assert.Equal(second, _bench.Started().Call.Value);
    }

    [Fact]
    public void However_many_calls_an_agent_makes_at_once_it_gets_one_agents_share()
    {
        ModelBench bench = new(ModelBench.Options with { Runaway = new RunawayOptions { SameRequestMax = 0 } });
        var (greedy, modest) = (bench.Kernel.Run(), bench.Kernel.Run());
        Queue<StartModelCall> running = new();
        for (var i = 0; i < 60; i++)
        {
            bench.Think(caller: i % 6 == 0 ? modest : greedy);
            Take();
        }

        Dictionary<ProcessId, int> turns = new() { [greedy] = 0, [modest] = 0 };
        for (var i = 0; i < 18; i++)
        {
            var ended = running.Dequeue();
            turns[ended.Process]++;
            bench.End(ended.Call.Value, input: 10, output: 100);
            Take();
        }

        Assert.InRange(turns[modest], 8, 10);

        void Take()
        {
            foreach (var start in bench.Kernel.Effects.OfType<StartModelCall>())
            {
                running.Enqueue(start);
            }
        }
    }

    [Fact]
    public void Children_share_their_parents_place_in_the_queue()
    {
        var parent = Kernel.Run();
        var child = Kernel.Run(caller: parent.Value);
        var other = Kernel.Run();
        _bench.Think(caller: parent);
        var running = _bench.Think(caller: child);
        _bench.Think(caller: child);
        var fair = _bench.Think(caller: other);

        // Parent and child are one agent with two calls charged, so the other comes before the child's second.
        _bench.End(running, output: 100);
        Assert.Equal(fair, _bench.Started().Call.Value);
    }

    [Fact]
    public void An_agent_cannot_give_its_child_a_share_but_can_give_it_a_budget()
    {
        var parent = Kernel.Run();
        Kernel.Call(new Spawn { Argv = ["a"], Models = new ModelShare { Weight = 1_000 } }, parent.Value);
        Assert.Equal(SysErrorCode.PermissionDenied, Kernel.Refusal().Code);

        var budget = new ModelBudget { Tokens = 150 };
        var child = Kernel.Run(new Spawn { Argv = ["a"], Models = new ModelShare { Budget = budget } }, parent.Value);
        _bench.Think(caller: child);
        _bench.Think(caller: child);
        Assert.Equal(("agent", child.ToString()), (Kernel.Refusal().Budget!.Scope, Kernel.Refusal().Budget!.Of));
        Kernel.Call(new Spawn { Argv = ["a"], Models = new ModelShare { Group = "nobody" } });
        Assert.Equal(SysErrorCode.InvalidArgument, Kernel.Refusal().Code);
    }

    [Fact]
    public void A_shutdown_refuses_what_waits_and_what_runs_at_once()
    {
        _bench.Think();
        _bench.Think();
        _bench.Think();
        Kernel.Call(new Shutdown());

        Assert.All(
            Kernel.Effects.OfType<Refuse>(), no => Assert.Equal(SysErrorCode.ShuttingDown, no.Error.Code));
        Assert.Equal(3, Kernel.Effects.OfType<Refuse>().Count());
        Assert.Equal(2, Kernel.Effects.OfType<CancelModelCall>().Count());
    }

    [Fact]
    public void Options_are_checked_all_at_once()
    {
        var problems = string.Join("\n", new ModelOptions
        {
            Models = [new ModelEntry("a", "nobody") { Fallback = ["b"], OutputTokens = 0 }],
            Aliases = new Dictionary<string, string> { ["c"] = "d" },
            Groups = [],
            Providers = [ProviderOptions.Simulator with { AnyModel = "e" }],
            DayBudget = new ModelBudget { Tokens = -1 },
        }.Problems());
        foreach (var key in new[]
        {
            "a.provider", "a.fallback", "a.output_tokens", "aliases.c", "models.default", "called default",
            "day_budget.tokens", "providers.sim.any_model",
        })
        {
            Assert.Contains(key, problems, StringComparison.Ordinal);
        }

        Assert.Empty(ModelBench.Options.Problems());
    }
}
