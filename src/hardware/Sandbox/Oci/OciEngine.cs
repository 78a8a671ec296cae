using Analemma.Linux;
using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Cgroups;
using Analemma.Sandbox.Logs;

namespace Analemma.Sandbox.Oci;

/// <summary>Sandboxes by an OCI runtime: crun, runc and what else understands the same bundles.</summary>
internal sealed class OciEngine(OciHost host) : ISandboxEngine
{
    private const string AgentSocket = OciBundle.RunFolder + "/agent.sock";
    private const string AgentOsSocket = "agentos.sock";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ICgroup> _living = [];

    public EngineReport Report => host.Report;

    public async Task<ISandbox> CreateAsync(SandboxPolicy policy, CancellationToken cancellationToken)
    {
        Refuse(policy);
        var uid = host.Uids.Take();
        var folders = SandboxFolders.For(host.Options, policy.Key);
        ICgroup? cgroup = null;
        try
        {
            var identity = Identity(uid);
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

    public ValueTask DisposeAsync()
    {
        host.Cgroups.Remove();
        if (host.Options.Watcher is null)
        {
            host.Watcher.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    private void Refuse(SandboxPolicy policy)
    {
        foreach (var name in policy.Require)
        {
            if (host.Report.Guarantees.FirstOrDefault(one => one.Name == name) is not { Enforced: true } guarantee)
            {
                throw NotEnforceable(name, "this host does not give it");
            }

            _ = guarantee;
        }
    }

    private static SandboxException NotEnforceable(string name, string reason) =>
        new($"{name} is required and cannot be enforced: {reason}", "analemma doctor says what is missing")
        {
            NotEnforceable = true,
        };

    private AgentIdentity Identity(uint uid)
    {
        if (host.IsSingleUid)
        {
            return new AgentIdentity(0, HostProcess.UserId, uid);
        }

        return host.HasUserNamespace
            ? new AgentIdentity(OciBundle.AgentUid, uid + 1, uid)
            : new AgentIdentity(uid + 1, uid + 1, uid);
    }

    private ICgroup? ParentGroup(SandboxPolicy policy)
    {
        if (policy.ParentKey is not { } parent)
        {
            return null;
        }

        lock (_gate)
        {
            return _living.GetValueOrDefault(parent)
                ?? throw new SandboxException($"cannot make sandbox {policy.Key}: its parent {parent} has ended");
        }
    }

    private async Task<OciSandbox> BuildAsync(
        SandboxPolicy policy, AgentIdentity identity, SandboxFolders folders, ICgroup cgroup)
    {
        var cgroupsPath = host.Runtime.KeepsCgroups ? null : cgroup.HierarchyPath;
        var config = OciBundle.Plan(host.Bundle, policy, identity, folders.Run, cgroupsPath);
        File.WriteAllBytes($"{folders.Bundle}/config.json", OciJson.Write(config));
        SandboxRecord record = new()
        {
            Key = policy.Key,
            Engine = host.Runtime.Name,
            CgroupPath = cgroup.Path,
            Uid = identity.Uid,
            HostUid = identity.HostUid,
            HostRootUid = identity.HostRootUid,
            Policy = policy,
        };
        record.Save(folders.Private);

        LogFolder log = new(folders.Private, policy.Limits.LogBytes);
        var stdout = HostFiles.OpenFifoToRead(folders.Stdout);
        var stderr = HostFiles.OpenFifoToRead(folders.Stderr);
        LogStream[] streams = [host.Intake.Open(log, 1, stdout), host.Intake.Open(log, 2, stderr)];
        try
        {
            var pid = await RunCreateAsync(policy.Key, folders, cgroup);
            var first = PidFd.TryOpen(pid)
                ?? throw new SandboxException($"{host.Runtime.Name} made {policy.Key}, whose first process is gone");
            record = record with
            {
                Pid = pid,
                StartTime = ProcFiles.TryReadStartTime(pid) ?? 0,
                Missing = Missing(policy, cgroup.Apply(policy.Limits)),
            };
            record.Save(folders.Private);
            LinkAgentOsSocket(pid, identity);
            OciSandbox sandbox = new(host, record, new OciParts(folders, cgroup, log, streams, first));
            Remember(sandbox);
            return sandbox;
        }
        catch
        {
            log.Dispose();
            foreach (var stream in streams)
            {
                stream.Dispose();
            }

            throw;
        }
    }

    private void Remember(OciSandbox sandbox)
    {
        lock (_gate)
        {
            _living[sandbox.Key] = sandbox.Cgroup;
        }

        _ = sandbox.Exited.ContinueWith(
            _ =>
            {
                lock (_gate)
                {
                    _living.Remove(sandbox.Key);
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private async Task<int> RunCreateAsync(string key, SandboxFolders folders, ICgroup cgroup)
    {
        // Not /dev/null: runc gives its standard streams to the agent, the host's /dev/null with them.
        var (stdin, stdinWrite) = HostFiles.MakePipe(readBlocks: true);
        stdinWrite.Dispose();
        using (stdin)
        using (var stdout = HostFiles.OpenFifoBothWays(folders.Stdout))
        using (var stderr = HostFiles.OpenFifoBothWays(folders.Stderr))
        {
            RuntimeFiles files = new(folders.Bundle, folders.PidFile, folders.RuntimeLog)
            {
                Stdin = stdin,
                Stdout = stdout,
                Stderr = stderr,
            };
            return await host.Runtime.CreateAsync(key, files, cgroup.JoinFiles);
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
    private static void LinkAgentOsSocket(int pid, AgentIdentity identity)
    {
        using var tmp = FolderFd.Open($"/proc/{pid}/root/tmp");
        tmp.MakeLink(AgentOsSocket, AgentSocket, identity.HostUid, identity.HostUid);
    }

    private async Task UndoAsync(string key, SandboxFolders folders, ICgroup? cgroup)
    {
        cgroup?.Kill();
        await host.Runtime.DeleteAsync(key);
        for (var attempt = 0; cgroup is not null && !cgroup.TryRemove() && attempt < 100; attempt++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), host.Options.Clock);
        }

        folders.RemoveAll();
    }
}
