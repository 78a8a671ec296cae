using Analemma.Linux;
using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Living;

namespace Analemma.Sandbox.Oci;

/// <summary>Sandboxes by an OCI runtime: crun, runc and what else understands the same bundles.</summary>
internal sealed class OciLauncher(OciRuntime runtime, BundleHost bundle, CommandRun run, bool isSingleUid) : ILauncher
{
    public string Name => runtime.Name;

    public bool HasPidNamespace => true;

    public bool IsHostProcess => !runtime.HidesMounts;

    public bool HasInit => bundle.HasInit;

    public int OwnProcesses => runtime.OwnProcesses + (HasInit ? 1 : 0);

    public string? LoopbackLack => runtime.HidesMounts
        ? "the network inside is gVisor's own, and no socket of the host's can be put there"
        : bundle.Namespaces.Contains("network") ? null : "it has no network namespace of its own";

    public AgentIdentity Identity(uint uid)
    {
        // An ordinary user has one uid, so all agents share it and are root inside, without any capability.
        if (isSingleUid)
        {
            return new AgentIdentity(0, HostProcess.UserId, uid);
        }

        return bundle.Namespaces.Contains("user")
            ? new AgentIdentity(OciBundle.AgentUid, uid + 1, uid)
            : new AgentIdentity(uid + 1, uid + 1, uid);
    }

    public async Task<int> CreateAsync(Launching launching)
    {
        var folders = launching.Folders;
        var cgroupsPath = runtime.KeepsCgroups ? null : launching.Cgroup.HierarchyPath;
        var config = OciBundle.Plan(bundle, launching.Policy, launching.Identity, folders.Run, cgroupsPath);
        if (runtime.HidesMounts)
        {
            ShareWork(launching);
            File.WriteAllBytes(folders.Gate, []);
            config = config with { Mounts = OciBundle.WithWork(config.Mounts, folders.WorkCopy) };
        }

        File.WriteAllBytes($"{folders.Bundle}/config.json", OciJson.Write(config));
        RuntimeFiles files = new(folders.Bundle, folders.PidFile, folders.RuntimeLog)
        {
            Stdin = launching.Stdin,
            Stdout = launching.Stdout,
            Stderr = launching.Stderr,
        };
        var pid = await runtime.CreateAsync(launching.Policy.Key, files, launching.Cgroup.JoinFiles);
        if (HasInit)
        {
            ProgramSearch.Require(pid, config.Process with { Args = launching.Policy.Argv });
        }

        return pid;
    }

    public async Task StartAsync(SandboxRecord record, SandboxFolders folders)
    {
        await runtime.StartAsync(record.Key, folders.RuntimeLog);
        File.Delete(folders.Gate);
    }

    public bool IsHeld(SandboxRecord record, SandboxFolders folders) =>
        runtime.HidesMounts ? File.Exists(folders.Gate) : runtime.IsHeld(record.Key);

    public Task<ExecResult> ExecAsync(Executing executing, ExecOutput output, CancellationToken cancellationToken)
    {
        var record = executing.Record;
        if (!runtime.HidesMounts)
        {
            ProgramSearch.RequireFolder(record.Pid, executing.Request.Cwd);
        }

        var process = OciBundle.Process(
            record.Policy,
            new AgentIdentity(record.Uid, record.HostUid, record.HostRootUid),
            CommandWords.For(executing.Request.Argv),
            executing.Request.Env,
            executing.Request.Cwd,
            bundle.SdkFolder is not null);
        return new OciExec(runtime, run, record.Key, executing.File).RunAsync(
            process, executing.Request.Argv[0], executing.JoinFiles, output, cancellationToken);
    }

    public Task DeleteAsync(string key, bool areDead) => runtime.DeleteAsync(key, areDead);

    public string WorkPath(int pid, SandboxFolders folders) =>
        runtime.HidesMounts ? folders.WorkCopy : $"/proc/{pid}/root/work";

    public string? TmpPath(int pid) => runtime.HidesMounts ? null : $"/proc/{pid}/root/tmp";

    private static void ShareWork(Launching launching)
    {
        if (launching.Policy.Network)
        {
            throw new SandboxException("runsc cannot share the host's network", "set sandbox.engine to crun or runc");
        }

        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(launching.Folders.WorkCopy, owner);
        HostFiles.ChangeOwner(launching.Folders.WorkCopy, launching.Identity.HostUid, launching.Identity.HostUid);
    }
}
