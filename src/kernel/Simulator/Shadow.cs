using System.Text;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.History;

namespace Analemma.Simulator;

/// <summary>
/// A second kernel that knows only what is on the disk, folded record by record from the first on. What the real one
/// takes for durable must be what this one has, whenever an effect leaves and after each recovery.
/// </summary>
internal sealed class Shadow(World world)
{
    private readonly List<Effect> _effects = [];
    private readonly KernelState _state = new();
    private int _folded;
    private byte[]? _dump;

    public TransitionCoverage Coverage { get; } = new();

    /// <summary>As the disk has it.</summary>
    public KernelState State => _state;

    public void CatchUp()
    {
        for (; _folded < world.Disk.All.Count; _folded++)
        {
            var record = world.Disk.All[_folded];
            var @event = EventCodec.Read(record.Type, record.Body.Span);
            _effects.Clear();
            Coverage.Before(_state);
            world.Supervised.Before(_state);
            world.Rights.Before(_state, @event);
            world.Leases.Before(_state, @event);
            var mend = world.Sabotage.Break(_state, @event);
            _state.Apply(@event, _effects);
            mend();
            world.Rights.After(_state, @event, _effects);
            world.Leases.After(_state, @event);
            world.Supervised.After(_state, @event, _effects);
            Coverage.After(_state, @event, _effects);
            _dump = null;
        }
    }

    public void CheckEqual(KernelState state, string when)
    {
        _dump ??= StateCheckpoint.Write(_state);
        var found = StateCheckpoint.Write(state);
        if (!found.AsSpan().SequenceEqual(_dump))
        {
            throw new ViolationException(
                "durable state is the fold of the journal", $"{when}: {Difference(_dump, found)}");
        }
    }

    private static string Difference(byte[] journal, byte[] kernel)
    {
        var at = journal.AsSpan().CommonPrefixLength(kernel);
        return $"the journal gives …{Around(journal, at)}…, the kernel has …{Around(kernel, at)}…";
    }

    private static string Around(byte[] bytes, int at) =>
        Encoding.UTF8.GetString(bytes[Math.Max(0, at - 80)..Math.Min(bytes.Length, at + 80)]);
}
