using System.Diagnostics.CodeAnalysis;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Processes;

/// <summary>All processes that have a record: the living, and the dead that are still kept.</summary>
public sealed class ProcessTable
{
    private readonly Dictionary<ProcessId, Process> _all = [];
    private readonly SortedSet<ProcessId> _living = [];
    private readonly Dictionary<string, ProcessId> _livingNames = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ProcessId> _latestOfName = new(StringComparer.Ordinal);
    private readonly Dictionary<ProcessId, SortedSet<ProcessId>> _children = [];
    private readonly Queue<ProcessId> _dead = new();

    public int LivingCount => _living.Count;

    public int DeadCount => _dead.Count;

    /// <summary>The living, by id.</summary>
    public IEnumerable<Process> Living => _living.Select(id => _all[id]);

    /// <summary>The dead that are kept, in the order of their deaths.</summary>
    public IEnumerable<Process> Dead => _dead.Select(id => _all[id]);

    /// <summary>Everybody, by id.</summary>
    public IEnumerable<Process> All => _all.Values.OrderBy(process => process.Id);

    public bool IsNameTaken(string name) => _livingNames.ContainsKey(name);

    public bool TryGet(ProcessId id, [NotNullWhen(true)] out Process? process) => _all.TryGetValue(id, out process);

    /// <summary>The living process of that name, else the dead one that had it last.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out Process? process)
    {
        process = null;
        return (_livingNames.TryGetValue(name, out var id) || _latestOfName.TryGetValue(name, out id))
            && _all.TryGetValue(id, out process);
    }

    public void Add(Process process)
    {
        Invariant.Holds(!_all.ContainsKey(process.Id), "process ids are never reused");
        _all.Add(process.Id, process);
        _latestOfName[process.Name] = process.Id;
        if (!process.IsAlive)
        {
            _dead.Enqueue(process.Id);
            return;
        }

        Invariant.Holds(_livingNames.TryAdd(process.Name, process.Id), "names are unique among the living");
        _living.Add(process.Id);
        if (process.Parent != ProcessId.None)
        {
            Children(process.Parent).Add(process.Id);
        }
    }

    /// <summary>Moves a process that has just exited from the living to the dead.</summary>
    public void Bury(Process process)
    {
        Invariant.Holds(!process.IsAlive && _living.Remove(process.Id), "only the living can be buried, and once");
        _livingNames.Remove(process.Name);
        _dead.Enqueue(process.Id);
        if (process.Parent != ProcessId.None && _children.TryGetValue(process.Parent, out var siblings))
        {
            siblings.Remove(process.Id);
            if (siblings.Count == 0)
            {
                _children.Remove(process.Parent);
            }
        }
    }

    /// <summary>Drops the record that has been dead longest.</summary>
    public Process ForgetOldest()
    {
        var id = _dead.Dequeue();
        Invariant.Holds(_all.Remove(id, out var process), "the dead have records");
        if (_latestOfName.TryGetValue(process!.Name, out var latest) && latest == id)
        {
            _latestOfName.Remove(process.Name);
        }

        return process;
    }

    public IEnumerable<Process> LivingChildren(ProcessId parent) =>
        _children.TryGetValue(parent, out var children) ? children.Select(id => _all[id]) : [];

    /// <summary>The living below a process, parents before children.</summary>
    public IEnumerable<Process> LivingDescendants(ProcessId ancestor)
    {
        foreach (var child in LivingChildren(ancestor))
        {
            yield return child;
            foreach (var below in LivingDescendants(child.Id))
            {
                yield return below;
            }
        }
    }

    /// <summary>True when <paramref name="process"/> is the ancestor itself or anywhere below it.</summary>
    public bool IsInFamily(Process process, ProcessId ancestor)
    {
        for (var at = process.Id; at != ProcessId.None;)
        {
            if (at == ancestor)
            {
                return true;
            }

            at = _all.TryGetValue(at, out var row) ? row.Parent : ProcessId.None;
        }

        return false;
    }

    /// <summary>A process and all above it that have a record; nobody for none.</summary>
    public IReadOnlyList<ProcessId> Family(Process? process)
    {
        List<ProcessId> family = [];
        for (var at = process; at is not null; at = TryGet(at.Parent, out var above) ? above : null)
        {
            family.Add(at.Id);
        }

        return family;
    }

    /// <summary>How many processes are above it.</summary>
    public int Depth(Process process)
    {
        var depth = 0;
        for (var at = process.Parent; at != ProcessId.None && _all.TryGetValue(at, out var row); at = row.Parent)
        {
            depth++;
        }

        return depth;
    }

    public int Count(ProcessState state) =>
        state is ProcessState.Exited ? _dead.Count : Living.Count(process => process.State == state);

    private SortedSet<ProcessId> Children(ProcessId parent)
    {
        if (!_children.TryGetValue(parent, out var children))
        {
            _children.Add(parent, children = []);
        }

        return children;
    }
}
