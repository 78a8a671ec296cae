using Analemma.Abi;
using Analemma.Kernel.Tools;

namespace Analemma.Kernel.Events;

/// <summary>A server of tools is up, and these are its tools.</summary>
public sealed record ToolServerReady(string Server, long Start, IReadOnlyList<ToolDescription> Tools) : KernelEvent
{
    public override bool IsDurable => false;

    /// <summary>The server's name and version, as it says.</summary>
    public string? Says { get; init; }

    /// <summary>Its first host process; 0 when it is none of this host's.</summary>
    public int HostPid { get; init; }
}

/// <summary>A server that is up has other tools now.</summary>
public sealed record ToolServerChanged(string Server, long Start, IReadOnlyList<ToolDescription> Tools) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>
/// A server of tools has ended, could not be started, or was stopped: exactly one for each StartToolServer. Its calls
/// end too, each by its own event, before or soon after.
/// </summary>
public sealed record ToolServerEnded(string Server, long Start, string Reason) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>
/// A call of a tool was admitted: the audit record, on disk before the tool is called. It counts in its process's row.
/// </summary>
public sealed record ToolCallBegun(CallId Call, ProcessId Process, string Tool, long ArgumentBytes) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>
/// A call of a tool has come to its end: exactly one for each StartToolCall, also when it was cancelled or its server
/// died. What the tool said stays with the runner. Null stands for a result, which may say itself that it is an error.
/// </summary>
public sealed record ToolCallEnded(CallId Call, ToolFailure? Failure) : KernelEvent
{
    public override bool IsDurable => false;

    /// <summary>The tool's own result says that it failed.</summary>
    public bool IsError { get; init; }
}

/// <summary>Why there is no result.</summary>
public sealed record ToolFailure(ToolFailureKind Kind, string Message);

public enum ToolFailureKind
{
    /// <summary>The server has ended, or its connection has: its ToolServerEnded is on its way, or has come.</summary>
    Server,

    /// <summary>The server answered what is no answer.</summary>
    Nonsense,

    /// <summary>The server refused the call: by the protocol, and not by the tool.</summary>
    Refused,

    /// <summary>The result is larger than may be handed on.</summary>
    TooLarge,

    /// <summary>The kernel took it back.</summary>
    Cancelled,
}

/// <summary>A call of a tool has had all the time that it has.</summary>
public sealed record ToolCallOverdue(CallId Call) : KernelEvent
{
    public override bool IsDurable => false;
}
