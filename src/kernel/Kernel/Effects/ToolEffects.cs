using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Effects;

/// <summary>
/// Starts a server of tools, or connects to it, and asks for its tools. Comes back as ToolServerReady at most once, and
/// in the end as ToolServerEnded exactly once. Start counts the starts of a server within one kernel start.
/// </summary>
public sealed record StartToolServer(string Server, long Start) : Effect;

/// <summary>Ends a server, gently and then not; its ToolServerEnded follows.</summary>
public sealed record StopToolServer(string Server, long Start) : Effect;

/// <summary>
/// Calls a tool of a server that is up. Comes back as ToolCallEnded exactly once, whatever happens. The runner sends
/// progress to the caller by itself when the request asks for it, and keeps what the tool said until AnswerToolCall, a
/// Refuse of the call, or the caller's going away.
/// </summary>
public sealed record StartToolCall(CallId Call, string Server, long Start, string Tool, JsonElement Arguments) : Effect
{
    /// <summary>Whose it is; None for a client on the host.</summary>
    public ProcessId Process { get; init; }

    public bool Progress { get; init; }
}

/// <summary>
/// Takes a call back: the server is told, and not waited for. It still ends with a ToolCallEnded.
/// </summary>
public sealed record CancelToolCall(CallId Call) : Effect;

/// <summary>Ends a CALLTOOL: what the runner has kept, filled into what the kernel knows.</summary>
public sealed record AnswerToolCall(CallId Call, CallToolReply Known) : Effect;
