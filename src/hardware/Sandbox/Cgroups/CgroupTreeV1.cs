using Analemma.Abi.Syscalls;

namespace Analemma.Sandbox.Cgroups;

/// <summary>
/// cgroup v1: one hierarchy per controller, kernel documentation cgroup-v1/, and each may be ours to use or not. An
/// ordinary user may use those in which a cgroup was given to it: one whose folder it owns.
/// </summary>
internal sealed class CgroupTreeV1 : ICgroupTree
{
    private static readonly string[] Controllers = ["memory", "pids", "cpu", "cpuacct", "freezer"];

    private readonly Dictionary<string, string> _bases = [];
    private readonly Dictionary<string, string> _lacks = [];

    /// <param name="mounts">The hierarchies.</param>
    /// <param name="above">The cgroup in each below which ours are; null for the one that we run in.</param>
    /// <param name="instance">Keeps ours apart from other kernels'.</param>
    public CgroupTreeV1(CgroupMounts mounts, string? above, string instance)
    {
        string Base(string controller) =>
            $"{above ?? mounts.V1Own.GetValueOrDefault(controller, "").TrimEnd('/')}/analemma/{instance}";

        BaseInHierarchy = above is "" ? Base("") : null;
        AllBases = [.. mounts.V1.Select(pair => pair.Value + Base(pair.Key)).Distinct()];
        foreach (var controller in Controllers)
        {
            var mount = mounts.V1.GetValueOrDefault(controller);
            var reason = mount is null
                ? $"the host has no cgroup v1 controller {controller}"
                : Make(mount + Base(controller));
            if (reason is null)
            {
                _bases[controller] = mount + Base(controller);
            }
            else
            {
                _lacks[controller] = reason;
            }
        }
    }

    public string Version => "v1";

    public IReadOnlyDictionary<string, string> Bases => _bases;

    /// <summary>
    /// Also those of the controllers that we do not use: a runtime that moves its containers makes groups there.
    /// </summary>
    public IReadOnlyList<string> AllBases { get; }

    /// <summary>
    /// The base seen from the top of every hierarchy, when we may use all of them; else a runtime that moves its
    /// containers must not be told of it, for it would insist on each.
    /// </summary>
    public string? BaseInHierarchy { get; }

    public string? Lack(string guarantee) => guarantee switch
    {
        GuaranteeNames.Memory => _lacks.GetValueOrDefault("memory"),
        GuaranteeNames.Pids => _lacks.GetValueOrDefault("pids"),
        GuaranteeNames.Cpu => _lacks.GetValueOrDefault("cpu"),
        GuaranteeNames.Freezer => _lacks.GetValueOrDefault("freezer"),
        _ => null,
    };

    public ICgroup Create(ICgroup? parent, string key)
    {
        var path = parent is null ? CgroupFiles.GroupPrefix + key : $"{parent.Path}/{CgroupFiles.GroupPrefix}{key}";
        foreach (var folder in _bases.Values)
        {
            Directory.CreateDirectory($"{folder}/{path}/{CgroupFiles.Leaf}");
        }

        return new CgroupV1(this, path);
    }

    public ICgroup? Find(string path) =>
        _bases.Values.Any(folder => Directory.Exists($"{folder}/{path}")) ? new CgroupV1(this, path) : null;

    public IReadOnlyList<ICgroup> Top() =>
        [.. AllBases.SelectMany(CgroupFiles.Groups).Distinct().Select(name => new CgroupV1(this, name))];

    public void Remove()
    {
        foreach (var folder in AllBases.Where(Directory.Exists))
        {
            CgroupFiles.RemoveBase(folder);
        }
    }

    /// <summary>Null when the base is there and ours, else why not.</summary>
    private static string? Make(string folder)
    {
        var above = Path.GetDirectoryName(Path.GetDirectoryName(folder)!)!;
        if (!Directory.Exists(above))
        {
            return $"there is no cgroup {above}: make it, and chown it to the kernel's user";
        }

        try
        {
            Directory.CreateDirectory(folder);
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return $"{above} belongs to somebody else: run as root, or chown a cgroup to this user";
        }
        catch (IOException failed)
        {
            return failed.Message;
        }
    }
}
