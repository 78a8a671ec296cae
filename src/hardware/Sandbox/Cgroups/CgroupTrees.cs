using Analemma.Linux;

namespace Analemma.Sandbox.Cgroups;

/// <summary>Chooses between what the host offers: v1 where it has the controllers, else v2.</summary>
internal static class CgroupTrees
{
    private static readonly string[] Wanted = ["memory", "pids", "cpu"];

    public static ICgroupTree Open(string instance)
    {
        var mounts = CgroupMounts.Read();
        if (Wanted.Any(mounts.V1.ContainsKey))
        {
            return new CgroupTreeV1(mounts, instance, HostProcess.IsRoot);
        }

        return mounts.V2 is { } v2
            ? new CgroupTreeV2(v2, mounts.V2Own, instance, HostProcess.IsRoot)
            : new NoCgroups("no cgroup controllers are mounted");
    }
}
