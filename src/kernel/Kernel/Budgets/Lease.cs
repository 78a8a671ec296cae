using Analemma.Abi;

namespace Analemma.Kernel.Budgets;

/// <summary>
/// What calls of a process may have used and been answered for, beyond what is on disk: a kernel that ends without
/// closing it has the next one charge all of it.
/// </summary>
/// <param name="Process">None for the clients on the host, all together.</param>
/// <param name="Group">Whose calls they are.</param>
/// <param name="Tokens">At most.</param>
/// <param name="Microdollars">At most.</param>
public sealed record Lease(ProcessId Process, string Group, long Tokens, long Microdollars)
{
    internal Amount Amount => new(Tokens, Microdollars);
}

/// <summary>The leases that are open, at most one of a process. Durable.</summary>
public sealed class LeaseTable
{
    private readonly SortedDictionary<ProcessId, Lease> _open = [];

    public int Count => _open.Count;

    public IReadOnlyCollection<Lease> All => _open.Values;

    /// <summary>Nothing, when it has none.</summary>
    public Amount Of(ProcessId process) => _open.TryGetValue(process, out var lease) ? lease.Amount : default;

    internal void Put(Lease lease) => _open[lease.Process] = lease;

    internal void Remove(ProcessId process) => _open.Remove(process);

    internal IReadOnlyList<Lease> TakeAll()
    {
        Lease[] all = [.. _open.Values];
        _open.Clear();
        return all;
    }
}
