using Analemma.Linux;
using Analemma.Sandbox.Cgroups;
using Analemma.Sandbox.Logs;
using Analemma.Sandbox.Work;

namespace Analemma.Sandbox.Living;

/// <summary>A sandbox that ended with an earlier kernel, or before: its log and files, until it is disposed.</summary>
internal sealed class EndedSandbox : ISandbox
{
    private readonly SandboxRecord _record;
    private readonly SandboxFolders _folders;
    private readonly LogFolder _log;
    private readonly WorkFolder _work;
    private readonly SandboxExit _exit;

    private EndedSandbox(SandboxRecord record, SandboxFolders folders, LogFolder log, SandboxExit exit)
    {
        (_record, _folders, _log, _exit) = (record, folders, log, exit);
        _log.End();
        _work = new WorkFolder(HostProcess.UserId, HostProcess.GroupId);
        _work.Use(Directory.Exists(folders.WorkCopy) ? FolderFd.Open(folders.WorkCopy) : null);
    }

    public string Key => _record.Key;

    public string Engine => _record.Engine;

    public SandboxTier Tier => _record.Tier;

    public int HostPid => 0;

    public IReadOnlyList<string> Missing => _record.Missing;

    public string RunFolder => _folders.Run;

    public IWorkFolder Work => _work;

    public ILogSource Logs => _log;

    public Task<SandboxExit> Exited => Task.FromResult(_exit);

    /// <summary>Cleans up after a sandbox that died while no kernel looked.</summary>
    public static async Task<EndedSandbox> OpenAsync(
        SandboxHost host, SandboxRecord record, SandboxFolders folders, ICgroup cgroup, LogFolder log)
    {
        var exit = record.Exit ?? new SandboxExit(null, null, cgroup.ReadUsage());
        await cgroup.EmptyAsync(host.Options.Clock);
        await host.Launcher.DeleteAsync(record.Key);
        await cgroup.RemoveAsync(host.Options.Clock);
        folders.RemoveLive();
        if (record.Exit is null)
        {
            (record with { Exit = exit }).Save(folders.Private);
        }

        return new EndedSandbox(record, folders, log, exit);
    }

    public Task StartAsync(CancellationToken cancellationToken) => throw Ended();

    public IReadOnlyList<TcpListenSocket> ListenOnLoopback(int port) => throw Ended();

    public void Signal(int signal)
    {
    }

    public void Kill()
    {
    }

    public void Freeze() => throw Ended();

    public void Thaw() => throw Ended();

    public void RestartCalls()
    {
    }

    public SandboxUsage ReadUsage() => _exit.Usage;

    public Task<ExecResult> ExecAsync(ExecRequest request, ExecOutput output, CancellationToken cancellationToken) =>
        throw Ended();

    public ValueTask DisposeAsync()
    {
        _work.Dispose();
        _log.Dispose();
        _folders.RemoveAll();
        return ValueTask.CompletedTask;
    }

    private SandboxException Ended() => new($"sandbox {Key} has ended");
}
