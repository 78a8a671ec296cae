using Analemma.Kernel.Models;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Kernel.Models;

public sealed class RateLimitTests
{
    private const long Second = TimeSpan.TicksPerSecond;

    [Fact]
    public void A_minutes_worth_may_go_at_once_and_then_at_the_rate()
    {
        TokenBucket bucket = new(60);
        for (var i = 0; i < 60; i++)
        {
            Assert.Equal(0, bucket.ReadyAt(1, now: 0));
            bucket.Take(1, now: 0);
        }

        Assert.Equal(Second, bucket.ReadyAt(1, now: 0));
        Assert.Equal(Second, bucket.ReadyAt(1, now: Second / 2));
        Assert.Equal(Second, bucket.ReadyAt(1, now: Second));
        Assert.Equal(10 * Second, bucket.ReadyAt(10, now: Second));
    }

    [Fact]
    public void What_is_larger_than_a_minutes_worth_goes_when_full_and_leaves_a_debt()
    {
        TokenBucket bucket = new(100);
        Assert.Equal(0, bucket.ReadyAt(250, now: 0));
        bucket.Take(250, now: 0);
        Assert.Equal((150 + 1) * 60 * Second / 100, bucket.ReadyAt(1, now: 0));
    }

    [Fact]
    public void What_is_returned_can_be_taken_again_up_to_a_minutes_worth()
    {
        RateLimits limits = new(new RateLimit(TokensPerMinute: 1_000));
        limits.Take(1_000, now: 0);
        Assert.True(limits.ReadyAt(400, now: 0) > 0);
        limits.Settle(1_000, 600, now: 0);
        Assert.Equal(0, limits.ReadyAt(400, now: 0));
        Assert.True(limits.ReadyAt(401, now: 0) > 0);
    }

    [Fact]
    public void However_much_more_was_used_than_taken_the_debt_has_an_end()
    {
        TokenBucket bucket = new(60);
        for (var i = 0; i < 10_000; i++)
        {
            bucket.Take(TokenBucket.AmountMax, now: 0);
        }

        Assert.InRange(bucket.ReadyAt(1, now: 0), Second, long.MaxValue);
    }

    [Fact]
    public void No_window_ever_sees_more_than_burst_and_rate() =>
        Prop.ForAll(
            Gen.Choose(1, 2_000_000).ToArbitrary(),
            Gen.Choose(1, 50).ListOf(100).ToArbitrary(),
            (perMinute, amounts) =>
            {
                TokenBucket bucket = new(perMinute);
                List<(long At, long Amount)> taken = [];
                long now = 0;
                foreach (var amount in amounts.Select(amount => (long)Math.Min(amount, perMinute)))
                {
                    now = Math.Max(now, bucket.ReadyAt(amount, now));
                    bucket.Take(amount, now);
                    taken.Add((now, amount));
                }

                return taken.All(from =>
                {
                    var until = taken.Where(at => at.At >= from.At && at.At <= from.At + TimeSpan.TicksPerMinute);
                    return until.Sum(at => at.Amount) <= 2L * perMinute;
                });
            }).QuickCheckThrowOnFailure();
}
