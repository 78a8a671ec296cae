namespace Analemma.Abi.Syscalls;

/// <summary>Agrees on the version and tells the caller who it is.</summary>
public sealed record Hello : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Hello;

    /// <summary>The highest version that the client speaks; default 2.</summary>
    public int? Version { get; init; }

    /// <summary>A name for logs, such as <c>analemma-python/0.1</c>.</summary>
    public string? Client { get; init; }
}

/// <summary>
/// The version to speak, and the caller as the kernel knows it: <see cref="Process"/> is 0 for the host.
/// </summary>
public sealed record HelloReply(int Version, string Kernel, ProcessId Process) : Reply
{
    /// <summary>The caller's name, when it is a process.</summary>
    public string? Name { get; init; }

    /// <summary>The caller's limits, when it is a process.</summary>
    public ResourceLimits? Limits { get; init; }

    /// <summary>What this kernel can beyond the version, by name.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];
}

/// <summary>
/// A pooled sandbox's preloaded interpreter waits with this for the work it is to do. Anybody else is refused.
/// </summary>
public sealed record Claim : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Claim;
}

/// <summary>
/// What a preloaded interpreter becomes: it runs <see cref="Script"/> as <c>__main__</c>. As a piece, in a frame with
/// MORE, it is what to get ready for; the program begins with <see cref="ClaimEndReply"/>.
/// </summary>
public sealed record ClaimReply(ProcessId Id, string Script) : Reply
{
    /// <summary>The script's arguments.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Environment variables to set.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    /// <summary>The folder to work in.</summary>
    public string Cwd { get; init; } = "/work";
}

/// <summary>The end of a CLAIM whose work came before, as a piece: the program may begin.</summary>
public sealed record ClaimEndReply(ProcessId Id) : Reply;
