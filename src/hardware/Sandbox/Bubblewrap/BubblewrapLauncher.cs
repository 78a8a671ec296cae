using System.Text.Json;
using Analemma.Linux;
using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Living;

namespace Analemma.Sandbox.Bubblewrap;

// Bubblewrap sets up the sandbox and waits at a gate, a FIFO, before it becomes the agent. Its outer process, which
// would only watch, is then ended, and the first process becomes our child as it does with an OCI runtime.
/// <summary>Sandboxes by bubblewrap, for hosts that have no OCI runtime.</summary>
internal sealed class BubblewrapLauncher(
    BubblewrapCommand command, BundleHost bundle, SandboxEngineOptions options, Watcher watcher) : ILauncher
{
    private const int Sigkill = 9;
    private const int SignalBase = 128;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan MakeMax = TimeSpan.FromSeconds(10);

    private readonly CommandRun _run = new(watcher, options.Clock);
    private readonly MaskedPaths _masked = MaskedPaths.Find($"{bundle.RootFolder}/etc/resolv.conf");

    public string Name => "bwrap";

    public bool HasPidNamespace => true;

    public bool HasInit => bundle.HasInit;

    public int OwnProcesses => HasInit ? 1 : 0;

    public required bool IsSingleUid { get; init; }

    public AgentIdentity Identity(uint uid) =>
        new(OciBundle.AgentUid, IsSingleUid ? HostProcess.UserId : uid + 1, uid);

    public async Task<int> CreateAsync(Launching launching)
    {
        var (policy, folders) = (launching.Policy, launching.Folders);
        var plan = OciBundle.Plan(bundle, policy, launching.Identity, folders.Run, cgroupsPath: null);
        string[] files = [$"{folders.Private}/bwrap.args", $"{folders.Private}/filter", folders.PidFile, folders.Gate];
        File.WriteAllBytes(files[0], BubblewrapPlan.Arguments(plan, _masked));
        File.WriteAllBytes(files[1], bundle.Seccomp.SilentFilter(policy, entering: false));
        const int ownerOnly = 0x180; // 0600
        HostFiles.MakeFifo(folders.Gate, ownerOnly);

        var start = command.Make(plan.Process, launching.Identity, launching.Cgroup.JoinFiles, files);
        using var outer = ChildProcess.Start(start with
        {
            Stdin = launching.Stdin,
            Stdout = launching.Stdout,
            Stderr = launching.Stderr,
        });
        try
        {
            var pid = await HeldAsync(outer, policy.Key, folders);
            ProgramSearch.Require(pid, plan.Process with { Args = policy.Argv });
            outer.Handle.TrySignal(Sigkill);
            await outer.WaitAsync(watcher);
            return pid;
        }
        catch
        {
            ProcessTree.Kill(outer.Pid);
            await outer.WaitAsync(watcher);
            HostProcess.ReapOrphans();
            throw;
        }
    }

    public Task StartAsync(SandboxRecord record, SandboxFolders folders)
    {
        try
        {
            using var gate = HostFiles.OpenFifoToWrite(folders.Gate);
            HostFiles.Write(gate, "\n"u8);
        }
        catch (LinuxException failed)
        {
            throw new SandboxException($"sandbox {record.Key} ended before it was started", inner: failed);
        }

        File.Delete(folders.Gate);
        return Task.CompletedTask;
    }

    public bool IsHeld(SandboxRecord record, SandboxFolders folders) => File.Exists(folders.Gate);

    public async Task<ExecResult> ExecAsync(
        Executing executing, ExecOutput output, CancellationToken cancellationToken)
    {
        var (record, request) = (executing.Record, executing.Request);
        ProgramSearch.RequireFolder(record.Pid, request.Cwd);
        AgentIdentity identity = new(record.Uid, record.HostUid, record.HostRootUid);
        var process = OciBundle.Process(
            record.Policy, identity, request.Argv, request.Env, request.Cwd, bundle.SdkFolder is not null);
        var name = Path.GetFileName(executing.File);
        var script = $"{executing.Folders.Run}/{name}";
        File.WriteAllText(script, EnterScript.For(process));
        HostFiles.ChangeOwner(script, record.HostUid, record.HostUid);
        try
        {
            var start = command.Enter(
                process,
                identity,
                executing.JoinFiles,
                (record.Pid, record.Policy.Network, $"{OciBundle.RunFolder}/{name}"));
            var status = await _run.RunAsync(
                (stdin, stdout, stderr) => ChildProcess.Start(start with
                {
                    Stdin = stdin,
                    Stdout = stdout,
                    Stderr = stderr,
                    Filter = bundle.Seccomp.SilentFilter(record.Policy, entering: true),
                }),
                () => null,
                output,
                cancellationToken);
            return new ExecResult(status.Code ?? (SignalBase + (status.Signal ?? 0)));
        }
        finally
        {
            File.Delete(script);
        }
    }

    /// <summary>
    /// Nothing remains of one whose processes are dead. A kernel that was killed while it made one left it at its gate.
    /// </summary>
    public Task DeleteAsync(string key, bool areDead)
    {
        var folders = SandboxFolders.For(options, key);
        if (File.Exists(folders.Gate) && ReadPid(folders) is { } pid)
        {
            using var held = PidFd.TryOpen(pid);
            if (held is not null && WaitsAt(pid, folders.Gate))
            {
                held.TrySignal(Sigkill);
            }
        }

        return Task.CompletedTask;
    }

    public string WorkPath(int pid, SandboxFolders folders) => $"/proc/{pid}/root/work";

    public string? TmpPath(int pid) => $"/proc/{pid}/root/tmp";

    private async Task<int> HeldAsync(ChildProcess outer, string key, SandboxFolders folders)
    {
        var since = options.Clock.GetTimestamp();
        while (options.Clock.GetElapsedTime(since) < MakeMax)
        {
            if (ReadPid(folders) is { } pid && IsReady(pid))
            {
                return pid;
            }

            if (outer.Handle.TryReap() is { } status)
            {
                throw new SandboxException($"bwrap could not make {key} (code {status.Code ?? status.Signal})");
            }

            await Task.Delay(LookEvery, options.Clock);
        }

        throw new SandboxException($"bwrap did not finish making {key} within {MakeMax.TotalSeconds} s");
    }

    // The last that it does before it waits is to drop the capabilities by which it made everything.
    private static bool IsReady(int pid)
    {
        var status = ProcFiles.TryRead($"/proc/{pid}/status") ?? "";
        return status.Contains("\nCapPrm:\t0000000000000000\n", StringComparison.Ordinal);
    }

    private static int? ReadPid(SandboxFolders folders)
    {
        try
        {
            using var info = JsonDocument.Parse(ProcFiles.TryRead(folders.PidFile) ?? "");
            return info.RootElement.GetProperty("child-pid").GetInt32();
        }
        catch (JsonException)
        {
            // Not written to its end yet.
            return null;
        }
    }

    private static bool WaitsAt(int pid, string gate)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{pid}/fd")
                .Any(file => File.ResolveLinkTarget(file, returnFinalTarget: false)?.FullName == gate);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
