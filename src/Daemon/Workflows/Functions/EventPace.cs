namespace Analemma.Daemon.Workflows.Functions;

/// <summary>
/// How long the events of a function took lately, and so how many an environment may have at once. Nothing is known of
/// a function that is new: it has to show that its events are over in a moment. Guarded by its pool's gate.
/// </summary>
internal sealed class EventPace(TimeProvider time)
{
    /// <summary>An event that has taken so long holds up those behind it: they go to others.</summary>
    public static readonly TimeSpan RecallAfter = TimeSpan.FromMilliseconds(20);

    /// <summary>What lies with an environment is so much work at most, as far as the last events tell.</summary>
    private const double AheadMicros = 1000;

    private const int EventsMax = 8;

    /// <summary>Of a new function: longer than what lets anything be given ahead, for some dozens of events.</summary>
    private const double MicrosAtFirst = 10_000;

    /// <summary>The share of the last event in the mean.</summary>
    private const double Share = 1 / 16.0;

    private double _micros = MicrosAtFirst;

    /// <summary>Events that an environment may have at once.</summary>
    public int AheadMax { get; private set; } = 1;

    /// <summary>An event has ended that was begun then.</summary>
    public void Took(long begunAt)
    {
        _micros += (time.GetElapsedTime(begunAt).TotalMicroseconds - _micros) * Share;
        AheadMax = (int)Math.Clamp(AheadMicros / _micros, 1, EventsMax);
    }

    /// <summary>Whether an event that was begun then takes too long for another to wait behind it.</summary>
    public bool IsLate(long begunAt) => time.GetElapsedTime(begunAt) >= RecallAfter;
}
