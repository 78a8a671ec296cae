using Analemma.Abi;

namespace Analemma.Daemon.Workflows.Functions;

/// <summary>Where an environment is in its life.</summary>
internal enum EnvironmentState
{
    /// <summary>It has not asked for an event yet.</summary>
    Starting,

    /// <summary>It waits for an event.</summary>
    Idle,

    /// <summary>It has one.</summary>
    Busy,

    /// <summary>It has answered, and not asked for the next yet.</summary>
    Between,

    /// <summary>It is being ended, and takes nothing any more.</summary>
    Ending,
}

/// <summary>
/// One agent that takes events of a function, one after another. All of it is guarded by its pool's gate.
/// </summary>
internal sealed class FunctionEnvironment : IDisposable
{
    private readonly ITimer _timer;
    private long _ringsAt = long.MaxValue;

    /// <param name="function">As it was when the environment was made.</param>
    /// <param name="time">Rings the timer.</param>
    /// <param name="ring">Told when its time is up; any thread.</param>
    public FunctionEnvironment(AgentFunction function, TimeProvider time, Action<FunctionEnvironment> ring)
    {
        Function = function;
        _timer = time.CreateTimer(
            state => ring((FunctionEnvironment)state!), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public AgentFunction Function { get; }

    /// <summary>None before it is spawned.</summary>
    public ProcessId Process { get; set; }

    public EnvironmentState State { get; set; }

    /// <summary>The call that waits for an event, when it is idle.</summary>
    public long Call { get; set; }

    /// <summary>What it works on.</summary>
    public Invocation? Current { get; set; }

    /// <summary>Events that it has taken.</summary>
    public int Uses { get; set; }

    /// <summary>When its time is up, as the clock counts. A timer may ring before, and is then to ring again.</summary>
    public long DueAt { get; private set; }

    public void Arm(TimeProvider time, TimeSpan after)
    {
        DueAt = time.GetTimestamp() + (long)(after.TotalSeconds * time.TimestampFrequency);
        // An event sets it twice: one that rings before is left to ring, and is set again then.
        if (DueAt < _ringsAt)
        {
            _ringsAt = DueAt;
            _timer.Change(after, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Whether its time is up; if it is not, the timer rings again when it is.</summary>
    public bool IsDue(TimeProvider time)
    {
        _ringsAt = long.MaxValue;
        var left = DueAt - time.GetTimestamp();
        if (left <= 0)
        {
            return true;
        }

        if (DueAt != long.MaxValue)
        {
            _ringsAt = DueAt;
            // Timers count whole milliseconds, and the last one may be short.
            _timer.Change(
                TimeSpan.FromSeconds((double)left / time.TimestampFrequency) + TimeSpan.FromMilliseconds(1),
                Timeout.InfiniteTimeSpan);
        }

        return false;
    }

    public void Disarm() => DueAt = long.MaxValue;

    public void Dispose() => _timer.Dispose();
}
