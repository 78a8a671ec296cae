using Analemma.Linux;

namespace Analemma.Sandbox.Cgroups;

/// <summary>A host that gives us no cgroup: nothing is limited, and killing rests on the pid namespace alone.</summary>
internal sealed class NoCgroups(Func<string, string?> reasons) : ICgroupTree
{
    /// <summary>Stands for a group that does not exist any more.</summary>
    public static ICgroup Gone { get; } = new Nothing();

    public string Version => "none";

    public string? Lack(string guarantee) => reasons(guarantee);

    public ICgroup Create(ICgroup? parent, string key) => new Nothing();

    public ICgroup? Find(string path) => new Nothing();

    public IReadOnlyList<ICgroup> Top() => [];

    public void Remove()
    {
    }

    private sealed class Nothing : ICgroup
    {
        public string Path => "";

        public string? HierarchyPath => null;

        public IReadOnlyList<string> JoinFiles => [];

        public IReadOnlyList<string> ProcessFiles => [];

        public bool IsEmpty => true;

        public IReadOnlyList<(string Guarantee, string Reason)> Apply(SandboxLimits limits, SandboxLimits? before) =>
            [];

        public void Freeze() => throw new SandboxException("cannot pause: the host gives no cgroup freezer");

        public void Thaw() => throw new SandboxException("cannot resume: the host gives no cgroup freezer");

        public void Kill()
        {
        }

        public SandboxUsage ReadUsage() => new();

        public IDisposable? WatchOom(Watcher watcher, Action happened) => null;

        public void MoveTo(ICgroup target)
        {
        }

        public IReadOnlyList<ICgroup> Children() => [];

        public bool TryRemove() => true;
    }
}
