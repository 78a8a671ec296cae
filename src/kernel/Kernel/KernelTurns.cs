using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;

namespace Analemma.Kernel;

/// <summary>A durable event on its way to the journal.</summary>
public readonly record struct DurableRecord(string Type, byte[] Body, long At);

// TURNS
//
// The one way in which events become effects, for the daemon and the simulator alike:
//
//   Begin   takes what has arrived, in order and at most BatchMax, and gives the durable part to be journaled
//   (the caller makes that durable; if it cannot, the kernel must stop: nothing of the batch has happened)
//   End     applies the batch and gives the effects, which the caller may now let out, in order
//
// Events that the kernel raises itself queue behind those that have arrived. Nothing is seen outside before it is on
// disk; that single rule makes recovery the same code as normal running.
public sealed class KernelTurns(KernelState state)
{
    public const int BatchMax = 256;

    private readonly Queue<KernelEvent> _arrived = new();
    private readonly List<KernelEvent> _batch = new(BatchMax);
    private readonly List<Effect> _effects = [];
    private bool _inTurn;

    public KernelState State { get; } = state;

    public bool IsIdle => _arrived.Count == 0 && !_inTurn;

    /// <summary>Events in the turn.</summary>
    public int Count => _batch.Count;

    public void Arrive(KernelEvent @event) => _arrived.Enqueue(@event);

    /// <summary>False when nothing has arrived. The records may be none: then nothing need be journaled.</summary>
    public bool Begin(List<DurableRecord> records)
    {
        Invariant.Holds(!_inTurn, "turns do not overlap");
        while (_batch.Count < BatchMax && _arrived.TryDequeue(out var @event))
        {
            _batch.Add(@event);
            if (@event.IsDurable)
            {
                var (type, body) = EventCodec.Write(@event);
                records.Add(new DurableRecord(type, body, @event.At));
            }
        }

        _inTurn = _batch.Count > 0;
        return _inTurn;
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
        foreach (var effect in _effects)
        {
            if (effect is Raise raise)
            {
                _arrived.Enqueue(raise.Event);
            }
        }

        return _effects;
    }
}
