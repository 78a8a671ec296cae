using Analemma.Linux;

namespace Analemma.Sandbox.Notify;

// THE HOLDER
//
// When the last descriptor of a filter is closed, the host answers its notified syscalls with ENOSYS: an agent whose
// kernel was killed could open nothing for writing and connect nowhere. So, where agents are to be adopted, a process
// of its own, sleep(1), has the queue of HeldFilters as its standard input and output, and nothing else. It outlives
// the kernel; notified syscalls wait meanwhile. The next kernel takes the queue out of it (pidfd_getfd(2)), listens to
// the filters of those it adopts, and keeps the same holder. A clean shutdown ends it.

/// <summary>The process that keeps the filters of living agents when the kernel is killed.</summary>
public sealed class FilterHolder : IDisposable
{
    private const int Sigkill = 9;

    private static readonly string[] Programs = ["/usr/bin/sleep", "/bin/sleep"];

    private readonly string _stateFolder;
    private readonly HeldFilters _queue;
    private readonly Dictionary<string, List<SeccompNotifyFd>> _found = new(StringComparer.Ordinal);
    private ChildProcess? _child;
    private PidFd _process;

    private FilterHolder(string stateFolder, HeldFilters queue, PidFd? found)
    {
        (_stateFolder, _queue) = (stateFolder, queue);
        _process = found ?? Start();
        foreach (var (key, filter) in found is null ? [] : queue.Living())
        {
            if (!_found.TryGetValue(key, out var filters))
            {
                _found[key] = filters = [];
            }

            filters.Add(filter);
        }
    }

    /// <summary>No agent lives whose filter it holds. Not while a listener uses it.</summary>
    public bool IsEmpty
    {
        get
        {
            var living = _queue.Living();
            foreach (var (_, filter) in living)
            {
                filter.Dispose();
            }

            return living.Count == 0;
        }
    }

    /// <summary>
    /// The holder of an earlier kernel of this state folder, or a new one. What could not be had of the earlier one is
    /// told, and so lost.
    /// </summary>
    public static FilterHolder Open(string stateFolder, Action<string> lost)
    {
        if (HolderRecord.TryHold(stateFolder, out var pid) is not { } process)
        {
            HolderMark.EndUnrecorded(stateFolder);
            return new FilterHolder(stateFolder, HeldFilters.Make(), found: null);
        }

        if (TryTake(process, out var errno) is { } queue)
        {
            return new FilterHolder(stateFolder, queue, process);
        }

        LinuxException reason = new(errno, "pidfd_getfd");
        lost($"cannot take the filters of living agents out of process {pid}, which holds them ({reason.Message}): the "
            + "host forbids to trace it (kernel.yama.ptrace_scope), or to enter its user namespace");
        process.TrySignal(Sigkill);
        process.Dispose();
        return new FilterHolder(stateFolder, HeldFilters.Make(), found: null);
    }

    /// <summary>The holder that an earlier kernel of this state folder left, if it runs.</summary>
    public static int? FindProcess(string stateFolder)
    {
        using var process = HolderRecord.TryHold(stateFolder, out var pid);
        return process is null ? null : pid;
    }

    /// <summary>Ends what an earlier kernel left, when nothing is to be adopted.</summary>
    public static void EndLeftover(string stateFolder)
    {
        using var process = HolderRecord.TryHold(stateFolder, out _);
        process?.TrySignal(Sigkill);
        File.Delete(HolderRecord.PathIn(stateFolder));
        HolderMark.EndUnrecorded(stateFolder);
    }

    /// <summary>Whether it held the filter of this sandbox for us, and nobody has taken it yet.</summary>
    public bool Has(string key) => _found.ContainsKey(key);

    /// <summary>What it held for us, once; they are the caller's. The holder has them still.</summary>
    internal IReadOnlyDictionary<string, List<SeccompNotifyFd>> TakeFound()
    {
        Dictionary<string, List<SeccompNotifyFd>> found = new(_found);
        _found.Clear();
        return found;
    }

    /// <summary>False when there is no room: that sandbox cannot be adopted.</summary>
    internal bool Keep(string key, SeccompNotifyFd filter) => _queue.Keep(key, filter);

    /// <summary>Starts it again if it has ended; we have the queue too, so nothing was lost.</summary>
    internal void Repair()
    {
        if (!_process.HasEnded)
        {
            return;
        }

        var ended = (_process, _child);
        _process = Start();
        Forget(ended._process, ended._child);
    }

    /// <summary>Ends it, and with it what it holds.</summary>
    public void End()
    {
        _process.TrySignal(Sigkill);
        File.Delete(HolderRecord.PathIn(_stateFolder));
    }

    public void Dispose()
    {
        foreach (var filter in TakeFound().Values.SelectMany(filters => filters))
        {
            filter.Dispose();
        }

        Forget(_process, _child);
        _queue.Dispose();
    }

    private static void Forget(PidFd process, ChildProcess? child)
    {
        if (child is null)
        {
            process.Dispose();
            return;
        }

        process.TryReap();
        child.Dispose();
    }

    private static HeldFilters? TryTake(PidFd process, out int errno)
    {
        if (process.TryTake(0, out errno) is not { } stdin || process.TryTake(1, out errno) is not { } stdout)
        {
            return null;
        }

        var into = UnixSocket.TryOpenQueue(stdin);
        var from = UnixSocket.TryOpenQueue(stdout);
        if (into is not null && from is not null)
        {
            return new HeldFilters(into, from);
        }

        errno = Errno.EBADF;
        into?.Dispose();
        from?.Dispose();
        return null;
    }

    // A session of its own, so that no terminal's signal reaches it; of the environment only our mark, and no folder
    // that it keeps busy.
    private PidFd Start()
    {
        HostProcess.KeepInheritedFiles();
        var program = Programs.FirstOrDefault(File.Exists) ?? Programs[0];
        _child = ChildProcess.Start(new ChildStart(program, ["sleep", "infinity"])
        {
            Stdin = _queue.Into,
            Stdout = _queue.From,
            Env = HolderMark.Of(_stateFolder),
            Cwd = "/",
            NewSession = true,
        });
        HolderRecord.Of(_child.Pid).Save(_stateFolder);
        return _child.Handle;
    }
}
