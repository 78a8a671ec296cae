using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;
using Analemma.Kernel.Syscalls;

namespace Analemma.Kernel;

/// <summary>A durable event on its way to the journal.</summary>
public readonly record struct DurableRecord(string Type, byte[] Body, long At);

// TURNS
//
// The one way in which events become effects, for the daemon and the simulator alike:
//
//   Begin   takes what has arrived, in order and at most BatchMax and what one commit of the journal holds, and gives
//           the durable part to be journaled
//   (the caller makes that durable; if it cannot, the kernel must stop: nothing of the batch has happened)
//   End     applies the batch and gives the effects, which the caller may now let out, in order
//
// Events that the kernel raises itself queue behind those that have arrived. Nothing is seen outside before it is on
// disk; that single rule makes recovery the same code as normal running.
//
// Some of them may wait (Raise.MayWait): they stay behind until something else is written, or something looks at what
// was spent, and then come before it. Nobody waits for them. What calls used is added up meanwhile (WaitingEvents).
//
// A call that only looks may pass a turn that waits for the disk (Pass): it is as if it had come just before.
//
// A turn that is one SPAWN tells at its beginning what it will launch, so that the caller may get ready while the disk
// is busy: see ADR 45.
public sealed class KernelTurns(KernelState state)
{
    /// <summary>
    /// Events in a turn. One commit takes what a turn has, and a message to a durable mailbox is two events: where the
    /// disk is slow this decides how many messages a second there are.
    /// </summary>
    public const int BatchMax = 2_048;

    private readonly Queue<KernelEvent> _arrived = new();
    private readonly WaitingEvents _later = new();
    private readonly List<KernelEvent> _batch = new(256);
    private readonly List<Effect> _effects = [];
    private readonly List<Effect> _passed = [];
    private bool _inTurn;

    public KernelState State { get; } = state;

    public bool IsIdle => _arrived.Count == 0 && !_inTurn;

    /// <summary>Events in the turn.</summary>
    public int Count => _batch.Count;

    public void Arrive(KernelEvent @event) => _arrived.Enqueue(@event);

    /// <summary>False when nothing has arrived. The records may be none: then nothing need be journaled.</summary>
    /// <param name="records">Takes what is to be journaled.</param>
    /// <param name="foreseen">
    /// Told of the launch that the turn will give when it ends, where that can be said: it is one SPAWN, which will be
    /// admitted. Nothing of it may be seen before the turn has ended.
    /// </param>
    public bool Begin(List<DurableRecord> records, Action<Launch>? foreseen = null)
    {
        Invariant.Holds(!_inTurn, "turns do not overlap");
        if (foreseen is not null && _arrived.Count == 1
            && _arrived.Peek() is SyscallArrived { Syscall: Spawn spawn } arrived
            && SpawnSyscall.Foresee(State, arrived.Caller, spawn) is { } launch)
        {
            foreseen(launch);
        }

        var (bytes, answers) = (0L, false);
        while (_batch.Count < BatchMax && _arrived.TryPeek(out var @event))
        {
            if (answers && @event.ClosesLeases)
            {
                // What pays for the answers stays until they have left, and their usage is written with its end.
                break;
            }

            if (@event.IsDurable || @event.ShowsSpending)
            {
                bytes += TakeLater(records);
            }

            if (@event.IsDurable && !TryWrite(@event, records, ref bytes))
            {
                // It begins the next turn.
                break;
            }

            answers |= @event is ModelCallEnded;
            _batch.Add(_arrived.Dequeue());
        }

        _inTurn = _batch.Count > 0;
        return _inTurn;
    }

    /// <summary>
    /// Whether a call only looks: it changes nothing that a durable event looks at, and what it is answered is as true
    /// before the turn at hand as after it. Who is shown what was spent does not pass: usage is written before.
    /// </summary>
    public static bool MayPass(Syscall syscall) =>
        syscall is Fetch or Keys or List or Inspect or FleetStatus;

    /// <summary>
    /// Between Begin and End: a call that only looks is answered as things stand before the turn, and need not wait for
    /// the disk. Only for who has nothing else under way, so that nobody is told what was before his own last word. The
    /// list is valid until the next time.
    /// </summary>
    public IReadOnlyList<Effect> Pass(SyscallArrived arrived)
    {
        Invariant.Holds(_inTurn && MayPass(arrived.Syscall), "only who looks passes a turn");
        _passed.Clear();
        State.Apply(arrived, _passed);
        Queue(_passed);
        return _passed;
    }

    /// <summary>The effects of the turn; the list is valid until the next End.</summary>
    public IReadOnlyList<Effect> End()
    {
        Invariant.Holds(_inTurn, "a turn that ends has begun");
        _effects.Clear();
        foreach (var @event in _batch)
        {
            State.Apply(@event, _effects);
        }

        _batch.Clear();
        _inTurn = false;
        Queue(_effects);
        return _effects;
    }

    private void Queue(List<Effect> effects)
    {
        foreach (var effect in effects)
        {
            if (effect is Raise raise)
            {
                if (raise.MayWait)
                {
                    _later.Add(raise.Event);
                }
                else
                {
                    _arrived.Enqueue(raise.Event);
                }
            }
        }
    }

    // Limits.UsageWaitingMax of them at most: with the largest turn they still are one commit.
    private long TakeLater(List<DurableRecord> records)
    {
        var bytes = 0L;
        foreach (var @event in _later.Take())
        {
            Invariant.Holds(TryWrite(@event, records, ref bytes), "what may wait is small and comes first");
            _batch.Add(@event);
        }

        return bytes;
    }

    private static bool TryWrite(KernelEvent @event, List<DurableRecord> records, ref long bytes)
    {
        var (type, body) = EventCodec.Write(@event);
        if (bytes + body.Length > Limits.TurnBytesMax && records.Count > 0)
        {
            return false;
        }

        bytes += body.Length;
        records.Add(new DurableRecord(type, body, @event.At));
        return true;
    }
}
