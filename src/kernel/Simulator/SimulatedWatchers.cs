using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Policy;

namespace Analemma.Simulator;

// A WITNESS
//
// Each kernel start has one subscriber who wants everything and is never slow. What it is sent, in its order, is what
// there is; everybody else is held against it. Others are slow now and then, as a full socket is, and come back.

/// <summary>Those who subscribed: what they are sent, and in which order.</summary>
internal sealed class SimulatedWatchers(World world)
{
    private static readonly long JustNowTicks = TimeSpan.FromMilliseconds(500).Ticks;

    private readonly Dictionary<CallId, Watching> _watching = [];
    private readonly Dictionary<string, int> _witnessed = new(StringComparer.Ordinal);
    private CallId? _witness;

    /// <summary>Events that came late, because their subscriber was slow.</summary>
    public int Late { get; private set; }

    /// <summary>Times that a subscriber was told that it missed something.</summary>
    public int Missed { get; private set; }

    public void Begin()
    {
        _watching.Clear();
        _witnessed.Clear();
        var everything = new Subscribe { From = "oldest" };
        var witness = world.Calls.Issue(new SimulatedConnection(new Caller(Abi.ProcessId.None, 0)), everything);
        _witness = witness.Id;
        world.Kernel.Arrive(
            new SyscallArrived(witness.Id, witness.Connection.Caller, everything) { At = world.Clock.Ticks });
    }

    public void Run(Effect effect)
    {
        switch (effect)
        {
            case Publish publish when world.Calls.Published(publish.Subscriber) is { } call:
                var now = Of(call);
                if (!now.IsBehind && !TrySend(now, publish.Event))
                {
                    FallBehind(now);
                }

                break;
            case PublishKept kept when world.Calls.Published(kept.Subscriber) is { } call:
                SendKept(Of(call), kept);
                break;
        }
    }

    private Watching Of(SimulatedCall call)
    {
        if (!_watching.TryGetValue(call.Id, out var watching))
        {
            _watching.Add(call.Id, watching = new Watching(call));
        }

        return watching;
    }

    private void SendKept(Watching watching, PublishKept kept)
    {
        watching.IsBehind = false;
        foreach (var view in kept.Events)
        {
            if (!TrySend(watching, view))
            {
                FallBehind(watching);
                return;
            }

            Late++;
        }

        watching.After = kept.Next;
        if (!kept.IsWhole)
        {
            FallBehind(watching);
        }
    }

    private bool TrySend(Watching watching, EventView view)
    {
        var isWitness = watching.Call.Id == _witness;
        if (!isWitness && world.Random.Chance(800))
        {
            return false;
        }

        CheckAudience(watching.Call, view);
        if (view.Type == EventTypes.Missed)
        {
            Missed++;
            watching.Skips += view.Count!.Value;
            watching.After = view.Until ?? watching.After;
            return true;
        }

        CheckOrder(watching, view.Cursor!, isWitness);
        watching.After = view.Cursor;
        return true;
    }

    private void CheckOrder(Watching watching, string cursor, bool isWitness)
    {
        var (durable, other) = Parse(cursor);
        var (before, otherBefore) = Parse(watching.Last ?? "0");
        ViolationException.Unless(
            durable > before || (durable == before && other > otherBefore),
            "events come in their order", $"{cursor} after {watching.Last} to {watching.Call}");
        if (isWitness)
        {
            _witnessed[cursor] = _witnessed.Count;
        }
        else if (watching is { WantsAll: true, Last: { } last } && _witnessed.TryGetValue(last, out var atLast))
        {
            // Where a count cannot be known for sure it is too high.
            ViolationException.Unless(
                _witnessed.TryGetValue(cursor, out var index) && index > atLast
                && index <= atLast + 1 + watching.Skips,
                "no event is lost unsaid", $"{watching.Call} got {cursor} after {last}, and {watching.Skips} missed");
        }

        watching.Last = cursor;
        watching.Skips = 0;
    }

    /// <summary>
    /// By the sandboxes, which are never forgotten: the same turn may have dropped a record in between.
    /// </summary>
    private bool IsBelow(ProcessId process, ProcessId ancestor)
    {
        var at = process;
        while (at != ancestor && world.Host.TryFind(at, out var child))
        {
            at = child.Plan.Parent;
        }

        return at == ancestor;
    }

    private void CheckAudience(SimulatedCall call, EventView view)
    {
        var caller = call.Connection.Caller;
        if (caller.IsHost || view.Type == EventTypes.Missed || view.Type.Contains('/', StringComparison.Ordinal))
        {
            return;
        }

        var (state, table) = (world.Kernel.State, world.Kernel.State.Processes);
        if (world.Clock.Ticks - world.Rights.ChangedAt < JustNowTicks)
        {
            // It may have been told by the permissions of before.
            return;
        }

        ViolationException.Unless(
            view.Process is { } id && (id == caller.Process || !table.TryGet(id, out var process)
                || !table.TryGet(caller.Process, out var reader)
                || RightsInvariants.Allows(
                    state, reader, Capability.Read, view.Name ?? "",
                    table.IsInFamily(process, caller.Process) || IsBelow(id, caller.Process))),
            "agents are told of those alone whom they may read", $"{view} to {call}");
    }

    private void FallBehind(Watching watching)
    {
        watching.IsBehind = true;
        var boot = world.Kernel.Boot;
        world.Clock.After(world.Random.Delay(100, 400_000), () =>
        {
            if (world.Kernel.Boot == boot && world.Kernel.IsUp && !watching.Call.IsOver)
            {
                world.Kernel.Arrive(new SubscriberReady(watching.Call.Id, watching.After) { At = world.Clock.Ticks });
            }
        });
    }

    private static (long Durable, long Other) Parse(string cursor)
    {
        var parts = cursor.Split('.');
        return (long.Parse(parts[0], CultureInfo.InvariantCulture),
            parts.Length == 1 ? 0 : long.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    private sealed class Watching(SimulatedCall call)
    {
        public SimulatedCall Call => call;

        public bool WantsAll { get; } = call.Connection.Caller.IsHost
            && call.Syscall is Subscribe { Types: null, Agent: null, Where: null };

        public bool IsBehind { get; set; }

        /// <summary>How many it was told that it missed since the last that it got.</summary>
        public long Skips { get; set; }

        public string? After { get; set; }

        public string? Last { get; set; }
    }
}
