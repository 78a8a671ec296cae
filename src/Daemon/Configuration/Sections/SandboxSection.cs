namespace Analemma.Daemon.Configuration.Sections;

/// <summary>What isolates the agents. Auto takes the first of crun, runc and bwrap that passes a trial.</summary>
internal enum Engine
{
    Auto,
    Crun,
    Runc,
    Bwrap,
    Runsc,
    Kata,
    Unsandboxed,
}

/// <summary>The <c>[sandbox]</c> section of the machine file.</summary>
internal sealed record SandboxSection
{
    private const long HostUidMax = uint.MaxValue - 1;

    [Setting("What isolates the agents; auto takes the first of crun, runc and bwrap that passes a trial at start.")]
    public Engine Engine { get; init; } = Engine.Auto;

    [Setting("Whether a client on the host may ask for an agent without a sandbox.")]
    public bool UnsandboxedAllowed { get; init; } = true;

    [Setting("The cgroup, from the top of each hierarchy that has it, below which those of the agents are made.",
        DefaultText = "the top as root, else the cgroup that the kernel runs in")]
    public string Cgroup { get; init; } = "";

    [Setting("The first of the host uids that agents get when root makes the sandboxes.")]
    public long UidBase { get; init; } = 0x7000_0000;

    [Setting("How many host uids belong to all kernels of this host together.")]
    public long UidCount { get; init; } = 0x0800_0000;

    [Setting("The size of /tmp in a sandbox; what lies there counts against its memory.", IsBytes = true)]
    public long TmpBytes { get; init; } = 64 * 1024 * 1024;

    [Setting("The host folder of the Python SDK, which agents can import; empty for none.",
        DefaultText = "the one that came with the kernel")]
    public string SdkFolder { get; init; } = "";

    public IEnumerable<string> Problems()
    {
        if (Cgroup.Length > 0 && !IsCgroup(Cgroup))
        {
            yield return $"sandbox.cgroup is '{Cgroup}'; it must be empty, or a path such as /agents/ada: from the top "
                + "of the cgroup hierarchies, not of the host's files, and without a / at its end";
        }

        if (UidBase is < 1 or > HostUidMax)
        {
            yield return $"sandbox.uid_base is {UidBase}; it must be 1 to {HostUidMax}";
        }

        if (UidCount < 2 || UidCount > HostUidMax - Math.Max(UidBase, 0))
        {
            yield return $"sandbox.uid_count is {UidCount}; it must be 2 to what is left above sandbox.uid_base";
        }

        if (TmpBytes is < 64 * 1024 or > 1L << 40)
        {
            yield return $"sandbox.tmp_bytes is {TmpBytes}; it must be 64K to 1024G";
        }

        if (SdkFolder.Length > 0 && !SdkFolder.StartsWith('/'))
        {
            yield return $"sandbox.sdk_folder is '{SdkFolder}'; it must be an absolute path, or empty";
        }
    }

    private static bool IsCgroup(string path) => path[0] == '/'
        && !path.StartsWith("/sys/fs/cgroup", StringComparison.Ordinal)
        && path[1..].Split('/').All(part => part is not ("" or "." or "..") && !part.Any(char.IsControl));
}
