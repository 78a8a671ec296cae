namespace Analemma.Kernel.Models;

// BREAKER
//
//   closed     calls go; so many failures in a row open it
//   open       no call goes until the time is up
//   half open  one call goes and decides: success closes it, failure opens it again
//
// One for each model of each provider. A rate limit (429) is no failure: it says when to come back.
public sealed class Breaker(RetryOptions options)
{
    private int _failures;
    private long _openUntil;
    private bool _probing;

    /// <summary>When a call may try again; 0 when closed.</summary>
    public long OpenUntil => _openUntil;

    public bool Allows(long now) => _openUntil == 0 || (now >= _openUntil && !_probing);

    public void Started() => _probing = _openUntil != 0;

    public void Succeeded() => (_failures, _openUntil, _probing) = (0, 0, false);

    /// <summary>The call said nothing about the model's health: it was refused, or taken back.</summary>
    public void Undecided() => _probing = false;

    public void Failed(long now)
    {
        _failures++;
        if (_probing || _failures >= options.BreakerFailures)
        {
            _openUntil = now + (options.BreakerOpenMs * TimeSpan.TicksPerMillisecond);
        }

        _probing = false;
    }
}
