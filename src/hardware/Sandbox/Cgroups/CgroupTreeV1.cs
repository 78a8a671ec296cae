using Analemma.Abi.Syscalls;
using Analemma.Linux;

namespace Analemma.Sandbox.Cgroups;

/// <summary>
/// cgroup v1: one hierarchy per controller, kernel documentation cgroup-v1/. As root the base lies at the top of each
/// hierarchy, because the cgroup that started us (a login session, a shell) may be removed under us; an ordinary user
/// needs a cgroup of its own.
/// </summary>
internal sealed class CgroupTreeV1 : ICgroupTree
{
    private static readonly string[] Controllers = ["memory", "pids", "cpu", "cpuacct", "freezer"];

    private readonly Dictionary<string, string> _bases = [];
    private readonly Dictionary<string, string> _lacks = [];

    public CgroupTreeV1(CgroupMounts mounts, string instance, bool isRoot)
    {
        BaseInHierarchy = isRoot
            ? $"/analemma/{instance}"
            : $"{mounts.V1Own.GetValueOrDefault("memory", "").TrimEnd('/')}/analemma/{instance}";
        AllBases =
        [
            .. mounts.V1
                .Select(pair => (isRoot ? pair.Value : pair.Value + mounts.V1Own[pair.Key].TrimEnd('/'))
                    + $"/analemma/{instance}")
                .Distinct(),
        ];
        foreach (var controller in Controllers)
        {
            if (!mounts.V1.TryGetValue(controller, out var mount))
            {
                _lacks[controller] = $"the host has no cgroup v1 controller {controller}";
                continue;
            }

            var above = isRoot ? mount : mount + mounts.V1Own[controller].TrimEnd('/');
            var path = $"{above}/analemma/{instance}";
            try
            {
                Directory.CreateDirectory(path);
                _bases[controller] = path;
            }
            catch (UnauthorizedAccessException)
            {
                _lacks[controller] = $"{above} belongs to somebody else: run as root, or chown a cgroup to this user";
            }
            catch (IOException failed)
            {
                _lacks[controller] = failed.Message;
            }
        }
    }

    public string Version => "v1";

    public IReadOnlyDictionary<string, string> Bases => _bases;

    /// <summary>
    /// Also those of the controllers that we do not use: a runtime that moves its containers makes groups there.
    /// </summary>
    public IReadOnlyList<string> AllBases { get; }

    /// <summary>The base seen from the top of the hierarchy; the same in each as root.</summary>
    public string BaseInHierarchy { get; }

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
        foreach (var folder in AllBases)
        {
            if (HostFiles.TryRemoveFolder(folder))
            {
                HostFiles.TryRemoveFolder(Path.GetDirectoryName(folder)!);
            }
        }
    }
}
