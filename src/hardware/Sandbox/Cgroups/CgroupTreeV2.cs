using Analemma.Abi.Syscalls;
using Analemma.Linux;

namespace Analemma.Sandbox.Cgroups;

/// <summary>
/// cgroup v2: one hierarchy, kernel documentation admin-guide/cgroup-v2. An ordinary user needs a subtree delegated to
/// it (systemd: Delegate=yes) and must run in it. Inner groups may hold no process, so where we are ourselves in the
/// group above the base, we step aside into a leaf first.
/// </summary>
internal sealed class CgroupTreeV2 : ICgroupTree
{
    private const string OwnLeaf = "analemma-kernel";

    private static readonly string[] Controllers = ["memory", "pids", "cpu"];

    private readonly string _base;
    private readonly string? _reason;
    private readonly HashSet<string> _given = [];

    public CgroupTreeV2(string mount, string above, string instance)
    {
        BaseInHierarchy = $"{above}/analemma/{instance}";
        _base = mount + BaseInHierarchy;
        if (!Directory.Exists(mount + above))
        {
            _reason = $"there is no cgroup {mount}{above}: make it, and chown it to the kernel's user";
            return;
        }

        try
        {
            Directory.CreateDirectory(_base);
        }
        catch (Exception failed) when (failed is UnauthorizedAccessException or IOException)
        {
            _reason = $"{mount}{above} belongs to somebody else: run as root, or by systemd with Delegate=yes";
            return;
        }

        StepAside(mount + above);
        foreach (var folder in (string[])[mount + above, $"{mount}{above}/analemma", _base])
        {
            Enable(folder);
        }

        _given.UnionWith(Words($"{_base}/cgroup.subtree_control"));
        if (File.Exists($"{_base}/cgroup.freeze"))
        {
            _given.Add("freezer");
        }
    }

    public string Version => "v2";

    /// <summary>The base seen from the top of the hierarchy.</summary>
    public string BaseInHierarchy { get; }

    public string? Lack(string guarantee) => guarantee switch
    {
        _ when _reason is not null => _reason,
        GuaranteeNames.Memory => Without("memory"),
        GuaranteeNames.Pids => Without("pids"),
        GuaranteeNames.Cpu => Without("cpu"),
        GuaranteeNames.Freezer => Without("freezer"),
        _ => null,
    };

    public ICgroup Create(ICgroup? parent, string key)
    {
        var path = parent is null ? CgroupFiles.GroupPrefix + key : $"{parent.Path}/{CgroupFiles.GroupPrefix}{key}";
        CgroupV2 group = new(this, path);
        if (_reason is null)
        {
            Directory.CreateDirectory($"{Folder(path)}/{CgroupFiles.Leaf}");
            Enable(Folder(path));
        }

        return group;
    }

    public ICgroup? Find(string path) => Directory.Exists(Folder(path)) ? new CgroupV2(this, path) : null;

    public IReadOnlyList<ICgroup> Top() => [.. CgroupFiles.Groups(_base).Select(name => new CgroupV2(this, name))];

    public void Remove()
    {
        if (_reason is null)
        {
            CgroupFiles.RemoveBase(_base);
        }
    }

    public string Folder(string path) => $"{_base}/{path}";

    private string? Without(string controller) =>
        _given.Contains(controller) ? null : $"the host gives no cgroup v2 controller {controller} at {_base}";

    // One at a time: a list is refused whole when one of it is not there.
    private static void Enable(string folder)
    {
        foreach (var controller in Controllers.Except(Words($"{folder}/cgroup.subtree_control")))
        {
            _ = CgroupFiles.Write($"{folder}/cgroup.subtree_control", $"+{controller}");
        }
    }

    private static void StepAside(string folder)
    {
        var isEnabled = Controllers.Intersect(Words($"{folder}/cgroup.controllers"))
            .All(controller => CgroupFiles.Write($"{folder}/cgroup.subtree_control", $"+{controller}") is null);
        if (isEnabled)
        {
            return;
        }

        Directory.CreateDirectory($"{folder}/{OwnLeaf}");
        foreach (var pid in Words($"{folder}/cgroup.procs"))
        {
            _ = CgroupFiles.Write($"{folder}/{OwnLeaf}/cgroup.procs", pid);
        }
    }

    private static string[] Words(string file) =>
        (ProcFiles.TryRead(file) ?? "").Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
}
