using System.Collections.Concurrent;
using System.Diagnostics;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;
using Analemma.Daemon.Telemetry;
using Analemma.Daemon.Telemetry.Instruments;
using Analemma.Journal;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Policy;

namespace Analemma.Daemon.Loop;

// THE LOOP
//
// Whoever brings an event enters the kernel if it is idle, and otherwise leaves the event to the one inside: so a call
// to an idle kernel costs no thread hop, and there is never more than one writer. The right to be inside is a baton. A
// turn with durable events keeps the baton while the journal commits, without a thread; the journal's own thread then
// ends the turn, and goes on with what has arrived meanwhile (that is the group in group commit).
//
// A commit takes as long as the disk does, and the state rests meanwhile. Who only looks, and has nothing else under
// way, does so then, on the thread that brought the question, with the baton for that moment (ADR 62). One that finds
// somebody inside is let in by that one, at the latest before it waits for the disk (ADR 74).
//
// Effects start on the thread that ends the turn; runners return at once. What a turn will launch is told at its
// beginning, and got ready while the disk is busy. If the journal cannot keep a batch, nothing of it has happened, and
// the kernel stops: a new one recovers. Whatever else is thrown in a turn ends the kernel the same way: nothing leaves
// through the thread that happened to be inside.
internal sealed class KernelLoop : ISyscallSink
{
    private const int Free = 0;
    private const int Held = 1;
    private const int WithJournal = 2;
    private const int Looking = 3;

    private readonly ConcurrentQueue<KernelEvent> _arrivals = new();
    private readonly ConcurrentQueue<SyscallArrived> _looks = new();
    private readonly KernelTurns _turns;
    private readonly JournalWriter _journal;
    private readonly IEffectRunner _effects;
    private readonly Action<Launch> _foreseen;
    private readonly CallTable _calls;
    private readonly TimeProvider _time;
    private readonly Action<Exception> _panic;
    private readonly Action<JournalPosition, KernelState>? _turnEnded;
    private readonly List<DurableRecord> _records = [];
    private readonly KernelMeter? _meter;
    private long _commitBegan;
    private int _waiting;
    private int _baton;
    private volatile bool _isCommitted;
    private volatile bool _stopped;
    private volatile bool _panicked;

    public KernelLoop(
        KernelState state,
        JournalPosition position,
        JournalWriter journal,
        IEffectRunner effects,
        CallTable calls,
        TimeProvider time,
        Action<Exception> panic,
        Action<JournalPosition, KernelState>? turnEnded = null,
        KernelMeter? meter = null)
    {
        _turns = new KernelTurns(state);
        _journal = journal;
        Position = position;
        _effects = effects;
        _foreseen = effects.Expect;
        _calls = calls;
        _time = time;
        _panic = panic;
        _turnEnded = turnEnded;
        _meter = meter;
    }

    /// <summary>Where the journal stands as of the last turn that ended.</summary>
    public JournalPosition Position { get; private set; }

    /// <summary>To be looked at only before the first event, and when the loop has stopped.</summary>
    public KernelState State => _turns.State;

    /// <summary>Turns that have ended, and the events in them. For metrics.</summary>
    public long TurnCount { get; private set; }

    public long EventCount { get; private set; }

    /// <summary>Events that wait to enter.</summary>
    public int WaitingCount => Volatile.Read(ref _waiting);

    /// <summary>The clock that events are stamped with.</summary>
    public long Now => _time.GetUtcNow().UtcTicks;

    public void Submit(SyscallCall call)
    {
        if (SyscallRules.Check(call.Syscall) is { } problem)
        {
            call.Fail(problem);
            return;
        }

        if (Volatile.Read(ref _waiting) >= DaemonLimits.ArrivalsMax)
        {
            call.Fail(new SysError(
                SysErrorCode.TryAgain, $"{DaemonLimits.ArrivalsMax} events wait for the kernel", "try again shortly"));
            return;
        }

        CallSpans.Begin(call);
        if (call.Syscall is Send or Recv && TryEnterWith(call))
        {
            return;
        }

        _calls.Add(call);
        if (call.TakeDescriptor() is { } descriptor)
        {
            _calls.Handles.Add(call.Id, descriptor);
        }

        if (KernelTurns.MayPass(call.Syscall) && call.IsAlone)
        {
            Look(Arrival(call));
        }
        else
        {
            Post(Arrival(call));
        }
    }

    public void Cancelled(SyscallCall call)
    {
        if (_calls.Cancel(call.Id))
        {
            Post(new CallCancelled(new CallId(call.Id)) { At = Now });
        }
    }

    /// <summary>
    /// Brings an event to the kernel. Events of the daemon itself are never refused: they are bounded.
    /// </summary>
    public void Post(KernelEvent @event)
    {
        Interlocked.Increment(ref _waiting);
        _arrivals.Enqueue(@event);
        Enter();
    }

    /// <summary>
    /// From now on nothing enters. Completes when a turn in progress has ended; false when it has gone wrong, or the
    /// journal did not end it in time: then the state is no state to keep.
    /// </summary>
    public bool Stop()
    {
        _stopped = true;
        SpinWait wait = default;
        var began = _time.GetTimestamp();
        while (Interlocked.CompareExchange(ref _baton, Held, Free) != Free)
        {
            if (_panicked || _time.GetElapsedTime(began) > DaemonLimits.LastTurnMax)
            {
                return false;
            }

            wait.SpinOnce();
        }

        return true;
    }

    private SyscallArrived Arrival(SyscallCall call) =>
        new(new CallId(call.Id), new Caller(call.Peer.Process, call.Peer.Uid), call.Syscall)
        {
            At = call.Received.UtcTicks ?? Now,
        };

    /// <summary>Into an idle kernel, by the shortest way. False when somebody is inside, or waits to be.</summary>
    private bool TryEnterWith(SyscallCall call)
    {
        if (_stopped || !_arrivals.IsEmpty || Interlocked.CompareExchange(ref _baton, Held, Free) != Free)
        {
            return false;
        }

        if (call.TakeDescriptor() is { } descriptor)
        {
            _calls.Handles.Add(call.Id, descriptor);
        }

        _calls.AddEntering(call);
        _turns.Arrive(Arrival(call));
        if (RunTurns())
        {
            Release();
            Enter();
        }

        return true;
    }

    // Both threads write first and look then: whoever hands the baton on sees what was asked, or whoever asked sees
    // that it was handed on.
    private void Look(SyscallArrived arrived)
    {
        Interlocked.Increment(ref _waiting);
        _looks.Enqueue(arrived);
        PassCommit();
        Enter();
    }

    /// <summary>Answers those who look while a commit is under way, with the baton for that moment.</summary>
    private void PassCommit()
    {
        // Once the commit has ended its thread goes first, however many want to look.
        while (!_looks.IsEmpty && !_isCommitted && !_stopped
            && Interlocked.CompareExchange(ref _baton, Looking, WithJournal) == WithJournal)
        {
            try
            {
                _ = TryPass();
            }
            catch (Exception wrong)
            {
                Panic(wrong);
            }

            Interlocked.Exchange(ref _baton, WithJournal);
        }
    }

    // With the baton, in a turn. Those who are there now: who asks again meanwhile does not hold the turn up.
    private void PassTurn()
    {
        for (var left = _looks.IsEmpty ? 0 : _looks.Count; left > 0 && TryPass(); left--)
        {
        }
    }

    // It is answered as if it had come just before the turn.
    private bool TryPass()
    {
        if (!_looks.TryDequeue(out var arrived))
        {
            return false;
        }

        Interlocked.Decrement(ref _waiting);
        EventCount++;
        foreach (var effect in _turns.Pass(arrived))
        {
            _effects.Start(effect);
        }

        return true;
    }

    private void Enter()
    {
        while (!_stopped && !(_arrivals.IsEmpty && _looks.IsEmpty)
            && Interlocked.CompareExchange(ref _baton, Held, Free) == Free)
        {
            if (!RunTurns())
            {
                return;
            }

            Release();
        }
    }

    // With a full fence: the look at what has arrived, which follows, must not be done before. Whoever brought an event
    // meanwhile has found the baton held and relies on that look.
    private void Release() => Interlocked.Exchange(ref _baton, Free);

    /// <summary>With the baton: true when all turns have ended, false when the journal has the baton now.</summary>
    private bool RunTurns()
    {
        try
        {
            while (BeginTurn())
            {
                PassTurn();
                if (_records.Count > 0)
                {
                    _calls.SettleEntering();
                    Commit();
                    PassCommit();
                    return false;
                }

                EndTurn();
            }

            _calls.SettleEntering();
            return true;
        }
        catch (Exception wrong)
        {
            // Of a state that is half changed nothing can be said but that a new kernel recovers the last whole one.
            Panic(wrong);
            return false;
        }
    }

    private bool BeginTurn()
    {
        while (_arrivals.TryDequeue(out var @event))
        {
            Interlocked.Decrement(ref _waiting);
            _turns.Arrive(@event);
        }

        _records.Clear();
        return _turns.Begin(_records, _foreseen) || BeginLook();
    }

    // A turn of its own for one who looks when nothing else is to be done; those behind it pass it.
    private bool BeginLook()
    {
        if (!_looks.TryDequeue(out var arrived))
        {
            return false;
        }

        Interlocked.Decrement(ref _waiting);
        _turns.Arrive(arrived);
        return _turns.Begin(_records, _foreseen);
    }

    private void Commit()
    {
        var batch = new JournalEntry[_records.Count];
        for (var i = 0; i < batch.Length; i++)
        {
            batch[i] = new JournalEntry(_records[i].Type, _records[i].Body, _records[i].At);
        }

        _commitBegan = Stopwatch.GetTimestamp();
        Interlocked.Exchange(ref _baton, WithJournal);
        if (!_journal.TryAppend(batch, Committed))
        {
            throw new JournalStoreException(
                JournalStoreFailure.Busy, "the journal takes no more, though one turn waits");
        }
    }

    private void Committed(AppendOutcome outcome)
    {
        TakeBack();
        if (_panicked)
        {
            return;
        }

        try
        {
            _meter?.Committed(_records.Count, Stopwatch.GetElapsedTime(_commitBegan), outcome.Failure is null);
            if (outcome.Failure is { } failure)
            {
                Panic(failure);
                return;
            }

            Position = outcome.Position;
            EndTurn();
        }
        catch (Exception wrong)
        {
            Panic(wrong);
            return;
        }

        if (RunTurns())
        {
            Release();
            Enter();
        }
    }

    // Somebody may be looking at this moment, which takes some microseconds.
    private void TakeBack()
    {
        _isCommitted = true;
        SpinWait wait = default;
        while (Interlocked.CompareExchange(ref _baton, Held, WithJournal) != WithJournal)
        {
            wait.SpinOnce(sleep1Threshold: -1);
        }

        _isCommitted = false;
    }

    private void EndTurn()
    {
        TurnCount++;
        EventCount += _turns.Count;
        StartAll(_turns.Count > 1);
        _turnEnded?.Invoke(Position, _turns.State);
    }

    private void StartAll(bool gathers)
    {
        if (!gathers)
        {
            StartAll();
            return;
        }

        GatheredSends.Begin();
        try
        {
            StartAll();
        }
        finally
        {
            GatheredSends.End();
        }
    }

    private void StartAll()
    {
        foreach (var effect in _turns.End())
        {
            _effects.Start(effect);
        }
    }

    // The baton stays held: a kernel that is wrong takes no further turn.
    private void Panic(Exception wrong)
    {
        _stopped = true;
        _panicked = true;
        _panic(wrong);
    }
}
