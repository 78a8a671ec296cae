using System.Globalization;
using Analemma.Abi;

namespace Analemma.Kernel.Models;

/// <summary>
/// Notices an agent that has lost its way before its budget is gone: the same request again and again, too many calls,
/// tokens without a deed. Volatile, and bounded: it remembers the latest different requests only.
/// </summary>
internal sealed class RunawayWatch(RunawayOptions options)
{
    private const int RequestsMax = 64;

    private readonly Dictionary<ulong, int> _seen = [];
    private readonly Queue<ulong> _order = new();
    private readonly TokenBucket? _calls =
        options.CallsPerMinuteMax > 0 ? new TokenBucket(options.CallsPerMinuteMax) : null;
    private long _windowEnds;

    /// <summary>Since the agent last did something else than think.</summary>
    public long TokensWithoutProgress { get; set; }

    /// <summary>Counts a request; says no when it is one too many.</summary>
    public SysError? Check(ulong request, long now)
    {
        if (_calls is { } calls && calls.ReadyAt(1, now) is var ready && ready > now)
        {
            return Stopped(
                $"more than {options.CallsPerMinuteMax} model calls within a minute", ready - now);
        }

        if (options.TokensWithoutProgressMax > 0 && TokensWithoutProgress >= options.TokensWithoutProgressMax)
        {
            return Stopped(
                $"{TokensWithoutProgress} tokens used without any other deed; the limit is "
                + options.TokensWithoutProgressMax.ToString(CultureInfo.InvariantCulture), 0);
        }

        if (options.SameRequestMax > 0 && Count(request, now) > options.SameRequestMax)
        {
            return Stopped(
                $"the same request more than {options.SameRequestMax} times within "
                + $"{options.WindowMs / 1000.0:0.###} s", _windowEnds - now);
        }

        _calls?.Take(1, now);
        return null;
    }

    private static SysError Stopped(string why, long wait) => new(
        SysErrorCode.RunawayStopped, why, "change what the agent asks, or have the limit raised")
    {
        RetryAfterMs = wait > 0 ? (wait + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond : null,
    };

    private int Count(ulong request, long now)
    {
        if (now >= _windowEnds)
        {
            _windowEnds = now + (options.WindowMs * TimeSpan.TicksPerMillisecond);
            _seen.Clear();
            _order.Clear();
        }

        if (!_seen.TryGetValue(request, out var count))
        {
            if (_order.Count == RequestsMax)
            {
                _seen.Remove(_order.Dequeue());
            }

            _order.Enqueue(request);
        }

        return _seen[request] = count + 1;
    }
}
