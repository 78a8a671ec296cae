using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;

namespace Analemma.Kernel.Supervision;

/// <summary>Somebody waits for somebody, without a time-out.</summary>
/// <param name="Waiter">Who waits.</param>
/// <param name="For">Whom only can end it.</param>
/// <param name="Why">What for, such as <c>waits for the end of</c>.</param>
internal readonly record struct WaitEdge(ProcessId Waiter, ProcessId For, string Why);

/// <summary>
/// Who waits for whom. Circles of waits without a time-out are told as an event; they are not broken, because an agent
/// may have other threads that end them.
/// </summary>
internal static class WaitGraph
{
    /// <summary>The process waits in the kernel for something, which is no want of life.</summary>
    public static bool Waits(KernelState state, ProcessId process) =>
        state.Calls.IsWaiting(process) || state.Http.IsWaiting(process) || state.Tools.CallsOf(process).Length > 0
        || state.Models.Of(process).Count > 0;

    /// <summary>To be called when an edge has been added: tells the circle that it closes, if it does.</summary>
    public static void Added(KernelState state, WaitEdge edge, List<Effect> effects)
    {
        if (edge.Waiter == ProcessId.None || Path(state, edge) is not { } path
            || !state.Processes.TryGet(edge.Waiter, out var waiter))
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

    private static IEnumerable<WaitEdge> From(KernelState state, ProcessId waiter) =>
        state.Calls.WaitsOf(waiter).Select(target => new WaitEdge(waiter, target, "waits for the end of"));
}
