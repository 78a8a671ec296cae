using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Mailboxes;

namespace Analemma.Kernel.Supervision;

/// <summary>Somebody waits for somebody.</summary>
/// <param name="Waiter">Who waits.</param>
/// <param name="For">Whom only can end it.</param>
/// <param name="Why">What for, such as <c>waits for the end of</c>.</param>
internal readonly record struct WaitEdge(ProcessId Waiter, ProcessId For, string Why);

// An edge is a WAIT for the end of a process, a RECV that takes messages of one sender alone, a SEND that waits for
// room in a process's full inbox, or one that waits for that process's reply. A circle of them is told once a minute,
// also when time-outs will end it: work that only time-outs keep going does not go on. It is not broken, because an
// agent may have another thread that ends it.

/// <summary>Who waits for whom. Volatile.</summary>
internal static class WaitGraph
{
    private const string End = "waits for the end of";

    /// <summary>The process waits in the kernel for something, which is no want of life.</summary>
    public static bool Waits(KernelState state, ProcessId process) =>
        state.Calls.IsWaiting(process) || state.Http.IsWaiting(process) || state.Tools.CallsOf(process).Length > 0
        || state.Models.Of(process).Count > 0 || state.Mail.Receiving.Has(process) || state.Mail.Sending.Has(process);

    /// <summary>An agent has asked something: when it waits now, it may have closed a circle.</summary>
    public static void Asked(KernelState state, SyscallArrived arrived, List<Effect> effects)
    {
        var process = arrived.Caller.Process;
        if (state.Mail.Waits.TryGetValue(arrived.Call, out var wait) && Edge(process, wait) is { } edge)
        {
            Added(state, edge, effects);
        }
        else if (arrived.Syscall is Wait && state.Calls.WaitsOf(process).LastOrDefault() is { Value: > 0 } target)
        {
            Added(state, new WaitEdge(process, target, End), effects);
        }
    }

    private static void Added(KernelState state, WaitEdge edge, List<Effect> effects)
    {
        if (edge.Waiter == ProcessId.None || Path(state, edge) is not { } path
            || !state.Processes.TryGet(edge.Waiter, out var waiter))
        {
            return;
        }

        if (!state.Fleets.Circles.IsNews(path.Select(each => each.Waiter), state.Now))
        {
            return;
        }

        string[] circle =
            [.. path.Select(each => $"{NameOf(state, each.Waiter)} {each.Why} {NameOf(state, each.For)}")];
        var unit = state.Fleets.TryUnit(edge.Waiter, out var found) ? UnitTelling.View(state, found)
            : new UnitView(waiter.Name, UnitState.Running) { Process = waiter.Id };
        state.Calls.Publish(
            state,
            waiter,
            new EventView(EventTypes.Deadlock, new DateTimeOffset(state.Now, TimeSpan.Zero))
            {
                Process = waiter.Id,
                Name = waiter.Name,
                Count = circle.Length,
                Reason = string.Join("; ", circle),
                Supervision = new SupervisionNote(unit) { Circle = circle },
            },
            effects);
    }

    private static string NameOf(KernelState state, ProcessId id) =>
        state.Processes.TryGet(id, out var process) ? process.Name : id.ToString();

    /// <summary>
    /// The edges from the new one on until they come back to where it began; breadth first, so the shortest.
    /// </summary>
    private static List<WaitEdge>? Path(KernelState state, WaitEdge first)
    {
        if (first.For == first.Waiter)
        {
            return [first];
        }

        Dictionary<ProcessId, WaitEdge> by = new() { [first.For] = first };
        Queue<ProcessId> next = new([first.For]);
        while (next.TryDequeue(out var at))
        {
            foreach (var edge in From(state, at))
            {
                if (edge.For == first.Waiter)
                {
                    return Back(by, first, edge);
                }

                if (by.TryAdd(edge.For, edge))
                {
                    next.Enqueue(edge.For);
                }
            }
        }

        return null;
    }

    private static List<WaitEdge> Back(Dictionary<ProcessId, WaitEdge> by, WaitEdge first, WaitEdge last)
    {
        List<WaitEdge> path = [last];
        while (path[^1] != first)
        {
            path.Add(by[path[^1].Waiter]);
        }

        path.Reverse();
        return path;
    }

    private static IEnumerable<WaitEdge> From(KernelState state, ProcessId waiter)
    {
        foreach (var target in state.Calls.WaitsOf(waiter))
        {
            yield return new WaitEdge(waiter, target, End);
        }

        if (!state.Mail.Receiving.Has(waiter) && !state.Mail.Sending.Has(waiter))
        {
            yield break;
        }

        foreach (var wait in state.Mail.Waits.Values.Where(wait => wait.Caller.Process == waiter))
        {
            if (Edge(waiter, wait) is { } edge)
            {
                yield return edge;
            }
        }
    }

    private static WaitEdge? Edge(ProcessId waiter, MailWait wait) => wait switch
    {
        ReceiveWait { Filter.From: { } sender } => new WaitEdge(waiter, sender, "waits for a message from"),
        SendWait { Box.IsInbox: true } full => new WaitEdge(waiter, full.Box.Process, "waits for room in the inbox of"),
        ReplyWait { Replier: { } replier } => new WaitEdge(waiter, replier.Process, "waits for a reply of"),
        ReplyWait { Box.IsInbox: true } asked => new WaitEdge(waiter, asked.Box.Process, "waits for a reply of"),
        _ => null,
    };
}

/// <summary>Circles that were told lately.</summary>
internal sealed class ToldCircles
{
    private const int KeptMax = 1_024;
    private static readonly long AgainTicks = TimeSpan.FromMinutes(1).Ticks;

    private readonly Dictionary<string, long> _told = new(StringComparer.Ordinal);

    /// <summary>True once a minute for the same processes.</summary>
    public bool IsNews(IEnumerable<ProcessId> circle, long now)
    {
        var name = string.Join(' ', circle.Order());
        if (_told.TryGetValue(name, out var at) && now - at < AgainTicks)
        {
            return false;
        }

        if (_told.Count == KeptMax)
        {
            _told.Clear();
        }

        _told[name] = now;
        return true;
    }

    public void Clear() => _told.Clear();
}
