using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Supervision;

/// <summary>
/// The order in which agents are started: dependencies before dependants, otherwise as declared. Kahn's algorithm
/// (A. B. Kahn, "Topological sorting of large networks", CACM 5(11), 1962), taking the first declared of those that are
/// free.
/// </summary>
public static class FleetOrder
{
    /// <summary>The order, and when there is a circle the names along it, the first again at the end.</summary>
    public static (IReadOnlyList<FleetAgent> Order, IReadOnlyList<string> Circle) Sort(IReadOnlyList<FleetAgent> agents)
    {
        Dictionary<string, int> places = new(StringComparer.Ordinal);
        for (var i = 0; i < agents.Count; i++)
        {
            places.TryAdd(agents[i].Name, i);
        }

        var before = new int[agents.Count];
        var after = new List<int>[agents.Count];
        for (var i = 0; i < agents.Count; i++)
        {
            foreach (var name in (agents[i].After ?? []).Distinct(StringComparer.Ordinal))
            {
                if (places.TryGetValue(name, out var at))
                {
                    (after[at] ??= []).Add(i);
                    before[i]++;
                }
            }
        }

        SortedSet<int> free = [.. Enumerable.Range(0, agents.Count).Where(i => before[i] == 0)];
        List<FleetAgent> order = new(agents.Count);
        while (free.Count > 0)
        {
            var next = free.Min;
            free.Remove(next);
            order.Add(agents[next]);
            foreach (var dependent in after[next] ?? [])
            {
                if (--before[dependent] == 0)
                {
                    free.Add(dependent);
                }
            }
        }

        return order.Count == agents.Count ? (order, []) : (order, Circle(agents, places, before));
    }

    /// <summary>Whoever still waits for somebody that still waits is on a circle, or behind one.</summary>
    private static List<string> Circle(
        IReadOnlyList<FleetAgent> agents, Dictionary<string, int> places, int[] before)
    {
        List<string> path = [];
        var at = Array.FindIndex(before, count => count > 0);
        while (!path.Contains(agents[at].Name))
        {
            path.Add(agents[at].Name);
            at = agents[at].After!.Where(places.ContainsKey).Select(name => places[name]).First(i => before[i] > 0);
        }

        path.RemoveRange(0, path.IndexOf(agents[at].Name));
        path.Add(agents[at].Name);
        return path;
    }
}
