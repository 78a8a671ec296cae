using System.Text;
using Analemma.Linux;
using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Cgroups;
using Analemma.Sandbox.Hosts;
using Analemma.Sandbox.Logs;

namespace Analemma.Sandbox.Living;

/// <summary>Makes sandboxes with one launcher, and settles what an earlier kernel left behind.</summary>
internal sealed class LauncherEngine(SandboxHost host) : ISandboxEngine
{
    private const string AgentSocket = OciBundle.RunFolder + "/agent.sock";
    private const string AgentOsSocket = "agentos.sock";

    private const int PrintedLinesMax = 3;
    private static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CleanMax = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LiveSandbox> _living = [];
    private readonly HashSet<LiveSandbox> _uncleaned = [];

    /// <summary>Names this engine's cgroups.</summary>
    public string Instance => host.Options.InstanceName;

    public EngineReport Report => host.Report;

    public async Task<ISandbox> CreateAsync(SandboxPolicy policy, CancellationToken cancellationToken)
    {
        Refuse(policy);
        var uid = host.Uids.Take();
        var folders = SandboxFolders.For(host.Options, policy.Key);
        ICgroup? cgroup = null;
        try
        {
            var identity = host.Launcher.Identity(uid);
            folders.Make(identity.HostUid);
            cgroup = host.Cgroups.Create(ParentGroup(policy), policy.Key);
            return await BuildAsync(policy, identity, folders, cgroup);
        }
        catch (Exception failed) when (failed is LinuxException or IOException or SandboxException
            or UnauthorizedAccessException)
        {
            await UndoAsync(policy.Key, folders, cgroup);
            host.Uids.Release(uid);
            throw failed as SandboxException
                ?? new SandboxException($"cannot make sandbox {policy.Key}: {failed.Message}", inner: failed);
        }
    }

    public async Task<IReadOnlyList<ISandbox>> AdoptAsync(
        Func<string, bool> isWanted, CancellationToken cancellationToken)
    {
        List<ISandbox> adopted = [];
        foreach (var (record, first) in await new Leftovers(host).SettleAsync(isWanted))
        {
            var folders = SandboxFolders.For(host.Options, record.Key);
            LogFolder log = new(folders.Private, record.Policy.Limits.LogBytes);
            var cgroup = host.Cgroups.Find(record.CgroupPath) ?? NoCgroups.Gone;
            if (first is null)
            {
                adopted.Add(await EndedSandbox.OpenAsync(host, record, folders, cgroup, log));
                continue;
            }

            host.Uids.Claim(record.HostRootUid);
            SandboxParts parts = new(folders, cgroup, log, Listen(folders, log), first, TryOpenWork(record, folders));
            LiveSandbox sandbox = new(host, record, parts);
            Remember(sandbox);
            adopted.Add(sandbox);
        }

        return adopted;
    }

    /// <summary>Whether what it makes can wait to become an agent.</summary>
    internal bool CanWait => host.Launcher.IsHostProcess;

    internal bool HasSdk => host.Options.SdkFolder is not null;

    /// <summary>Makes a warm sandbox that of an agent: all that a cold one would have been created with.</summary>
    internal void Claim(LiveSandbox slot, SandboxPolicy policy, SandboxTier tier)
    {
        Refuse(policy);
        var below = ParentGroup(policy) is { } parent ? host.Cgroups.Create(parent, slot.Key) : null;
        slot.Claim(policy, tier, below, (cgroup, before) => Missing(
            policy, cgroup.Apply(HostLimits(policy.Limits), before is null ? null : HostLimits(before))));
    }

    /// <summary>
    /// Waits, for a bounded time, until those that have ended are cleaned up; leaves the living alone.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        Task cleaned;
        lock (_gate)
        {
            cleaned = Task.WhenAll(_uncleaned.Where(one => one.Exited.IsCompleted).Select(one => one.Cleaned));
        }

        await Task.WhenAny(cleaned, Task.Delay(CleanMax, host.Options.Clock));
        host.Cgroups.Remove();
        Passage.Leave(host.Options);
        if (host.Options.Watcher is null)
        {
            host.Watcher.Dispose();
        }
    }

    private void Refuse(SandboxPolicy policy)
    {
        if (policy.PipesStreams && !host.Launcher.HasPidNamespace)
        {
            throw new SandboxException(
                $"{policy.Key} needs a sandbox, and the engine {host.Launcher.Name} makes none", "see sandbox.engine");
        }

        if (policy.Ends?.Input is not null && !host.Launcher.HasPidNamespace)
        {
            // Its input is what holds it until it may begin.
            throw new SandboxException(
                $"{policy.Key} can have no pipe as its standard input without a sandbox", "spawn it sandboxed");
        }

        foreach (var name in policy.Require)
        {
            var guarantee = host.Report.Guarantees.FirstOrDefault(one => one.Name == name);
            if (guarantee is not { Enforced: true })
            {
                throw NotEnforceable(name, guarantee?.How ?? "this host does not give it");
            }
        }
    }

    private static SandboxException NotEnforceable(string name, string reason) =>
        new($"{name} is required and cannot be enforced: {reason}", "analemma doctor says what is missing")
        {
            NotEnforceable = true,
        };

    private ICgroup? ParentGroup(SandboxPolicy policy)
    {
        if (policy.ParentKey is not { } parent)
        {
            return null;
        }

        lock (_gate)
        {
            return _living.GetValueOrDefault(parent)?.Cgroup
                ?? throw new SandboxException($"cannot make sandbox {policy.Key}: its parent {parent} has ended");
        }
    }

    private async Task<LiveSandbox> BuildAsync(
        SandboxPolicy policy, AgentIdentity identity, SandboxFolders folders, ICgroup cgroup)
    {
        SandboxRecord record = new()
        {
            Key = policy.Key,
            Engine = host.Launcher.Name,
            CgroupPath = cgroup.Path,
            Uid = identity.Uid,
            HostUid = identity.HostUid,
            HostRootUid = identity.HostRootUid,
            HasInit = host.Launcher.HasInit,
            Policy = policy,
        };
        record.Save(folders.Private);

        LogFolder log = new(folders.Private, policy.Limits.LogBytes);
        var streams = policy.PipesStreams || policy.Ends?.Output is not null
            ? [ListenToErrors(folders, log, policy.LogFilter)] : Listen(folders, log, policy.LogFilter);
        Pipes? pipes = null;
        try
        {
            pipes = policy.PipesStreams ? new Pipes() : null;
            var pid = await LaunchAsync(policy, identity, folders, cgroup, (log, streams), pipes);
            var first = PidFd.TryOpen(pid)
                ?? throw new SandboxException($"{host.Launcher.Name} made {policy.Key}, whose first process is gone");
            record = record with
            {
                Pid = pid,
                StartTime = ProcFiles.TryReadStartTime(pid) ?? 0,
                Missing = Missing(policy, cgroup.Apply(HostLimits(policy.Limits), before: null)),
            };
            record.Save(folders.Private);
            LinkAgentOsSocket(host.Launcher.TmpPath(pid), identity);
            var work = FolderFd.Open(host.Launcher.WorkPath(pid, folders));
            LiveSandbox sandbox = new(host, record, new SandboxParts(folders, cgroup, log, streams, first, work))
            {
                Streams = pipes?.Ours(host.Watcher),
            };
            Remember(sandbox);
            return sandbox;
        }
        catch
        {
            pipes?.Dispose();
            log.Dispose();
            foreach (var stream in streams)
            {
                stream.Dispose();
            }

            throw;
        }
    }

    // It may end this moment; and an ordinary user may look only into the sandboxes of its own user namespace, in which
    // an earlier kernel's need not be.
    private FolderFd? TryOpenWork(SandboxRecord record, SandboxFolders folders)
    {
        try
        {
            return FolderFd.Open(host.Launcher.WorkPath(record.Pid, folders));
        }
        catch (LinuxException)
        {
            return null;
        }
    }

    private SandboxLimits HostLimits(SandboxLimits limits) =>
        limits with { Pids = limits.Pids + host.Launcher.OwnProcesses };

    private LogStream[] Listen(SandboxFolders folders, LogFolder log, Func<ILogFilter>? filter = null) =>
    [
        host.Intake.Open(log, 1, HostFiles.OpenFifoToRead(folders.Stdout), filter?.Invoke()),
        ListenToErrors(folders, log, filter),
    ];

    private LogStream ListenToErrors(SandboxFolders folders, LogFolder log, Func<ILogFilter>? filter) =>
        host.Intake.Open(log, 2, HostFiles.OpenFifoToRead(folders.Stderr), filter?.Invoke());

    private void Remember(LiveSandbox sandbox)
    {
        lock (_gate)
        {
            _living[sandbox.Key] = sandbox;
            _uncleaned.Add(sandbox);
        }

        After(sandbox.Exited, () => _living.Remove(sandbox.Key));
        After(sandbox.Cleaned, () => _uncleaned.Remove(sandbox));
    }

    private void After(Task task, Action act) => _ = task.ContinueWith(
        _ =>
        {
            lock (_gate)
            {
                act();
            }
        },
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    private async Task<int> LaunchAsync(
        SandboxPolicy policy,
        AgentIdentity identity,
        SandboxFolders folders,
        ICgroup cgroup,
        (LogFolder Log, LogStream[] Streams) output,
        Pipes? pipes)
    {
        try
        {
            return await LaunchAsync(policy, identity, folders, cgroup, pipes);
        }
        catch (SandboxException failed) when (failed.Hint is null)
        {
            // A launcher that shares its streams with the agent says there why it failed.
            var printed = await PrintedAsync(output.Log, output.Streams);
            var isTold = failed.Message.Contains(printed, StringComparison.Ordinal);
            throw isTold ? failed : new SandboxException($"{failed.Message}: {printed}", inner: failed);
        }
    }

    private async Task<string> PrintedAsync(LogFolder log, LogStream[] streams)
    {
        var drained = Task.WhenAll(streams.Select(stream => stream.Drained));
        await Task.WhenAny(drained, Task.Delay(DrainMax, host.Options.Clock));
        StringBuilder text = new();
        await log.ReadAsync(Keep, PrintedLinesMax, follow: false, CancellationToken.None);
        return text.ToString().Trim().Replace('\n', ' ');

        ValueTask Keep(int stream, ReadOnlyMemory<byte> bytes)
        {
            text.Append(Encoding.UTF8.GetString(bytes.Span));
            return default;
        }
    }

    private async Task<int> LaunchAsync(
        SandboxPolicy policy, AgentIdentity identity, SandboxFolders folders, ICgroup cgroup, Pipes? pipes)
    {
        if (pipes is not null)
        {
            using var errors = HostFiles.OpenFifoBothWays(folders.Stderr);
            var (input, output) = pipes.TakeTheirs();
            using (input)
            using (output)
            {
                return await host.Launcher.CreateAsync(
                    new Launching(policy, identity, folders, cgroup, input, output, errors));
            }
        }

        // Not /dev/null: runc gives its standard streams to the agent, the host's /dev/null with them.
        var (stdin, stdinWrite) = HostFiles.MakePipe(readBlocks: true);
        stdinWrite.Dispose();
        using (stdin)
        using (var stdout = HostFiles.OpenFifoBothWays(folders.Stdout))
        using (var stderr = HostFiles.OpenFifoBothWays(folders.Stderr))
        {
            Launching launching = new(
                policy,
                identity,
                folders,
                cgroup,
                policy.Ends?.Input ?? stdin,
                policy.Ends?.Output ?? stdout,
                stderr);
            return await host.Launcher.CreateAsync(launching);
        }
    }

    private List<string> Missing(SandboxPolicy policy, IReadOnlyList<(string Guarantee, string Reason)> failed)
    {
        foreach (var (name, reason) in failed)
        {
            if (policy.Require.Contains(name))
            {
                throw NotEnforceable(name, reason);
            }
        }

        var missing = host.Report.Guarantees.Where(one => !one.Enforced).Select(one => one.Name);
        var network = policy.Network ? (IEnumerable<string>)[Abi.Syscalls.GuaranteeNames.Network] : [];
        return [.. missing.Concat(failed.Select(one => one.Guarantee)).Concat(network).Distinct()];
    }

    // Where programs written for AgentOS look for their kernel.
    private static void LinkAgentOsSocket(string? tmp, AgentIdentity identity)
    {
        if (tmp is not null)
        {
            using var folder = FolderFd.Open(tmp);
            folder.MakeLink(AgentOsSocket, AgentSocket, identity.HostUid, identity.HostUid);
        }
    }

    private async Task UndoAsync(string key, SandboxFolders folders, ICgroup? cgroup)
    {
        if (cgroup is not null)
        {
            await cgroup.EmptyAsync(host.Options.Clock);
        }

        await host.Launcher.DeleteAsync(key);
        if (cgroup is not null)
        {
            await cgroup.RemoveAsync(host.Options.Clock);
        }

        folders.RemoveAll();
    }
}
