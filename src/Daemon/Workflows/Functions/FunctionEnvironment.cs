using System.Collections.Concurrent;
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
/// One agent that takes events of a function, one after another. All of it but what is sent is guarded by its pool's
/// gate.
/// </summary>
internal sealed class FunctionEnvironment : IDisposable
{
    private readonly ConcurrentQueue<EventDelivery> _outbox = new();
    private readonly ITimer _timer;
    private long _ringsAt = long.MaxValue;
    private int _isSending;

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

    /// <summary>Its calls that wait for an event, oldest first; several of one that takes events ahead.</summary>
    public Queue<long> Calls { get; } = new(1);

    /// <summary>Its call that waits for events to be wanted back; 0 for none.</summary>
    public long Recall { get; set; }

    /// <summary>What it has, in the order in which it was given: it works on the first.</summary>
    public List<Invocation> Has { get; } = new(1);

    /// <summary>What it works on.</summary>
    public Invocation? Current => Has.Count > 0 ? Has[0] : null;

    /// <summary>When it can have begun that at the earliest, as the clock counts.</summary>
    public long BegunAt { get; set; }

    /// <summary>Events that it has taken.</summary>
    public int Uses { get; set; }

    /// <summary>When its time is up, as the clock counts. A timer may ring before, and is then to ring again.</summary>
    public long DueAt { get; private set; }

    /// <summary>Puts an event there to be sent, in the order in which it has them.</summary>
    public void Post(in EventDelivery delivery) => _outbox.Enqueue(delivery);

    /// <summary>
    /// Sends what was put there, without its pool's gate: it is a system call, and wakes a process. Whoever is at it
    /// sends for all, so that events come in their order.
    /// </summary>
    public void Send()
    {
        while (!_outbox.IsEmpty && Interlocked.CompareExchange(ref _isSending, 1, 0) == 0)
        {
            try
            {
                while (_outbox.TryDequeue(out var delivery))
                {
                    delivery.Send();
                }
            }
            finally
            {
                // A full fence: whoever has put something there meanwhile relies on the look that follows.
                Interlocked.Exchange(ref _isSending, 0);
            }
        }
    }

    /// <summary>Where an event is in what it has; negative when it is not.</summary>
    public int IndexOf(string request)
    {
        for (var i = 0; i < Has.Count; i++)
        {
            if (Has[i].RequestId == request)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Leaves out calls that are no more.</summary>
    public void Forget(Func<long, bool> isGone)
    {
        for (var left = Calls.Count; left > 0; left--)
        {
            if (Calls.Dequeue() is var each && !isGone(each))
            {
                Calls.Enqueue(each);
            }
        }
    }

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
