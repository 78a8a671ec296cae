using System.Text.Json;

namespace Analemma.Abi.Syscalls;

/// <summary>
/// Lists the tools that the caller may call: those of its spawn's <c>tools</c>; for a client on the host, all. Servers
/// that are not up are started for it, and the answer waits for them.
/// </summary>
public sealed record ListTools : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.ListTools;

    /// <summary>Only the tools of this server; default all.</summary>
    public string? Server { get; init; }
}

/// <summary>What may be called.</summary>
/// <param name="Tools">By name.</param>
public sealed record ListToolsReply(IReadOnlyList<ToolView> Tools) : Reply
{
    /// <summary>Servers whose tools are not known, because they could not be started.</summary>
    public IReadOnlyList<UnavailableTools>? Unavailable { get; init; }
}

/// <summary>A tool of a server, as its server describes it.</summary>
/// <param name="Name">What CALLTOOL takes: <c>server/tool</c>.</param>
/// <param name="Function">
/// The same as a name that every model takes: 1 to 64 letters, digits, _ and -; unique among the caller's tools.
/// </param>
public sealed record ToolView(string Name, string Function)
{
    /// <summary>What it does, and when to use it.</summary>
    public string? Description { get; init; }

    /// <summary>A name for people.</summary>
    public string? Title { get; init; }

    /// <summary>The JSON Schema of its arguments.</summary>
    public JsonElement Parameters { get; init; }

    /// <summary>The JSON Schema of its structured result, if the server says one.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>
    /// The server says that it changes nothing. Not to be relied upon when the server is not trusted.
    /// </summary>
    public bool? ReadOnly { get; init; }
}

/// <summary>A server that could not be asked for its tools.</summary>
/// <param name="Server">Its name.</param>
/// <param name="Reason">Why.</param>
public sealed record UnavailableTools(string Server, string Reason);

/// <summary>
/// Calls a tool, by the name that LISTTOOLS gives it, and waits for its result. The arguments are checked against the
/// tool's schema before. What the tool itself says went wrong is a result with <c>is_error</c>; refusals are
/// <c>permission_denied</c>, <c>no_such_tool</c>, <c>invalid_argument</c>, <c>try_again</c> (too many calls),
/// <c>tool_failed</c> (its server could not be started, died, or answered nonsense), <c>too_large</c> (its result) and
/// <c>timed_out</c>.
/// </summary>
public sealed record CallTool : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.CallTool;

    /// <summary><c>server/tool</c>.</summary>
    public string Name { get; init; } = "";

    /// <summary>A JSON object. Default: one without fields.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>
    /// Milliseconds from request to result, the start of the server included. Default: as configured for the server.
    /// </summary>
    public long? TimeoutMs { get; init; }

    /// <summary>
    /// True: what the tool reports of its progress comes in RAW frames with MORE, each a JSON object with
    /// <c>progress</c>, and where known <c>total</c> and <c>message</c>.
    /// </summary>
    public bool? Progress { get; init; }
}

/// <summary>What a tool came to.</summary>
/// <param name="Content">Its text, for a model to read.</param>
public sealed record CallToolReply(string Content) : Reply
{
    /// <summary>The tool says that it failed; the text says how.</summary>
    public bool IsError { get; init; }

    /// <summary>The result as JSON, of tools that have one.</summary>
    public JsonElement? Structured { get; init; }

    /// <summary>All parts in their order, when there is more than text.</summary>
    public IReadOnlyList<ToolPart>? Parts { get; init; }

    /// <summary>Milliseconds that the tool ran.</summary>
    public long RanMs { get; init; }
}

/// <summary>A part of a tool's result.</summary>
/// <param name="Type"><c>text</c>, <c>image</c>, <c>audio</c>, <c>resource</c> or <c>resource_link</c>.</param>
public sealed record ToolPart(string Type)
{
    /// <summary>Of text, and of a resource that is text.</summary>
    public string? Text { get; init; }

    /// <summary>Of images, audio and other resources, in base64.</summary>
    public string? Data { get; init; }

    /// <summary>What the data is.</summary>
    public string? MimeType { get; init; }

    /// <summary>Of resources.</summary>
    public string? Uri { get; init; }

    /// <summary>Of a link to a resource.</summary>
    public string? Name { get; init; }
}

/// <summary>How far a tool says it is.</summary>
/// <param name="Progress">Grows.</param>
public sealed record ToolProgress(double Progress)
{
    /// <summary>What it grows to, where that is known.</summary>
    public double? Total { get; init; }

    /// <summary>What it is at.</summary>
    public string? Message { get; init; }
}

/// <summary>Lists the configured servers of tools and how they are; an agent sees those that it may use.</summary>
public sealed record ToolServers : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.ToolServers;
}

/// <summary>The servers of tools.</summary>
/// <param name="Servers">By name.</param>
public sealed record ToolServersReply(IReadOnlyList<ToolServerView> Servers) : Reply;

/// <summary>
/// Starts a server of tools anew, ending the one that runs, and answers when it is up. For clients on the host.
/// </summary>
public sealed record RestartTools : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.RestartTools;

    /// <summary>Which.</summary>
    public string Server { get; init; } = "";
}

/// <summary>One server of tools.</summary>
/// <param name="Name">As the configuration has it.</param>
/// <param name="State">
/// <c>idle</c> (started when it is needed), <c>starting</c>, <c>ready</c>, <c>stopping</c>, or <c>failed</c> (started
/// again when it is needed, after <c>retry_after_ms</c>).
/// </param>
public sealed record ToolServerView(string Name, string State) : Reply
{
    /// <summary><c>stdio</c> for a program in a sandbox of its own, <c>http</c> for one elsewhere.</summary>
    public string Transport { get; init; } = "stdio";

    /// <summary>The server's name and version, as it says.</summary>
    public string? Says { get; init; }

    /// <summary>How many tools it has.</summary>
    public int Tools { get; init; }

    /// <summary>Its first host process; 0 when there is none. For clients on the host.</summary>
    public int Pid { get; init; }

    /// <summary>How often it was started since the kernel's start.</summary>
    public long Starts { get; init; }

    /// <summary>Calls that came to a result.</summary>
    public long Calls { get; init; }

    /// <summary>Calls under way.</summary>
    public int Running { get; init; }

    /// <summary>Calls that wait for it to start, or for others to end.</summary>
    public int Waiting { get; init; }

    /// <summary>Milliseconds since it was up.</summary>
    public long UptimeMs { get; init; }

    /// <summary>Why it last ended or could not start.</summary>
    public string? LastError { get; init; }

    /// <summary>Milliseconds until it may be started again.</summary>
    public long? RetryAfterMs { get; init; }
}
