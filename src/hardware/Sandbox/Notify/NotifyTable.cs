using Analemma.Linux;

namespace Analemma.Sandbox.Notify;

/// <summary>
/// Every sandbox that is listened to. Outlives the thread that serves it, so that a new thread goes on where a lost one
/// stopped and no filter is closed in between. Used by one thread at a time.
/// </summary>
internal sealed class NotifyTable(NotifyOptions options, TimeProvider time, DeniedSink sink) : IDisposable
{
    private readonly Dictionary<int, (NotifiedSandbox Sandbox, SeccompNotifyFd Filter)> _byDescriptor = [];
    private readonly Dictionary<string, NotifiedSandbox> _byKey = [];

    /// <summary>The sandboxes that tried something lately: few, even among many.</summary>
    public List<AttemptReports> OpenWindows { get; } = [];

    /// <summary>
    /// Told of each filter before it is closed. A holder may have it open still, so that closing ours does not end what
    /// is registered for it (epoll(7)).
    /// </summary>
    public Action<SeccompNotifyFd>? Closing { get; set; }

    public IEnumerable<SeccompNotifyFd> Filters => _byDescriptor.Values.Select(entry => entry.Filter);

    public void Add(string key, SeccompNotifyFd filter)
    {
        if (!_byKey.TryGetValue(key, out var sandbox))
        {
            sandbox = new NotifiedSandbox(key, new AttemptReports(key, options, time, sink, OpenWindows));
            _byKey[key] = sandbox;
        }

        sandbox.Filters.Add(filter);
        _byDescriptor[filter.Number] = (sandbox, filter);
    }

    public bool TryGet(int descriptor, out NotifiedSandbox sandbox, out SeccompNotifyFd filter)
    {
        var found = _byDescriptor.TryGetValue(descriptor, out var entry);
        (sandbox, filter) = entry;
        return found;
    }

    /// <summary>Drops one filter, and its sandbox after the last.</summary>
    public void Remove(int descriptor)
    {
        if (!_byDescriptor.Remove(descriptor, out var entry))
        {
            return;
        }

        entry.Sandbox.Filters.Remove(entry.Filter);
        Closing?.Invoke(entry.Filter);
        entry.Filter.Dispose();
        if (entry.Sandbox.Filters.Count == 0)
        {
            Remove(entry.Sandbox.Key);
        }
    }

    public void Remove(string key)
    {
        if (!_byKey.Remove(key, out var sandbox))
        {
            return;
        }

        foreach (var filter in sandbox.Filters)
        {
            _byDescriptor.Remove(filter.Number);
            Closing?.Invoke(filter);
        }

        sandbox.Dispose();
        sandbox.Reports.Flush();
    }

    public void Dispose()
    {
        foreach (var sandbox in _byKey.Values)
        {
            sandbox.Dispose();
        }

        _byKey.Clear();
        _byDescriptor.Clear();
    }
}
