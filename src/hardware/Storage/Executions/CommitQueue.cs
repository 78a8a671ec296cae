using System.Collections.Concurrent;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Sqlite;

namespace Analemma.Storage.Executions;

/// <summary>A change, and who is told when it is durable.</summary>
internal readonly record struct PendingChange(
    ExecutionStoreChange Change, Action<JournalStoreException?> Done, long WaitsSince);

/// <summary>
/// Group commit: changes of many executions, in the order in which they came, in one transaction for as many as wait
/// when it begins. One thread at a time commits; any may write.
/// </summary>
/// <remarks>
/// When a change was alone and nothing waits, the thread that committed it is lent to what comes of it: the next step
/// of the only execution that runs needs no other thread, and what it writes is committed right there. There is a
/// second thread, so that whoever comes meanwhile waits for nobody's step: what the lent thread is to commit, the other
/// commits when the step takes long.
/// </remarks>
/// <param name="name">Of the thread.</param>
/// <param name="commit">Commits a group whole or not at all, and says why not. On the thread.</param>
/// <param name="time">For how long changes wait.</param>
internal sealed class CommitQueue(
    string name, Func<IReadOnlyList<PendingChange>, JournalStoreException?> commit, TimeProvider time) : IDisposable
{
    /// <summary>Changes in one transaction: what one flush may hold up.</summary>
    private const int GroupMax = 1024;

    /// <summary>How long a step may take before the other thread commits what it wrote.</summary>
    private static readonly TimeSpan LoanMax = TimeSpan.FromMilliseconds(20);

    /// <summary>The queue that the thread is lent by.</summary>
    [ThreadStatic]
    private static CommitQueue? _lender;

    private readonly StorageThread _thread = new(name, threads: 2);
    private readonly Lock _committing = new();
    private readonly ConcurrentQueue<PendingChange> _pending = new();
    private readonly List<PendingChange> _group = [];
    private ITimer? _patience;
    private int _scheduled;
    private int _lent;
    private int _promised;
    private int _watched;
    private int _waiting;
    private long _groupSince;
    private volatile JournalStoreException? _refusal;
    private volatile bool _closed;

    /// <summary>Why what begins work is refused; null while it is taken.</summary>
    public JournalStoreException? Refusal => _refusal;

    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>How long the oldest change has waited.</summary>
    public TimeSpan OldestWait
    {
        get
        {
            var since = Interlocked.Read(ref _groupSince);
            if (since == 0)
            {
                since = _pending.TryPeek(out var next) ? next.WaitsSince : 0;
            }

            return since == 0 ? TimeSpan.Zero : time.GetElapsedTime(since);
        }
    }

    public void Write(ExecutionStoreChange change, Action<JournalStoreException?> done)
    {
        if (_refusal is { } refusal && change.BeginsWork)
        {
            done(refusal);
            return;
        }

        Interlocked.Increment(ref _waiting);
        _pending.Enqueue(new PendingChange(change, done, time.GetTimestamp()));
        if (Interlocked.Exchange(ref _scheduled, 1) == 0)
        {
            Schedule();
        }
    }

    /// <summary>Whether the calling thread is lent to what comes of a commit, and may be held by it.</summary>
    public bool IsLent => _lender == this;

    /// <summary>Runs between two commits; false when the thread is ending.</summary>
    public bool TryPost(Action work) => _thread.TryPost(() =>
    {
        lock (_committing)
        {
            work();
        }
    });

    /// <summary>
    /// From now on what begins work is refused, also what waits already; the rest goes on waiting. On the thread.
    /// </summary>
    public void RefuseWork(JournalStoreException why)
    {
        _refusal = why;
        for (var left = _pending.Count; left > 0 && _pending.TryDequeue(out var each); left--)
        {
            if (each.Change.BeginsWork)
            {
                Tell(each, why);
            }
            else
            {
                _pending.Enqueue(each);
            }
        }
    }

    /// <summary>Takes what begins work again. On the thread.</summary>
    public void TakeWork() => _refusal = null;

    /// <summary>What waits is committed, or refused when it cannot be.</summary>
    public void Dispose()
    {
        _closed = true;
        _patience?.Dispose();
        _thread.Dispose();
        Interlocked.Exchange(ref _scheduled, 0);
        RefuseAll();
    }

    private void CommitPending()
    {
        while (true)
        {
            while (_group.Count < GroupMax && _pending.TryDequeue(out var next))
            {
                _group.Add(next);
            }

            if (_group.Count == 0)
            {
                Interlocked.Exchange(ref _scheduled, 0);
                if (_pending.IsEmpty || Interlocked.Exchange(ref _scheduled, 1) != 0)
                {
                    return;
                }

                continue;
            }

            Interlocked.Exchange(ref _groupSince, _group[0].WaitsSince);
            JournalStoreException? failure;
            lock (_committing)
            {
                failure = commit(_group);
            }

            Interlocked.Exchange(ref _groupSince, 0);
            if (_group.Count == 1 && _pending.IsEmpty && Interlocked.Exchange(ref _lent, 1) == 0)
            {
                var alone = _group[0];
                _group.Clear();
                if (Lend(alone, failure))
                {
                    continue;
                }

                return;
            }

            foreach (var each in _group)
            {
                Tell(each, failure);
            }

            _group.Clear();
        }
    }

    // The next change may be committed by the other thread as soon as this one is lent. True when what came of the
    // commit has written: then this one goes on committing.
    private bool Lend(PendingChange alone, JournalStoreException? failure)
    {
        Interlocked.Exchange(ref _scheduled, 0);
        if (!_pending.IsEmpty && Interlocked.Exchange(ref _scheduled, 1) == 0)
        {
            Schedule();
        }

        _lender = this;
        Tell(alone, failure);
        _lender = null;
        var commits = Interlocked.Exchange(ref _promised, 0) == 1;
        Interlocked.Exchange(ref _lent, 0);
        return commits;
    }

    private void Schedule()
    {
        if (_lender == this)
        {
            Interlocked.Exchange(ref _promised, 1);
            Watch();
        }
        else
        {
            PostCommit();
        }
    }

    private void PostCommit()
    {
        if (!_thread.TryPost(CommitPending))
        {
            // Who comes after this is to find nobody there, and be refused too.
            Interlocked.Exchange(ref _scheduled, 0);
            RefuseAll();
        }
    }

    // One timer for many loans, set when it is not: it may take over from one that has only begun, which does no harm.
    private void Watch()
    {
        if (Interlocked.Exchange(ref _watched, 1) == 0)
        {
            _patience ??= time.CreateTimer(
                static queue => ((CommitQueue)queue!).TakeOver(),
                this,
                Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan);
            _patience.Change(LoanMax, Timeout.InfiniteTimeSpan);
        }
    }

    private void TakeOver()
    {
        Interlocked.Exchange(ref _watched, 0);
        if (Interlocked.Exchange(ref _promised, 0) == 1)
        {
            PostCommit();
        }
    }

    private void Tell(PendingChange each, JournalStoreException? failure)
    {
        Interlocked.Decrement(ref _waiting);
        each.Done(failure);
    }

    private void RefuseAll()
    {
        while (_pending.TryDequeue(out var each))
        {
            Tell(each, new JournalStoreException(
                JournalStoreFailure.Closed, _closed ? "the store is closed" : "the store is closing"));
        }
    }
}
