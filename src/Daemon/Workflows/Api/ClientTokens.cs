using System.Collections.Concurrent;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>
/// Requests that were done, by the tokens of their clients: who asks again with one is told the same (API reference,
/// RedriveExecution). The last ten of an execution, for 15 minutes; in memory, as long as the kernel runs.
/// </summary>
internal sealed class ClientTokens
{
    private const int TokensMax = 10;

    private static readonly TimeSpan Life = TimeSpan.FromMinutes(15);

    private readonly ConcurrentDictionary<string, (string Token, DateTimeOffset At)[]> _done =
        new(StringComparer.Ordinal);

    /// <summary>When it was done with this token; null when it was not, or has no token.</summary>
    public DateTimeOffset? Find(string arn, string? token, DateTimeOffset now)
    {
        foreach (var (known, at) in _done.GetValueOrDefault(arn) ?? [])
        {
            if (known == token && now - at < Life)
            {
                return at;
            }
        }

        return null;
    }

    public void Add(string arn, string? token, DateTimeOffset now)
    {
        foreach (var (other, tokens) in _done)
        {
            if (now - tokens[^1].At >= Life)
            {
                _done.TryRemove(new(other, tokens));
            }
        }

        if (token is not null)
        {
            _done.AddOrUpdate(arn, [(token, now)], (_, before) => [.. before.TakeLast(TokensMax - 1), (token, now)]);
        }
    }
}
