using System.Globalization;
using Analemma.Linux;
using Analemma.Sandbox.Hosts;
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
    /// The program that is the first process of a sandbox and has the agent for its child (Init/init.c). Null: the
    /// agent is the first process itself.
    /// </summary>
    public string? InitFile { get; init; }

    /// <summary>The one that was built with us, if it was.</summary>
    public static string? BuiltInit
    {
        get
        {
            var file = Path.Combine(AppContext.BaseDirectory, "analemma-init");
            return File.Exists(file) ? file : null;
        }
    }

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

    /// <summary>Told what went wrong on the watchers' threads: how sandboxes fare is not known any more.</summary>
    public Action<Exception>? Failed { get; init; }

    /// <summary>Told why each engine was passed over that comes before the one that was taken.</summary>
    public Action<string> PassedOver { get; init; } = _ => { };

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The filter of every agent; tests weaken it to see that the probes would notice.</summary>
    internal SeccompProfile Profile { get; init; } = SeccompProfile.Agent;

    internal string InstanceName => Instance ?? InstanceOf(StateFolder);

    /// <summary>Found at start; see <see cref="Hosts.Passage"/>.</summary>
    internal Passage Passage
    {
        get => field ?? new Passage(StateFolder);
        init;
    }

    /// <summary>Where agents' uids pass when they cannot pass to the state folder.</summary>
    internal string PassageBase { get; init; } = Passage.Base;

    internal string SandboxesFolder => Path.Combine(StateFolder, "sandboxes");

    internal string RunFolders => Path.Combine(Passage.Folder, "run");

    internal string RuntimeFolder => Path.Combine(StateFolder, "runtime");

    /// <summary>Also where they may have been before the mode of a folder was changed.</summary>
    internal IEnumerable<string> RunFoldersEver =>
    [
        Path.Combine(StateFolder, "run"),
        Path.Combine(Passage.Detour(this), "run"),
    ];

    internal string RootFolder => Path.Combine(Passage.Folder, "root");

    internal string SdkCopyFolder => Path.Combine(Passage.Folder, "sdk");

    private static string InstanceOf(string stateFolder)
    {
        uint hash = 2166136261;
        foreach (var letter in Path.GetFullPath(stateFolder))
        {
            hash = unchecked((hash ^ letter) * 16777619);
        }

        return hash.ToString("x8", CultureInfo.InvariantCulture);
    }
}
