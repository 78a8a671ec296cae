using Analemma.Kernel.Effects;

namespace Analemma.Kernel.Mailboxes;

/// <summary>Something that is to happen at a time, which may change or pass away.</summary>
internal interface IDue
{
    /// <summary>In ticks; 0 for never.</summary>
    long DueAt { get; }
}

// One timer of the daemon for all of messaging, armed for the earliest: most deadlines pass away unmet, and a timer for
// each would cost more than the message. An entry counts only while its thing is due at that time; those that are not
// any more are left until they come to the front, or until they are the most.

/// <summary>When which message or wait is due. Volatile.</summary>
internal sealed class Deadlines
{
    private const int FewEntries = 256;

    private static readonly TimerName Timer = new(TimerKind.Mail, 0);

    private PriorityQueue<IDue, long> _entries = new();
    private int _gone;
    private long _armedFor;

    public int Count => _entries.Count;

    /// <summary>After the thing's time was set.</summary>
    public void Add(IDue thing)
    {
        if (thing.DueAt != 0)
        {
            _entries.Enqueue(thing, thing.DueAt);
        }
    }

    /// <summary>A time that was added does not matter any more.</summary>
    public void Gone()
    {
        _gone++;
        if (_gone > FewEntries && _gone > _entries.Count / 2)
        {
            PriorityQueue<IDue, long> left = new();
            left.EnqueueRange(_entries.UnorderedItems.Where(entry => entry.Element.DueAt == entry.Priority));
            _entries = left;
            _gone = 0;
        }
    }

    /// <summary>The next thing whose time has come, once; null when there is none.</summary>
    public IDue? Take(long now)
    {
        while (_entries.TryPeek(out var thing, out var at) && (at <= now || thing.DueAt != at))
        {
            _entries.Dequeue();
            if (thing.DueAt == at)
            {
                return thing;
            }

            _gone = Math.Max(0, _gone - 1);
        }

        return null;
    }

    public void TimerRang() => _armedFor = 0;

    /// <summary>Sees to it that the timer rings for the first.</summary>
    public void Arm(List<Effect> effects)
    {
        if (_entries.TryPeek(out _, out var first) && (_armedFor == 0 || first < _armedFor))
        {
            _armedFor = first;
            effects.Add(new ArmTimer(Timer, first));
        }
    }

    public void Clear()
    {
        _entries.Clear();
        _gone = 0;
        _armedFor = 0;
    }
}
