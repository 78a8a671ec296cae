namespace Analemma.Cli.Fleets;

/// <summary>Finds what leads back to itself.</summary>
internal static class Cycles
{
    /// <summary>
    /// Each cycle once, from its first name in the order given: <c>[a, b, a]</c> when a needs b and b needs a. Of those
    /// that share a step, one.
    /// </summary>
    public static List<IReadOnlyList<string>> Of(IReadOnlyDictionary<string, string[]> needs)
    {
        List<IReadOnlyList<string>> cycles = [];
        HashSet<string> done = new(StringComparer.Ordinal);
        foreach (var start in needs.Keys)
        {
            Visit(start, needs, [], done, cycles);
        }

        return cycles;
    }

    public static string Text(IReadOnlyList<string> cycle) => string.Join(" → ", cycle);

    private static void Visit(
        string start,
        IReadOnlyDictionary<string, string[]> needs,
        List<string> path,
        HashSet<string> done,
        List<IReadOnlyList<string>> cycles)
    {
        // By hand, not by recursion: a file may have a chain of a thousand.
        Stack<(string Name, int Next)> stack = new([(start, 0)]);
        while (stack.TryPop(out var at))
        {
            if (at.Next == 0)
            {
                if (done.Contains(at.Name))
                {
                    continue;
                }

                path.Add(at.Name);
            }

            var others = needs.GetValueOrDefault(at.Name, []);
            if (at.Next == others.Length)
            {
                path.RemoveAt(path.Count - 1);
                done.Add(at.Name);
                continue;
            }

            stack.Push((at.Name, at.Next + 1));
            var other = others[at.Next];
            if (path.IndexOf(other) is >= 0 and var first)
            {
                cycles.Add([.. path[first..], other]);
            }
            else
            {
                stack.Push((other, 0));
            }
        }
    }
}
