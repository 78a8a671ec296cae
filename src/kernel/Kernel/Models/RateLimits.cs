namespace Analemma.Kernel.Models;

/// <summary>Requests and tokens a minute; 0 for no limit.</summary>
public sealed record RateLimit(long RequestsPerMinute = 0, long TokensPerMinute = 0)
{
    public static RateLimit None { get; } = new();
}

/// <summary>The two buckets of one provider, model or agent.</summary>
public sealed class RateLimits(RateLimit limit)
{
    private readonly TokenBucket? _requests = Bucket(limit.RequestsPerMinute);
    private readonly TokenBucket? _tokens = Bucket(limit.TokensPerMinute);

    /// <summary>When a call of so many tokens may go: now, or later.</summary>
    public long ReadyAt(long tokens, long now) => Math.Max(
        _requests?.ReadyAt(1, now) ?? now,
        _tokens?.ReadyAt(tokens, now) ?? now);

    public void Take(long tokens, long now)
    {
        _requests?.Take(1, now);
        _tokens?.Take(tokens, now);
    }

    /// <summary>A call has used this much of what it took.</summary>
    public void Settle(long taken, long used, long now)
    {
        if (used <= taken)
        {
            _tokens?.Return(taken - used);
        }
        else
        {
            _tokens?.Take(used - taken, now);
        }
    }

    private static TokenBucket? Bucket(long perMinute) => perMinute > 0 ? new TokenBucket(perMinute) : null;
}
