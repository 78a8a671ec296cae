using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Analemma.Abi;
using Analemma.Sandbox;

namespace Analemma.Daemon.Runners;

/// <summary>
/// The sandboxes of this kernel, by process and by key; those of the dead until their records are forgotten.
/// </summary>
internal sealed class LiveSandboxes
{
    private readonly ConcurrentDictionary<ProcessId, ISandbox> _byProcess = new();
    private readonly ConcurrentDictionary<string, ProcessId> _byKey = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ProcessId, ISandbox> _running = new();

    private readonly ConcurrentDictionary<ProcessId, TaskCompletionSource> _watched = new();

    /// <summary>Begins to watch a process to its end; to be completed when the kernel has been told of it.</summary>
    public TaskCompletionSource Watch(ProcessId process) =>
        _watched[process] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the kernel has been told of the end of a process.</summary>
    public Task Told(ProcessId process) =>
        _watched.TryGetValue(process, out var watched) ? watched.Task : Task.CompletedTask;

    /// <summary>Those that have not exited.</summary>
    public ICollection<KeyValuePair<ProcessId, ISandbox>> Running => _running.ToArray();

    public int RunningCount => _running.Count;

    public void Add(ProcessId process, ISandbox sandbox)
    {
        _byProcess[process] = sandbox;
        _byKey[sandbox.Key] = process;
        _running[process] = sandbox;
    }

    public void Exited(ProcessId process) => _running.TryRemove(process, out _);

    public ISandbox? Remove(ProcessId process)
    {
        _running.TryRemove(process, out _);
        if (!_byProcess.TryRemove(process, out var sandbox))
        {
            return null;
        }

        _byKey.TryRemove(sandbox.Key, out _);
        _watched.TryRemove(process, out _);
        return sandbox;
    }

    public bool TryGet(ProcessId process, [NotNullWhen(true)] out ISandbox? sandbox) =>
        _byProcess.TryGetValue(process, out sandbox);

    public bool TryGet(string key, out ProcessId process) => _byKey.TryGetValue(key, out process);

    /// <summary>Takes out all that is left.</summary>
    public IEnumerable<ISandbox> Drain()
    {
        foreach (var process in _byProcess.Keys)
        {
            if (Remove(process) is { } sandbox)
            {
                yield return sandbox;
            }
        }
    }
}
