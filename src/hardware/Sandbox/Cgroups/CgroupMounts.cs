using Analemma.Linux;

namespace Analemma.Sandbox.Cgroups;

/// <summary>
/// Where the host's cgroup hierarchies are mounted, and where in them this process is. Pure: from the text of
/// /proc/self/mountinfo and /proc/self/cgroup (proc(5), cgroups(7)).
/// </summary>
internal sealed record CgroupMounts
{
    /// <summary>v1 controller to the folder that its hierarchy is mounted on.</summary>
    public required IReadOnlyDictionary<string, string> V1 { get; init; }

    /// <summary>This process's path in each v1 hierarchy, by controller, below its mount.</summary>
    public required IReadOnlyDictionary<string, string> V1Own { get; init; }

    /// <summary>The folder of the v2 mount, or null.</summary>
    public string? V2 { get; init; }

    /// <summary>This process's path below the v2 mount.</summary>
    public string V2Own { get; init; } = "/";

    /// <summary>v1 controllers with a v2 mount beside them.</summary>
    public bool IsHybrid => V2 is not null && V1.Count > 0;

    public static CgroupMounts Read() =>
        Parse(ProcFiles.TryRead("/proc/self/mountinfo") ?? "", ProcFiles.TryRead("/proc/self/cgroup") ?? "");

    public static CgroupMounts Parse(string mountinfo, string cgroup)
    {
        Dictionary<string, string> v1 = [];
        Dictionary<string, string> roots = [];
        string? v2 = null;
        var v2Root = "/";
        foreach (var line in mountinfo.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var halves = line.Split(" - ", 2);
            var left = halves[0].Split(' ');
            var right = halves.Length == 2 ? halves[1].Split(' ') : [];
            if (left.Length < 5 || right.Length < 3)
            {
                continue;
            }

            if (right[0] == "cgroup2")
            {
                (v2, v2Root) = (left[4], left[3]);
            }
            else if (left[4] == v2)
            {
                // Covered by what was mounted later, as HybridCgroups does.
                v2 = null;
            }
            else if (right[0] == "cgroup")
            {
                foreach (var option in right[2].Split(','))
                {
                    v1[option] = left[4];
                    roots[option] = left[3];
                }
            }
        }

        var own = Own(cgroup);
        return new CgroupMounts
        {
            V1 = v1.Where(pair => own.ContainsKey(pair.Key)).ToDictionary(),
            V1Own = own.Where(pair => pair.Key.Length > 0)
                .ToDictionary(pair => pair.Key, pair => Below(roots.GetValueOrDefault(pair.Key, "/"), pair.Value)),
            V2 = v2,
            V2Own = Below(v2Root, own.GetValueOrDefault("", "/")),
        };
    }

    // "4:memory,cpu:/path", and for v2 "0::/path".
    private static Dictionary<string, string> Own(string cgroup)
    {
        Dictionary<string, string> own = [];
        foreach (var line in cgroup.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split(':', 3);
            foreach (var controller in fields.Length == 3 ? fields[1].Split(',') : [])
            {
                own[controller] = fields[2];
            }
        }

        return own;
    }

    // In a container the mount shows a part of the hierarchy and /proc/self/cgroup names the whole path.
    private static string Below(string root, string path) =>
        root != "/" && path.StartsWith(root, StringComparison.Ordinal) ? path[root.Length..] : path;
}
