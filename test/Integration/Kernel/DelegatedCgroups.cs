using System.Globalization;
using Analemma.Linux;
using Analemma.Sandbox.Cgroups;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>
/// Cgroups v1 that root made and gave to an ordinary user, in the named hierarchies alone; removed afterwards.
/// </summary>
internal sealed class DelegatedCgroups : IDisposable
{
    private readonly string[] _folders;

    public DelegatedCgroups(uint uid, params string[] controllers)
    {
        Assert.SkipUnless(HostProcess.IsRoot, "only root can give cgroups away");
        var mounts = CgroupMounts.Read();
        Assert.SkipUnless(
            controllers.All(mounts.V1.ContainsKey), $"this host has no cgroup v1 of {string.Join(", ", controllers)}");
        _folders = [.. controllers.Select(controller => mounts.V1[controller] + Path)];
        foreach (var folder in _folders)
        {
            Directory.CreateDirectory(folder);
            HostFiles.ChangeOwner(folder, uid, uid);
        }
    }

    /// <summary>From the top of each hierarchy.</summary>
    public string Path { get; } = string.Create(
        CultureInfo.InvariantCulture, $"/analemma-test-{Environment.ProcessId}-{Guid.NewGuid():N}");

    public IEnumerable<string> JoinFiles => _folders.Select(folder => $"{folder}/cgroup.procs");

    /// <summary>What was made below.</summary>
    public IEnumerable<string> Leftovers => _folders.SelectMany(
        folder => Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories));

    public void Dispose()
    {
        foreach (var folder in _folders)
        {
            CgroupFiles.TryRemoveTree(folder);
        }
    }
}
