using Analemma.Linux;
using Analemma.Sandbox.Seccomp;

namespace Analemma.Sandbox;

/// <summary>
/// What the owner of the kernel decides about its sandboxes. The defaults here are the documentation.
/// </summary>
public sealed record SandboxEngineOptions
{
    /// <summary>
    /// A folder of this engine alone, absolute, on a file system that takes FIFOs. Bundles, logs, run folders and the
    /// files of ended sandboxes live here; after a crash it says what is left over.
    /// </summary>
    public required string StateFolder { get; init; }

    /// <summary>
    /// auto (crun, runc, then bwrap), or by name: crun, runc, bwrap, runsc, kata, unsandboxed.
    /// </summary>
    public string Engine { get; init; } = "auto";

    /// <summary>Names the cgroups of this kernel beside others'; default from the state folder's path.</summary>
    public string? Instance { get; init; }

    /// <summary>
    /// The cgroup, from the top of every hierarchy that has it, below which those of the sandboxes are made. Null: at
    /// the top as root, else in the cgroup that this process runs in.
    /// </summary>
    public string? Cgroup { get; init; }

    /// <summary>A host folder with the Python SDK, which agents find on PYTHONPATH.</summary>
    public string? SdkFolder { get; init; }

    /// <summary>
    /// The socket of a running <c>NotifyListener</c>, to which the filter reports what it refuses. Null: the filter
    /// refuses just the same, and nothing is reported. Set but not listening: no sandbox can be made.
    /// </summary>
    public string? NotifySocket { get; init; }

    /// <summary>First of the host uids that agents get, two each, when root makes the sandboxes.</summary>
    public uint UidBase { get; init; } = 0x7000_0000;

    /// <summary>How many host uids belong to all kernels of this host together.</summary>
    public uint UidCount { get; init; } = 0x0800_0000;

    /// <summary>Bytes of /tmp in each sandbox; they count against its memory.</summary>
    public long TmpBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Runs the callbacks of descriptors; one of its own when null.</summary>
    public Watcher? Watcher { get; init; }

    /// <summary>Told why each engine was passed over that comes before the one that was taken.</summary>
    public Action<string> PassedOver { get; init; } = _ => { };

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The filter of every agent; tests weaken it to see that the probes would notice.</summary>
    internal SeccompProfile Profile { get; init; } = SeccompProfile.Agent;

    internal string SandboxesFolder => Path.Combine(StateFolder, "sandboxes");

    internal string RunFolders => Path.Combine(StateFolder, "run");

    internal string RuntimeFolder => Path.Combine(StateFolder, "runtime");

    internal string RootFolder => Path.Combine(StateFolder, "root");
}
