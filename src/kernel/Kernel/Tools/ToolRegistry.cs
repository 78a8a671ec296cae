using System.Diagnostics.CodeAnalysis;
using Analemma.Abi;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Tools;

// THE WAY OF A CALL
//
//   arrives ──► Held      its server is not up: waits for the start that it causes
//           ──► Recorded  its audit record is on its way to the journal
//           ──► Queued    waits for others of its server to end
//           ──► Running   with the runner, until ToolCallEnded
//
// A call that nobody waits for any more (answered for its time, cancelled, its process ended) is abandoned: it leaves
// at once, or, if it is Recorded or Running, when its event has come.

/// <summary>Servers of tools, their tools, and the calls of them. Volatile, all of it.</summary>
public sealed class ToolRegistry
{
    private readonly SortedDictionary<string, ToolServer> _servers = new(StringComparer.Ordinal);
    private readonly Dictionary<CallId, ToolCall> _calls = [];
    private readonly Dictionary<CallId, ToolWaiter> _waiters = [];

    private readonly CallShares _shares =
        new(Limits.ToolCallsMax, Limits.ToolCallsOfAgentsMax, Limits.ToolCallsPerAgentMax);

    public IEnumerable<ToolServer> Servers => _servers.Values;

    public IEnumerable<ToolCall> Calls => _calls.Values;

    /// <summary>Requests that wait for servers to start.</summary>
    public int WaiterCount => _waiters.Count;

    public bool TryServer(string name, [NotNullWhen(true)] out ToolServer? server) =>
        _servers.TryGetValue(name, out server);

    public bool TryCall(CallId id, [NotNullWhen(true)] out ToolCall? call) => _calls.TryGetValue(id, out call);

    internal void Reset(ToolOptions options)
    {
        _servers.Clear();
        _calls.Clear();
        _waiters.Clear();
        _shares.Clear();
        foreach (var server in options.Servers)
        {
            _servers.Add(server.Name, new ToolServer(server));
        }
    }

    internal SysError? NoRoom(Caller caller) => _shares.NoRoom(caller, "calls of tools are in flight");

    internal void Add(ToolCall call)
    {
        _calls.Add(call.Id, call);
        _shares.Add(call.Caller);
    }

    internal void Remove(ToolCall call)
    {
        if (_calls.Remove(call.Id))
        {
            _shares.Remove(call.Caller);
        }
    }

    internal void Add(ToolWaiter waiter)
    {
        _waiters.Add(waiter.Call, waiter);
        _shares.Add(waiter.Caller);
    }

    internal bool Remove(CallId call, [NotNullWhen(true)] out ToolWaiter? waiter)
    {
        if (!_waiters.Remove(call, out waiter))
        {
            return false;
        }

        _shares.Remove(waiter.Caller);
        return true;
    }

    /// <summary>Those that wait for a server, the oldest first.</summary>
    internal ToolWaiter[] WaitersOf(string server) =>
        [.. _waiters.Values.Where(waiter => waiter.Missing.Contains(server)).OrderBy(waiter => waiter.Call.Value)];

    internal ToolCall[] CallsOf(ProcessId process) =>
        [.. _calls.Values.Where(call => call.Caller.Process == process).OrderBy(call => call.Id.Value)];

    internal ToolWaiter[] WaitersOf(ProcessId process) =>
        [.. _waiters.Values.Where(waiter => waiter.Caller.Process == process).OrderBy(waiter => waiter.Call.Value)];

    internal int Waiting(string server) => _calls.Values.Count(call => call.Server.Name == server && !call.IsAbandoned
        && call.Stage is ToolCallStage.Held or ToolCallStage.Queued);
}

public enum ToolCallStage
{
    Held,
    Recorded,
    Queued,
    Running,
}

/// <summary>One CALLTOOL that is in the kernel.</summary>
public sealed class ToolCall(CallId id, Caller caller, ToolServer server, string tool, Abi.Syscalls.CallTool request)
{
    public CallId Id => id;

    public Caller Caller => caller;

    public ToolServer Server => server;

    /// <summary>The server's name for it.</summary>
    public string Tool => tool;

    public Abi.Syscalls.CallTool Request => request;

    public ToolCallStage Stage { get; internal set; }

    public bool IsAbandoned { get; internal set; }

    /// <summary>When the tool was called.</summary>
    internal long RunsSince { get; set; }

    /// <summary>The start of the server that it was called of.</summary>
    internal long Start { get; set; }
}

/// <summary>A LISTTOOLS or RESTARTTOOLS that waits for servers to be up, or not to be.</summary>
internal sealed record ToolWaiter(CallId Call, Caller Caller, Abi.Syscalls.Syscall Request)
{
    /// <summary>Servers that have not come to anything yet.</summary>
    public HashSet<string> Missing { get; } = new(StringComparer.Ordinal);
}
