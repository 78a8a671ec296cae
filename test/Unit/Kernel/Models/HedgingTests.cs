using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Models;

namespace Analemma.Unit.Tests.Kernel.Models;

public sealed class HedgingTests
{
    private static readonly Think Slow = ModelBench.Hello with { Model = "slow" };

    private readonly ModelBench _bench = Bench();

    private KernelBench Kernel => _bench.Kernel;

    [Fact]
    public void A_slow_attempt_gets_a_second_at_the_next_of_the_chain_and_the_first_answer_is_the_calls()
    {
        var call = Hedged();
        var second = _bench.Started();
        Assert.Equal(("other", 2, true), (second.Model, second.Attempt, second.IsHedge));

        _bench.End(call, attempt: 2);
        Assert.Empty(Kernel.Effects.OfType<AnswerModelCall>());
        Assert.Equal(1, Kernel.One<CancelModelCall>().Attempt);

        _bench.End(call, 1, TakenBack(output: 7));
        Assert.Equal(2, Kernel.One<AnswerModelCall>().Attempt);
        Assert.Equal(("other", true, 2), (_bench.Answer().Model, _bench.Answer().Hedged, _bench.Answer().Attempts));
    }

    [Fact]
    public void Both_attempts_are_on_one_bill_and_nothing_stays_reserved()
    {
        var call = Hedged();
        _bench.End(call, attempt: 2);
        _bench.End(call, 1, TakenBack(output: 7));

        Assert.Equal(47, _bench.Answer().Tokens);
        Assert.Equal((1, 47L), (Kernel.State.Ledger.Today.Calls, Kernel.State.Ledger.Today.Tokens));
        Assert.Equal(default, Kernel.State.Models.Reserved);
        Assert.Equal((0, 0), (Kernel.State.Models.Running("p"), Kernel.State.Models.Running("q")));
    }

    [Fact]
    public void An_answer_of_the_first_takes_the_second_back_and_is_the_calls()
    {
        var call = Hedged();
        _bench.End(call, attempt: 1);
        Assert.Equal(2, Kernel.One<CancelModelCall>().Attempt);
        _bench.End(call, 2, TakenBack(output: 0));
        Assert.Equal(("slow", null), (_bench.Answer().Model, _bench.Answer().Hedged));
        Assert.Equal(1, Kernel.One<AnswerModelCall>().Attempt);
    }

    [Fact]
    public void A_second_that_fails_changes_nothing()
    {
        var call = Hedged();
        _bench.End(call, 2, ModelBench.Failed(ModelFailureKind.Rejected));
        Assert.Empty(Kernel.Effects);
        _bench.End(call, attempt: 1);
        Assert.Equal("slow", _bench.Answer().Model);
    }

    [Fact]
    public void A_first_that_fails_leaves_the_call_to_the_second()
    {
        var call = Hedged();
        _bench.End(call, 1, ModelBench.Failed(ModelFailureKind.Rejected));
        Assert.Empty(Kernel.Effects);
        _bench.End(call, attempt: 2);
        Assert.Equal("other", _bench.Answer().Model);
    }

    [Fact]
    public void When_both_fail_the_call_is_retried_as_if_there_had_been_one()
    {
        var call = Hedged();
        _bench.End(call, 1, ModelBench.Failed(ModelFailureKind.Overloaded));
        _bench.FailAndRetry(call, 2, ModelFailureKind.Rejected);
        Assert.Equal(("slow", 3, false), (_bench.Started().Model, _bench.Started().Attempt, _bench.Started().IsHedge));
    }

    [Fact]
    public void A_stream_that_has_begun_is_not_hedged()
    {
        var call = Warm(Slow with { Stream = true });
        Kernel.Apply(new ModelAnswerBegan(new CallId(call), 1) { At = 0 });
        Assert.Equal(TimerKind.ModelHedge, Kernel.One<DisarmTimer>().Timer.Kind);
        Due(call);
        Assert.Empty(Kernel.Effects);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void The_first_piece_of_a_stream_takes_the_other_attempt_back(int speaks, int silent)
    {
        var call = Hedged(Slow with { Stream = true });
        Kernel.Apply(new ModelAnswerBegan(new CallId(call), speaks) { At = 0 });
        Assert.Equal(silent, Kernel.One<CancelModelCall>().Attempt);
        _bench.End(call, silent, TakenBack(output: 0));
        Assert.Empty(Kernel.Effects.OfType<CancelModelCall>());
        _bench.End(call, attempt: speaks);
        Assert.Equal(speaks, Kernel.One<AnswerModelCall>().Attempt);
    }

    [Fact]
    public void A_stream_that_breaks_after_its_first_piece_is_what_the_call_comes_to()
    {
        var call = Hedged(Slow with { Stream = true });
        Kernel.Apply(new ModelAnswerBegan(new CallId(call), 2) { At = 0 });
        _bench.End(call, 2, ModelBench.Failed(ModelFailureKind.Unreachable) with { Delivered = true });
        _bench.End(call, 1, TakenBack(output: 0));
        Assert.Equal(SysErrorCode.ModelFailed, Kernel.Refusal().Code);
        Assert.Contains("other of q: the stream broke", Kernel.Refusal().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_budget_that_has_not_enough_for_both_allows_one()
    {
        var call = Warm(Slow with { Budget = new ModelBudget { Tokens = 150 } });
        Due(call);
        Assert.Empty(Kernel.Effects);
        Assert.InRange(Kernel.State.Models.Reserved.Tokens, 100, 150);
    }

    [Fact]
    public void Both_are_reserved_before_the_second_begins()
    {
        Warm(Slow);
        var one = Kernel.State.Models.Reserved.Tokens;
        Due(Kernel.CallId);
        Assert.Equal(2 * one, Kernel.State.Models.Reserved.Tokens);
    }

    [Fact]
    public void A_second_takes_no_slot_that_somebody_waits_for()
    {
        var call = Warm(Slow);
        _bench.Think(ModelBench.Hello with { Model = "other" });
        Due(call);
        Assert.Equal("slow", _bench.Started().Model);

        _bench.End(call, 2, ModelBench.Failed(ModelFailureKind.Rejected));
        var next = _bench.Think(Slow);
        _bench.Think(Slow);
        Due(next);
        Assert.Empty(Kernel.Effects);
    }

    [Fact]
    public void A_model_that_is_left_alone_gets_no_second()
    {
        for (var i = 0; i < 5; i++)
        {
            var failing = _bench.Think(ModelBench.Hello with { Model = "other", Stream = true });
            _bench.End(failing, 1, ModelBench.Failed(ModelFailureKind.Unreachable) with { Delivered = true });
        }

        Hedged();
        Assert.Equal("slow", _bench.Started().Model);
    }

    [Fact]
    public void However_slow_a_provider_is_no_more_than_the_share_of_its_calls_is_made_twice()
    {
        var bench = Bench(percent: 5);
        var hedges = 0;
        for (var i = 0; i < 400; i++)
        {
            var call = bench.Think(Slow);
            bench.Kernel.Wait(TimeSpan.FromMilliseconds(100));
            bench.Kernel.Apply(new ModelHedgeDue(new CallId(call)) { At = 0 });
            var second = bench.Kernel.Effects.OfType<StartModelCall>().Any();
            hedges += second ? 1 : 0;
            bench.End(call, attempt: 1);
            if (second)
            {
                bench.End(call, 2, TakenBack(output: 0));
            }
        }

        Assert.Equal(20, hedges);
        bench.Kernel.Call(new Llm());
        var row = ((LlmReply)bench.Kernel.One<Answer>().Reply).Hedges![0];
        Assert.Equal(("slow", 400, 20, 380), (row.Model, row.Attempts, row.Hedges, row.HeldBack));
    }

    [Fact]
    public void Without_a_time_the_delay_is_what_95_of_100_kept_to()
    {
        var bench = Bench(delayMs: null);
        for (var i = 1; i <= 20; i++)
        {
            var call = bench.Think(Slow);
            Assert.DoesNotContain(
                bench.Kernel.Effects, effect => effect is ArmTimer { Timer.Kind: TimerKind.ModelHedge });
            bench.Kernel.Wait(TimeSpan.FromMilliseconds(i));
            bench.End(call);
        }

        var begun = bench.Kernel.Now;
        bench.Think(Slow);
        var timer = bench.Kernel.Effects.OfType<ArmTimer>().Single(arm => arm.Timer.Kind is TimerKind.ModelHedge);
        Assert.Equal(19, (timer.DueAt - begun) / TimeSpan.TicksPerMillisecond);
    }

    [Fact]
    public void A_call_that_is_taken_back_has_both_attempts_taken_back_and_both_billed()
    {
        var call = Hedged();
        Kernel.Apply(new CallCancelled(new CallId(call)) { At = 0 });
        Assert.Equal([1, 2], Kernel.Effects.OfType<CancelModelCall>().Select(cancel => cancel.Attempt).Order());
        _bench.End(call, 1, TakenBack(output: 3));
        _bench.End(call, 2, TakenBack(output: 4));
        Assert.Equal(27, Kernel.State.Ledger.Today.Tokens);
        Assert.Empty(Kernel.State.Models.Calls);
    }

    [Fact]
    public void A_model_without_the_setting_is_never_hedged()
    {
        _bench.Think();
        Assert.False(_bench.Started().MayHedge);
        Assert.DoesNotContain(Kernel.Effects, effect => effect is ArmTimer { Timer.Kind: TimerKind.ModelHedge });
    }

    [Fact]
    public void An_alias_is_hedged_by_its_own_setting()
    {
        _bench.Think(ModelBench.Hello with { Model = "quick" });
        Assert.Equal(("alone", true), (_bench.Started().Model, _bench.Started().MayHedge));
    }

    private static ModelBench Bench(long? delayMs = 100, int percent = 100) => new(ModelBench.Options with
    {
        Providers = [new ProviderOptions("p") { Slots = 2 }, new ProviderOptions("q") { Slots = 1 }],
        Models =
        [
            new ModelEntry("slow", "p") { Fallback = ["other"] }, new ModelEntry("other", "q"),
            new ModelEntry("alone", "p"),
        ],
        Aliases = new Dictionary<string, string> { ["quick"] = "alone" },
        Hedges = new Dictionary<string, HedgeOptions>
        {
            ["slow"] = new(delayMs, percent),
            ["quick"] = new(delayMs, percent),
        },
    });

    private static ModelResult TakenBack(long output) =>
        ModelBench.Failed(ModelFailureKind.Cancelled) with { InputTokens = 10, OutputTokens = output };

    /// <summary>A call whose attempt is as slow as it may be alone.</summary>
    private long Warm(Think think)
    {
        var call = _bench.Think(think);
        Assert.Contains(Kernel.Effects, effect => effect is ArmTimer { Timer.Kind: TimerKind.ModelHedge });
        return call;
    }

    private long Hedged(Think? think = null)
    {
        var call = Warm(think ?? Slow);
        Due(call);
        return call;
    }

    private void Due(long call)
    {
        Kernel.Wait(TimeSpan.FromMilliseconds(100));
        Kernel.Apply(new ModelHedgeDue(new CallId(call)) { At = 0 });
    }
}
