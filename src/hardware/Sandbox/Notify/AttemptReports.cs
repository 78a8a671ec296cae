using System.Runtime.InteropServices;

namespace Analemma.Sandbox.Notify;

/// <summary>
/// The attempts of one sandbox within a window of time. The first of its kind is reported at once; alike ones are
/// counted and reported together at the window's end; beyond the table's bound only their number is kept. So a child
/// that tries a million times costs the kernel a few reports a second.
/// </summary>
internal sealed class AttemptReports(
    string key, NotifyOptions options, TimeProvider time, DeniedSink sink, List<AttemptReports> open)
{
    private readonly Dictionary<ulong, Entry> _entries = [];
    private long _opened;
    private int _others;
    private int _othersPid;

    /// <summary>When the open window ends, as a timestamp of the time provider.</summary>
    public long Ends => _opened + (long)(options.Window.TotalSeconds * time.TimestampFrequency);

    /// <summary>Counts an attempt; the words are made only when it is to be reported now.</summary>
    public void Add<T>(ulong identity, int pid, in T attempt, DescribeAttempt<T> describe)
        where T : allows ref struct
    {
        ref var entry = ref CollectionsMarshal.GetValueRefOrNullRef(_entries, identity);
        if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref entry))
        {
            entry.Repeats = entry.Repeats == int.MaxValue ? int.MaxValue : entry.Repeats + 1;
            return;
        }

        if (_entries.Count >= options.AttemptsPerWindowMax)
        {
            _others = _others == int.MaxValue ? int.MaxValue : _others + 1;
            _othersPid = pid;
            return;
        }

        if (_entries.Count == 0)
        {
            _opened = time.GetTimestamp();
            open.Add(this);
        }

        var (kind, what, reason) = describe(attempt);
        var denied = new DeniedAttempt(key, kind, what, reason, pid);
        _entries[identity] = new Entry { First = denied };
        sink(denied);
    }

    /// <summary>Ends the window: reports what was only counted.</summary>
    public void Flush()
    {
        Entry[] ended = [.. _entries.Values];
        var others = _others;
        _entries.Clear();
        _others = 0;
        open.Remove(this);
        foreach (var entry in ended)
        {
            if (entry.Repeats > 0)
            {
                sink(entry.First with { Count = entry.Repeats });
            }
        }

        if (others > 0)
        {
            sink(new DeniedAttempt(
                key,
                "process",
                "many different denied attempts in a short time",
                "The sandbox refuses all of them; stop trying and ask the kernel for what you need.",
                _othersPid)
            { Count = others });
        }
    }

    private struct Entry
    {
        public required DeniedAttempt First { get; init; }

        public int Repeats;
    }
}

/// <summary>Puts an attempt in words: kind, what, reason.</summary>
internal delegate (string Kind, string What, string Reason) DescribeAttempt<T>(in T attempt)
    where T : allows ref struct;
