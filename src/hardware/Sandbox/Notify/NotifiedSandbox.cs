using Analemma.Linux;

namespace Analemma.Sandbox.Notify;

/// <summary>One sandbox as the listener knows it: its filters, its root folder, and what it tried lately.</summary>
internal sealed class NotifiedSandbox(string key, AttemptReports reports) : IDisposable
{
    private ProcessRoot? _root;

    public string Key { get; } = key;

    public AttemptReports Reports { get; } = reports;

    /// <summary>One of the sandbox's first process, and one of each command run in it later.</summary>
    public List<SeccompNotifyFd> Filters { get; } = [];

    /// <summary>
    /// The root that every process inside shares, for none may change it; null when the process that asks has gone.
    /// Kept, so that it costs one open for each sandbox and not one for each call.
    /// </summary>
    public ProcessRoot? RootSeenBy(int pid) => _root ??= ProcessRoot.TryOpen(pid);

    public void Dispose()
    {
        foreach (var filter in Filters)
        {
            filter.Dispose();
        }

        _root?.Dispose();
    }
}
