namespace Analemma.Sandbox.Cgroups;

/// <summary>
/// The cgroups of one kernel, v1 or v2, as root or by delegation. Under one base folder every sandbox has a group that
/// holds its limits, in it a leaf <c>self</c> that holds its processes, and beside that the groups of its children: so
/// children count against their parent, and v2's rule that inner groups hold no processes is kept.
/// </summary>
internal interface ICgroupTree
{
    /// <summary>v1, v2 or none.</summary>
    string Version { get; }

    /// <summary>Why a guarantee (memory, pids, cpu, freezer) cannot be given; null when it can.</summary>
    string? Lack(string guarantee);

    /// <summary>Makes the group of a sandbox; <paramref name="parent"/> null puts it at the top.</summary>
    ICgroup Create(ICgroup? parent, string key);

    /// <summary>A group that an earlier kernel made, by its <see cref="ICgroup.Path"/>.</summary>
    ICgroup? Find(string path);

    /// <summary>The groups at the top, for the sweep after a crash.</summary>
    IReadOnlyList<ICgroup> Top();

    /// <summary>Removes the base folder if nothing is left in it.</summary>
    void Remove();
}

/// <summary>The group of one sandbox.</summary>
internal interface ICgroup
{
    /// <summary>Below the tree's base, such as <c>agent-a/agent-b</c>; empty without cgroups.</summary>
    string Path { get; }

    /// <summary>The leaf, seen from the top of the hierarchy, as OCI's cgroupsPath; null without cgroups.</summary>
    string? HierarchyPath { get; }

    /// <summary>A process of one thread is inside once it has written 0 into each of these files.</summary>
    IReadOnlyList<string> JoinFiles { get; }

    /// <summary>Any process is inside once its pid is written into each of these files.</summary>
    IReadOnlyList<string> ProcessFiles { get; }

    /// <summary>
    /// Sets the limits, also anew: then only those that differ from the ones before. Returns what could not be set:
    /// guarantee name and reason.
    /// </summary>
    IReadOnlyList<(string Guarantee, string Reason)> Apply(SandboxLimits limits, SandboxLimits? before);

    /// <summary>Stops the sandbox's own processes; its children have groups of their own.</summary>
    void Freeze();

    void Thaw();

    /// <summary>SIGKILL to everything inside and below, frozen or not. Does not wait.</summary>
    void Kill();

    bool IsEmpty { get; }

    SandboxUsage ReadUsage();

    /// <summary>
    /// Calls back, soon after it happened, when a process inside was killed for want of memory and the others were not.
    /// Null where the host does that by itself (v2).
    /// </summary>
    IDisposable? WatchOom(Analemma.Linux.Watcher watcher, Action happened);

    /// <summary>Moves the sandbox's own processes to another group.</summary>
    void MoveTo(ICgroup target);

    /// <summary>The groups of the sandboxes directly below.</summary>
    IReadOnlyList<ICgroup> Children();

    /// <summary>Removes the group and those below it. False while processes are in them.</summary>
    bool TryRemove();
}
