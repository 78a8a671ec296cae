using Analemma.Abi;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Models;

namespace Analemma.Unit.Tests.Kernel.Models;

public sealed class RetryTests
{
    private readonly ModelBench _bench = new();

    private KernelBench Kernel => _bench.Kernel;

    [Fact]
    public void A_retried_call_is_billed_once_and_answered_once()
    {
        var call = _bench.Think();
        _bench.FailAndRetry(call, 1);
        Assert.Equal(2, _bench.Started().Attempt);
        _bench.FailAndRetry(call, 2);

        _bench.End(call, attempt: 3);
        Assert.Equal((3, 30L), (_bench.Answer().Attempts, _bench.Answer().Tokens));
        Assert.Equal((1, 30L), (Kernel.State.Ledger.Today.Calls, Kernel.State.Ledger.Today.Tokens));
    }

    [Fact]
    public void What_a_failed_attempt_used_is_part_of_the_one_bill()
    {
        var call = _bench.Think();
        _bench.End(call, 1, ModelBench.Failed(ModelFailureKind.Malformed) with { OutputTokens = 8 });
        Kernel.Apply(new ModelRetryDue(new CallId(call)) { At = 0 });
        _bench.End(call, attempt: 2);
        Assert.Equal((1, 38L), (Kernel.State.Ledger.Today.Calls, Kernel.State.Ledger.Today.Tokens));
    }

    [Fact]
    public void Delays_are_drawn_from_ranges_that_double_and_end()
    {
        RetryOptions options = new() { AttemptsMax = 50, BaseMs = 100, DelayMsMax = 1_000 };
        KernelRandom random = new(1);
        long Longest(int attempts) => Enumerable.Range(0, 2_000).Max(_ => RetryDecision.After(
            new ModelFailure(ModelFailureKind.Overloaded, ""), false, attempts, options, random).Delay) / 10_000;

        var longest = Enumerable.Range(1, 5).Select(Longest).Select(ms => (ms + 5) / 10 * 10);
        Assert.Equal([100, 200, 400, 800, 1_000], longest);
        Assert.Equal(1_000, Longest(49), 10.0);
    }

    [Fact]
    public void The_same_seed_draws_the_same_delays()
    {
        static IEnumerable<long> Draw(long seed)
        {
            KernelRandom random = new(seed);
            return Enumerable.Range(0, 20).Select(_ => random.UpTo(1_000_000)).ToArray();
        }

        Assert.Equal(Draw(3), Draw(3));
        Assert.NotEqual(Draw(3), Draw(4));
    }

    [Fact]
    public void Retry_after_is_heeded_by_every_call_of_the_model()
    {
        var call = _bench.Think();
        var now = Kernel.Now;
        _bench.End(call, 1, ModelBench.Failed(ModelFailureKind.RateLimited, retryAfterMs: 3_000));
        var retry = Kernel.Effects.OfType<ArmTimer>().Single(arm => arm.Timer.Kind is TimerKind.ModelRetry);
        Assert.InRange(retry.DueAt - now, 3 * TimeSpan.TicksPerSecond, 4 * TimeSpan.TicksPerSecond);

        _bench.Think();
        Assert.Empty(Kernel.Effects.OfType<StartModelCall>());
        _bench.Think(ModelBench.Hello with { Model = "small" });
        Assert.Equal("small", _bench.Started().Model);
    }

    [Fact]
    public void A_wait_longer_than_the_owner_allows_is_a_failure()
    {
        var call = _bench.Think();
        _bench.End(call, 1, ModelBench.Failed(ModelFailureKind.RateLimited, retryAfterMs: 3_600_000));
        Assert.Equal(
            (SysErrorCode.ModelFailed, 3_600_000L), (Kernel.Refusal().Code, Kernel.Refusal().RetryAfterMs!.Value));
    }

    [Theory]
    [InlineData(ModelFailureKind.Rejected, SysErrorCode.ModelFailed)]
    [InlineData(ModelFailureKind.Unauthorized, SysErrorCode.ModelFailed)]
    [InlineData(ModelFailureKind.NotConfigured, SysErrorCode.NotConfigured)]
    public void What_another_attempt_cannot_mend_is_refused_at_once(ModelFailureKind kind, SysErrorCode code)
    {
        var call = _bench.Think();
        _bench.End(call, 1, ModelBench.Failed(kind));
        Assert.Equal(code, Kernel.Refusal().Code);
        Assert.Contains("no luck", Kernel.Refusal().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stream_that_broke_after_its_first_piece_is_not_begun_again()
    {
        var call = _bench.Think(ModelBench.Hello with { Stream = true });
        var broken = ModelBench.Failed(ModelFailureKind.Unreachable) with { Delivered = true, OutputTokens = 3 };
        _bench.End(call, 1, broken);
        Assert.Equal(SysErrorCode.ModelFailed, Kernel.Refusal().Code);
        Assert.Equal(3, Kernel.State.Ledger.Today.Tokens);
    }

    [Fact]
    public void The_fallback_answers_when_the_model_does_not_and_says_who_it_is()
    {
        var call = _bench.Think(ModelBench.Hello with { Model = "big" });
        _bench.FailAndRetry(call, 1);
        _bench.FailAndRetry(call, 2);
        _bench.End(call, 3, ModelBench.Failed(ModelFailureKind.Overloaded));
        Assert.Equal(("small", 4), (_bench.Started().Model, _bench.Started().Attempt));

        _bench.End(call, attempt: 4);
        Assert.Equal("small", _bench.Answer().Model);
        Assert.Equal(30, _bench.Answer().Usage.Microdollars);
    }

    [Fact]
    public void A_breaker_opens_tries_one_call_and_closes()
    {
        RetryOptions options = new() { BreakerFailures = 2, BreakerOpenMs = 1_000 };
        Breaker breaker = new(options);
        breaker.Failed(0);
        Assert.True(breaker.Allows(0));
        breaker.Failed(0);
        Assert.False(breaker.Allows(TimeSpan.TicksPerSecond - 1));

        Assert.True(breaker.Allows(TimeSpan.TicksPerSecond));
        breaker.Started();
        Assert.False(breaker.Allows(TimeSpan.TicksPerSecond));
        breaker.Failed(TimeSpan.TicksPerSecond);
        Assert.False(breaker.Allows(TimeSpan.TicksPerSecond + 1));

        breaker.Started();
        breaker.Succeeded();
        Assert.True(breaker.Allows(0));
    }

    [Fact]
    public void Calls_of_a_model_that_is_left_alone_go_to_its_fallback_or_are_told_how_long()
    {
        for (var i = 0; i < 5; i++)
        {
            var call = _bench.Think(ModelBench.Hello with { Model = "big", Stream = true });
            _bench.End(call, 1, ModelBench.Failed(ModelFailureKind.Unreachable) with { Delivered = true });
        }

        _bench.Think(ModelBench.Hello with { Model = "big" });
        Assert.Equal("small", _bench.Started().Model);

        for (var i = 0; i < 5; i++)
        {
            var call = _bench.Think(ModelBench.Hello with { Stream = true });
            _bench.End(call, 1, ModelBench.Failed(ModelFailureKind.Unreachable) with { Delivered = true });
        }

        _bench.Think();
        Assert.Equal(SysErrorCode.ModelFailed, Kernel.Refusal().Code);
        Assert.InRange(Kernel.Refusal().RetryAfterMs!.Value, 29_000, 30_000);
    }

    [Fact]
    public void A_retry_that_would_come_too_late_is_not_made()
    {
        var call = _bench.Think(ModelBench.Hello with { TimeoutMs = 100 });
        Kernel.Wait(TimeSpan.FromMilliseconds(100));
        _bench.End(call, 1, ModelBench.Failed(ModelFailureKind.TimedOut));
        Assert.Equal(SysErrorCode.TimedOut, Kernel.Refusal().Code);
    }
}
