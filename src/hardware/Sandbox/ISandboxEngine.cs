using System.Text.Json.Serialization;
using Analemma.Abi.Syscalls;
using Analemma.Linux;
using Analemma.Sandbox.Logs;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Sandbox;

/// <summary>
/// Makes sandboxes. Implementations: an OCI runtime (crun, runc, runsc, kata), a warm pool in front of
/// either, and plain host processes for agents that were asked to run unsandboxed. Faults are
/// <see cref="SandboxException"/>.
/// </summary>
public interface ISandboxEngine : IAsyncDisposable
{
    /// <summary>What this engine gives on this host, found out by trying.</summary>
    EngineReport Report { get; }

    /// <summary>
    /// Makes a sandbox whose first process exists, confined and under its limits, and has not run one instruction of
    /// the agent. The caller then puts files in its work folder, listens in its run folder, and starts it.
    /// </summary>
    Task<ISandbox> CreateAsync(SandboxPolicy policy, CancellationToken cancellationToken);

    /// <summary>
    /// The same out of what is ready, without making anything; null when nothing fits. It may be disposed of unstarted.
    /// </summary>
    /// <param name="policy">What it becomes.</param>
    /// <param name="taken">
    /// Called with it before it has its limits and its name, so that an interpreter that waits in it can be told
    /// meanwhile; more than once when one turns out not to do.
    /// </param>
    ValueTask<ISandbox?> TakeWarmAsync(SandboxPolicy policy, Action<ISandbox, SandboxTier>? taken = null) => default;

    /// <summary>
    /// Settles what an earlier kernel left, once, before anything is created. A sandbox whose key is wanted is taken
    /// over: running, or ended with its log and files still readable (its exit is complete, and its code known when
    /// that kernel saw it). Everything else of that kernel is killed and removed.
    /// </summary>
    Task<IReadOnlyList<ISandbox>> AdoptAsync(Func<string, bool> isWanted, CancellationToken cancellationToken);
}

/// <summary>What an engine was found to give. <see cref="Cgroups"/> is v1, v2 or none.</summary>
public sealed record EngineReport(string Engine, string Cgroups, IReadOnlyList<Guarantee> Guarantees)
{
    /// <summary>
    /// Why the kernel can listen on no loopback address inside the sandboxes of this engine; null when it can.
    /// </summary>
    public string? LoopbackLack { get; init; }
}

/// <summary>What an agent may be: the owner's wish with every default filled in. Data only.</summary>
public sealed record SandboxPolicy
{
    /// <summary>Unique on this host among the living and the leftovers; a file name.</summary>
    public required string Key { get; init; }

    /// <summary>The key of the sandbox below whose limits this one lives too, or null.</summary>
    public string? ParentKey { get; init; }

    /// <summary>Host name inside.</summary>
    public required string HostName { get; init; }

    public required IReadOnlyList<string> Argv { get; init; }

    public required IReadOnlyDictionary<string, string> Env { get; init; }

    /// <summary>
    /// Set when a preloaded Python can become this agent: the script's path inside and its arguments. Argv says the
    /// same.
    /// </summary>
    public PythonProgram? Python { get; init; }

    public string Cwd { get; init; } = "/work";

    public required SandboxLimits Limits { get; init; }

    public bool Network { get; init; }

    public bool AuditReads { get; init; }

    /// <summary>Guarantees that must be enforced, by name; otherwise creation fails.</summary>
    public IReadOnlyList<string> Require { get; init; } = [];

    public IReadOnlyList<MountRequest> Mounts { get; init; } = [];

    /// <summary>
    /// The first process's standard input and output are pipes to us (<see cref="ISandbox.Streams"/>), rather than
    /// nothing and the log. Takes the cold path; lost with this kernel.
    /// </summary>
    public bool PipesStreams { get; init; }

    /// <summary>
    /// What the first process's standard input or output is, in place of nothing and the log: ends of pipes, the
    /// caller's to dispose of. Takes the cold path.
    /// </summary>
    [JsonIgnore]
    public StreamEnds? Ends { get; init; }

    /// <summary>Makes what goes over each stream on its way into the log; null when all is kept as it is.</summary>
    [JsonIgnore]
    public Func<ILogFilter>? LogFilter { get; init; }

    /// <summary>False forbids a warm sandbox.</summary>
    public bool PoolAllowed { get; init; } = true;
}

/// <summary>Blocking ends of pipes; null leaves a stream as it is without.</summary>
public sealed record StreamEnds(SafeFileHandle? Input, SafeFileHandle? Output);

public sealed record PythonProgram(string ScriptPath, IReadOnlyList<string> Args);

/// <summary>Limits of one sandbox and all below it; every field is set.</summary>
public sealed record SandboxLimits
{
    public required long MemoryBytes { get; init; }

    public required int Pids { get; init; }

    /// <summary>Microseconds per period, or -1.</summary>
    public required long CpuQuotaUs { get; init; }

    public required long CpuPeriodUs { get; init; }

    /// <summary>cgroup v2 weight, 1 to 10000.</summary>
    public required int CpuWeight { get; init; }

    public required int OpenFiles { get; init; }

    public required long LogBytes { get; init; }

    public required long WorkBytes { get; init; }
}

/// <summary>Which path a sandbox came by.</summary>
public enum SandboxTier
{
    Cold,
    Created,
    Preloaded,
}

/// <summary>One sandbox and everything in it. Disposing it kills what still runs and removes every trace.</summary>
public interface ISandbox : IAsyncDisposable
{
    string Key { get; }

    string Engine { get; }

    SandboxTier Tier { get; }

    /// <summary>The first process inside, as the host numbers it.</summary>
    int HostPid { get; }

    /// <summary>Guarantees that this sandbox lacks.</summary>
    IReadOnlyList<string> Missing { get; }

    /// <summary>
    /// A host folder that the agent sees, read-only, as /run/analemma. Its socket is agent.sock in it.
    /// </summary>
    string RunFolder { get; }

    IWorkFolder Work { get; }

    ILogSource Logs { get; }

    /// <summary>
    /// With <see cref="SandboxPolicy.PipesStreams"/>, what leads to the first process's input and from its output. The
    /// caller's to dispose of.
    /// </summary>
    (Stream Input, Stream Output)? Streams => null;

    /// <summary>
    /// Lets the agent run. A preloaded interpreter is not started here but answered through its claim (see Tier).
    /// </summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Listens on a port of the loopback addresses inside, which only those inside can connect to; the agent cannot
    /// have a port below 1024 itself. The caller closes the sockets when the sandbox has ended.
    /// </summary>
    /// <exception cref="SandboxException">It has no loopback of its own, or the port is taken; says why.</exception>
    IReadOnlyList<TcpListenSocket> ListenOnLoopback(int port);

    /// <summary>Completes when the first process has ended and every other process inside has been killed.</summary>
    Task<SandboxExit> Exited { get; }

    /// <summary>Sends a signal to the first process only.</summary>
    void Signal(int signal);

    /// <summary>Kills every process inside, paused or not. Does not wait.</summary>
    void Kill();

    void Freeze();

    void Thaw();

    /// <summary>
    /// Makes system calls that wait for the listener's answer begin anew: one that a killed kernel had received would
    /// wait for ever. Not for a frozen sandbox, whose calls all begin anew when it thaws.
    /// </summary>
    void RestartCalls();

    /// <summary>Reads the counters now. Cheap enough for once a second per sandbox.</summary>
    SandboxUsage ReadUsage();

    /// <summary>
    /// Runs a command inside, under the same confinement and limits. Output goes to the sink as it comes.
    /// </summary>
    Task<ExecResult> ExecAsync(ExecRequest request, ExecOutput output, CancellationToken cancellationToken);
}

/// <summary>Stream 1 is stdout, 2 stderr; the memory is valid only until the returned task ends.</summary>
public delegate ValueTask ExecOutput(int stream, ReadOnlyMemory<byte> bytes);

public sealed record ExecRequest(IReadOnlyList<string> Argv, IReadOnlyDictionary<string, string> Env, string Cwd);

/// <summary>A command's end; a signal shows as 128 + its number.</summary>
public sealed record ExecResult(int ExitCode);

/// <summary>How the first process ended, and the counters at that moment.</summary>
public sealed record SandboxExit(int? Code, int? Signal, SandboxUsage Usage);

/// <summary>Counters of a sandbox since its start, its descendants included.</summary>
public sealed record SandboxUsage
{
    public long CpuUs { get; init; }

    public long MemoryBytes { get; init; }

    public long MemoryPeakBytes { get; init; }

    public long Pids { get; init; }

    public long ThrottledUs { get; init; }

    /// <summary>Kills for want of memory, of any process inside; the kernel's own kills are never among them.</summary>
    public long OomKills { get; init; }

    public long PidLimitHits { get; init; }
}

/// <summary>A sandbox's /work, seen from the host, which no path can lead out of: openat2(2) RESOLVE_BENEATH.</summary>
public interface IWorkFolder
{
    /// <summary>Opens for reading a file that exists.</summary>
    Stream OpenRead(string path);

    /// <summary>Opens for writing, making the folders above; owned by the agent.</summary>
    Stream OpenWrite(string path, bool append, int mode);

    /// <summary>Lists a folder, or describes one file (isFolder false, one entry).</summary>
    (bool IsFolder, IReadOnlyList<FileEntry> Entries) List(string path);
}

/// <summary>The captured output of a sandbox: bounded, kept across rotation, readable while it grows.</summary>
public interface ILogSource
{
    /// <summary>
    /// Reads kept output in order and hands it on; with follow, goes on until the sandbox has ended and all is read.
    /// Returns how many bytes the limit had dropped before they could be read.
    /// </summary>
    Task<long> ReadAsync(ExecOutput output, int? tailLines, bool follow, CancellationToken cancellationToken);
}

/// <summary>The sandbox or its host failed. The message says what was asked, what happened, and what to do.</summary>
public sealed class SandboxException(string message, string? hint = null, Exception? inner = null)
    : Exception(message, inner)
{
    public string? Hint { get; } = hint;

    /// <summary>True when a required guarantee cannot be enforced here.</summary>
    public bool NotEnforceable { get; init; }
}
