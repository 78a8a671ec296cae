using Analemma.Sandbox.Hosts;

namespace Analemma.Sandbox.Cgroups;

/// <summary>
/// Chooses between what the host offers: v1 where it has the controllers, else v2. Ours lie below the cgroup that the
/// owner names; by default at the top as root, because the cgroup that started us (a login session, a shell) may be
/// removed under us, and in the one that we run in for an ordinary user, whom the top does not belong to.
/// </summary>
internal static class CgroupTrees
{
    private static readonly string[] Wanted = ["memory", "pids", "cpu"];

    public static ICgroupTree Open(string instance, string? above)
    {
        // Root of a user namespace alone, as an ordinary user makes it, owns no more of the hierarchy than that user.
        var mounts = CgroupMounts.Read();
        var isRoot = HostIdentity.HasManyUids();
        if (Wanted.Any(mounts.V1.ContainsKey))
        {
            CgroupTreeV1 tree = new(mounts, above ?? (isRoot ? "" : null), instance);
            return tree.Bases.Count > 0 ? tree : new NoCgroups(tree.Lack);
        }

        return mounts.V2 is { } v2
            ? new CgroupTreeV2(v2, above ?? (isRoot ? "" : mounts.V2Own.TrimEnd('/')), instance)
            : new NoCgroups(_ => "no cgroup controllers are mounted");
    }
}
