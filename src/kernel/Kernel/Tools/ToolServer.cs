using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Tools;

public enum ToolServerState
{
    /// <summary>Not up; started when it is needed, if it may be by now.</summary>
    Idle,

    Starting,

    Ready,

    /// <summary>Told to end, or about to. It is started again if somebody waits for it then.</summary>
    Stopping,
}

/// <summary>One configured server of tools, as it is now. All of it is volatile.</summary>
public sealed class ToolServer(ToolServerOptions options)
{
    public ToolServerOptions Options => options;

    public string Name => options.Name;

    public ToolServerState State { get; internal set; }

    /// <summary>How often it was started; also names the latest start.</summary>
    public long Starts { get; internal set; }

    public IReadOnlyList<ToolDescription> Tools { get; internal set; } = [];

    public string? Says { get; internal set; }

    public int HostPid { get; internal set; }

    public long ReadyAt { get; internal set; }

    /// <summary>Calls that came to a result.</summary>
    public long Calls { get; internal set; }

    /// <summary>Starts in a row that came to no result at all.</summary>
    public int Failures { get; internal set; }

    /// <summary>Whether this start has come to a result.</summary>
    internal bool HasServed { get; set; }

    /// <summary>It ends by its own fault, and not because it was asked.</summary>
    internal bool IsFailing { get; set; }

    /// <summary>Calls in a row whose time ran out.</summary>
    internal int Overdue { get; set; }

    /// <summary>It may not be started before.</summary>
    public long NotBefore { get; internal set; }

    public string? LastError { get; internal set; }

    /// <summary>Calls that run; also of a start before, until their ends have come.</summary>
    public int Running { get; internal set; }

    /// <summary>Calls that wait for it to be up.</summary>
    internal List<CallId> Held { get; } = [];

    /// <summary>Calls that wait for others to end.</summary>
    internal Queue<CallId> Queue { get; } = new();

    public ToolServerView View(long now, int waiting, bool isHost) => new(Name, StateText())
    {
        Transport = options.IsProgram ? "stdio" : "http",
        Says = Says,
        Tools = Tools.Count,
        Pid = isHost ? HostPid : 0,
        Starts = Starts,
        Calls = Calls,
        Running = Running,
        Waiting = waiting,
        UptimeMs = State is ToolServerState.Ready ? (now - ReadyAt) / TimeSpan.TicksPerMillisecond : 0,
        LastError = isHost ? LastError : null,
        RetryAfterMs = State is ToolServerState.Idle ? WaitMs(now) : null,
    };

    /// <summary>How long until it may be started again; null when it may.</summary>
    internal long? WaitMs(long now) => NotBefore > now
        ? ((NotBefore - now) / TimeSpan.TicksPerMillisecond) + 1
        : null;

    private string StateText() => State switch
    {
        ToolServerState.Idle => LastError is null ? "idle" : "failed",
        ToolServerState.Starting => "starting",
        ToolServerState.Ready => "ready",
        ToolServerState.Stopping => "stopping",
    };
}
