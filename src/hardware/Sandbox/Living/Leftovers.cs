using Analemma.Linux;
using Analemma.Sandbox.Cgroups;

namespace Analemma.Sandbox.Living;

/// <summary>
/// What a kernel that was killed left behind, by its state folder and its cgroups: running sandboxes, records of ended
/// ones, containers that never began. Everything that is not wanted is killed and removed.
/// </summary>
internal sealed class Leftovers(SandboxHost host)
{
    private const int Sigkill = 9;

    /// <summary>The wanted ones that can be taken over, with their running first process or null.</summary>
    public async Task<IReadOnlyList<(SandboxRecord Record, PidFd? First)>> SettleAsync(Func<string, bool> isWanted)
    {
        List<(SandboxRecord, PidFd?)> wanted = [];
        List<string> rest = [];
        foreach (var key in Keys())
        {
            var folders = SandboxFolders.For(host.Options, key);
            var record = SandboxRecord.TryLoad(folders.Private);
            var first = record?.TryHold();
            var isOurs = record is not null && record.Engine == host.Launcher.Name && isWanted(key);
            if (isOurs && !(first is not null && host.Launcher.IsHeld(record!, folders)))
            {
                wanted.Add((record!, first));
                continue;
            }

            first?.TrySignal(Sigkill);
            first?.Dispose();
            rest.Add(key);
        }

        await ReapAsync(rest, [.. wanted.Select(one => one.Item1.CgroupPath)]);
        return wanted;
    }

    private HashSet<string> Keys() =>
    [
        .. Names(host.Options.SandboxesFolder),
        .. host.Options.RunFoldersEver.SelectMany(Names),
        .. Names(host.Options.RuntimeFolder),
    ];

    private static IEnumerable<string> Names(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path)!) : [];

    private async Task ReapAsync(List<string> keys, HashSet<string> wantedGroups)
    {
        var groups = Groups(host.Cgroups.Top(), wantedGroups).ToList();
        foreach (var group in groups)
        {
            group.Kill();
        }

        foreach (var key in keys)
        {
            await host.Launcher.DeleteAsync(key);
            var container = Path.Combine(host.Options.RuntimeFolder, key);
            if (Directory.Exists(container))
            {
                Directory.Delete(container, recursive: true);
            }

            SandboxFolders.For(host.Options, key).RemoveAll();
        }

        foreach (var group in groups)
        {
            await group.EmptyAsync(host.Options.Clock);
            await group.RemoveAsync(host.Options.Clock);
        }
    }

    // A group is kept when it, or one nested in it, is wanted; then its other children are looked at one by one.
    private static IEnumerable<ICgroup> Groups(IReadOnlyList<ICgroup> groups, HashSet<string> wanted)
    {
        foreach (var group in groups)
        {
            if (wanted.Any(path => path == group.Path || path.StartsWith($"{group.Path}/", StringComparison.Ordinal)))
            {
                foreach (var below in Groups(group.Children(), wanted))
                {
                    yield return below;
                }
            }
            else
            {
                yield return group;
            }
        }
    }
}
