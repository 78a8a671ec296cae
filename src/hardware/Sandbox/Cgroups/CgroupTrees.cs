using Analemma.Abi.Syscalls;
using Analemma.Sandbox.Hosts;

namespace Analemma.Sandbox.Cgroups;

/// <summary>Chooses between what the host offers: v1 where it has the controllers, else v2.</summary>
internal static class CgroupTrees
{
    private static readonly string[] Wanted = ["memory", "pids", "cpu"];

    public static ICgroupTree Open(string instance)
    {
        // Root of a user namespace alone, as an ordinary user makes it, owns no more of the hierarchy than that user.
        var mounts = CgroupMounts.Read();
        var isRoot = HostIdentity.HasManyUids();
        if (Wanted.Any(mounts.V1.ContainsKey))
        {
            CgroupTreeV1 tree = new(mounts, instance, isRoot);
            return tree.Bases.Count > 0 ? tree : new NoCgroups(tree.Lack(GuaranteeNames.Memory) ?? "no cgroup is ours");
        }

        return mounts.V2 is { } v2
            ? new CgroupTreeV2(v2, mounts.V2Own, instance, isRoot)
            : new NoCgroups("no cgroup controllers are mounted");
    }
}
