namespace Analemma.Abi.Syscalls;

/// <summary>
/// Starts an agent as a new process and answers when it runs. Exactly one of <see cref="Script"/> and
/// <see cref="Argv"/> says what to run. Refused with <c>name_taken</c> when a living process has the name,
/// <c>permission_denied</c> when an agent asks for more than it has itself, <c>not_enforceable</c> when
/// <see cref="Require"/> names a guarantee that this host cannot give, <c>start_failed</c> when the program cannot be
/// started.
/// </summary>
public sealed record Spawn : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Spawn;

    /// <summary>
    /// Unique among the living; default <c>agent-ID</c>. 1 to 64 of letters, digits and . _ - inside.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>
    /// A program file, copied into /work and run as <c>PYTHON SCRIPT SOCKET ARGS…</c>. For a client on the host, a host
    /// path (absolute); for an agent, a path in its own /work.
    /// </summary>
    public string? Script { get; init; }

    /// <summary>The interpreter of <see cref="Script"/>; default <c>python3</c>.</summary>
    public string? Python { get; init; }

    /// <summary>Program and arguments, found inside the sandbox.</summary>
    public IReadOnlyList<string>? Argv { get; init; }

    /// <summary>Further arguments of <see cref="Script"/>, after the socket path.</summary>
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>The only environment variables the agent gets, beside PATH, HOME, LANG and those of Analemma.</summary>
    public IReadOnlyDictionary<string, string>? Env { get; init; }

    /// <summary>Default /work.</summary>
    public string? Cwd { get; init; }

    /// <summary>
    /// Default true. False runs a plain child process of the kernel; only a client on the host may ask it.
    /// </summary>
    public bool? Sandboxed { get; init; }

    /// <summary>
    /// Default false: no route and no host socket. A list of rules allows, through the kernel, what they name. True
    /// shares the host's network; host clients only.
    /// </summary>
    public NetworkAccess? Network { get; init; }

    /// <summary>What it may use; absent fields take the defaults.</summary>
    public ResourceLimits? Limits { get; init; }

    /// <summary>Its share of the models; absent fields take the defaults.</summary>
    public ModelShare? Models { get; init; }

    /// <summary>
    /// The tools of the kernel that it may call: <c>server/tool</c>, or <c>server/*</c> for all of a server. Default
    /// none. An agent can give what it has itself.
    /// </summary>
    public IReadOnlyList<string>? Tools { get; init; }

    /// <summary>What it may do beyond itself; default: as its parent, or what agents of the host have.</summary>
    public Permissions? Permissions { get; init; }

    /// <summary>Guarantees (names as in STATUS) without which the spawn is refused.</summary>
    public IReadOnlyList<string>? Require { get; init; }

    /// <summary><c>writes</c> (default) or <c>reads</c>: also report denied opens for reading.</summary>
    public string? Audit { get; init; }

    /// <summary><c>auto</c> (default) takes a warm sandbox when one fits; <c>cold</c> makes a new one.</summary>
    public string? Pool { get; init; }

    /// <summary>
    /// A pipe whose end to read the caller holds: it becomes the agent's standard input. Takes the cold path.
    /// </summary>
    public long? StdinPipe { get; init; }

    /// <summary>
    /// A pipe whose end to write the caller holds: it becomes the agent's standard output, which is then not logged.
    /// </summary>
    public long? StdoutPipe { get; init; }

    /// <summary>Host paths to show inside; host clients only. Takes the cold path.</summary>
    public IReadOnlyList<MountRequest>? Mounts { get; init; }
}

/// <summary>One host path shown inside a sandbox.</summary>
public sealed record MountRequest
{
    /// <summary>Absolute host path of a file or folder.</summary>
    public string Source { get; init; } = "";

    /// <summary>Absolute path inside, below /mnt or /work.</summary>
    public string Target { get; init; } = "";

    /// <summary>Default false: read-only.</summary>
    public bool Writable { get; init; }
}

/// <summary>The new process. <see cref="Status"/> is always <c>running</c>.</summary>
public sealed record SpawnReply(ProcessId Id, string Name, int Pid, string Status) : Reply
{
    /// <summary>
    /// How it was started: <c>cold</c>, <c>created</c> (a created container) or <c>preloaded</c> (Python).
    /// </summary>
    public string? Tier { get; init; }

    /// <summary>What made its sandbox.</summary>
    public string? Engine { get; init; }

    /// <summary>Guarantees that were not required and are not given on this host.</summary>
    public IReadOnlyList<string>? Missing { get; init; }
}
