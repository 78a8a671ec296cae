using Analemma.Linux;
using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Cgroups;
using Analemma.Sandbox.Logs;
using Analemma.Sandbox.Work;

namespace Analemma.Sandbox.Oci;

/// <summary>
/// One container of an OCI runtime, from its creation until it is forgotten. After its end the counters, the log and
/// the files of /work remain until it is disposed.
/// </summary>
internal sealed class OciSandbox : ISandbox
{
    private const int Sigkill = 9;
    private static readonly TimeSpan EmptyWait = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan EmptyWaitMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan OomCheckDelay = TimeSpan.FromMilliseconds(5);

    private readonly OciHost _host;
    private readonly SandboxRecord _record;
    private readonly SandboxFolders _folders;
    private readonly ICgroup _cgroup;
    private readonly LogFolder _log;
    private readonly LogStream[] _streams;
    private readonly PidFd _first;
    private readonly WorkFolder _work;
    private readonly IDisposable? _oomWatch;
    private readonly TaskCompletionSource<SandboxExit> _exited =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Task _cleaned;
    private volatile SandboxUsage? _lastUsage;
    private int _signalMeant;
    private int _execs;
    private bool _disposed;

    public OciSandbox(OciHost host, SandboxRecord record, OciParts parts)
    {
        _host = host;
        _record = record;
        _folders = parts.Folders;
        _cgroup = parts.Cgroup;
        _log = parts.Log;
        _streams = parts.Streams;
        _first = parts.First;
        _work = new WorkFolder(record.HostUid, record.HostUid);
        _work.Use(FolderFd.Open($"/proc/{record.Pid}/root/work"));
        _oomWatch = _cgroup.WatchOom(host.Watcher, () => _ = CheckOomAsync());
        _cleaned = LiveAsync();
    }

    public string Key => _record.Key;

    public string Engine => _record.Engine;

    public SandboxTier Tier => _record.Tier;

    public int HostPid => _record.Pid;

    public IReadOnlyList<string> Missing => _record.Missing;

    public string RunFolder => _folders.Run;

    public IWorkFolder Work => _work;

    public ILogSource Logs => _log;

    public Task<SandboxExit> Exited => _exited.Task;

    internal ICgroup Cgroup => _cgroup;

    public Task StartAsync(CancellationToken cancellationToken) => _host.Runtime.StartAsync(Key, _folders.RuntimeLog);

    /// <summary>
    /// The first process of a pid namespace is not ended by a signal that it has no handler for, as any other would be.
    /// Such a one is killed instead, and the signal that was meant is told as its end.
    /// </summary>
    public void Signal(int signal)
    {
        if (FirstProcessSignals.WouldEnd(HostPid, signal))
        {
            _signalMeant = signal;
            Kill();
        }
        else
        {
            _first.TrySignal(signal);
        }
    }

    public void Kill()
    {
        if (_exited.Task.IsCompleted)
        {
            return;
        }

        _first.TrySignal(Sigkill);
        _cgroup.Kill();
    }

    public void Freeze() => _cgroup.Freeze();

    public void Thaw() => _cgroup.Thaw();

    public SandboxUsage ReadUsage()
    {
        if (_lastUsage is { } last)
        {
            return last;
        }

        var now = _cgroup.ReadUsage();
        return _lastUsage ?? now;
    }

    public async Task<ExecResult> ExecAsync(
        ExecRequest request, ExecOutput output, CancellationToken cancellationToken)
    {
        if (_exited.Task.IsCompleted)
        {
            throw new SandboxException($"sandbox {Key} has ended");
        }

        var number = Interlocked.Increment(ref _execs);
        var process = OciBundle.Process(
            _record.Policy,
            new AgentIdentity(_record.Uid, _record.HostUid, _record.HostRootUid),
            request.Argv,
            request.Env,
            request.Cwd,
            _host.Bundle.SdkFolder is not null);
        var file = $"{_folders.Private}/exec-{number}";
        OciExec exec = new(_host.Runtime, _host.Watcher, Key, file);
        return await exec.RunAsync(process, _cgroup.JoinFiles, output, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Kill();
        await _cleaned;
        _work.Dispose();
        _folders.RemoveAll();
    }

    // From running to nothing left but the folder. The counters are read before anything is removed.
    private async Task LiveAsync()
    {
        await _host.Watcher.WhenReadable(_first.Number);
        var status = _first.TryReap() ?? default;
        _cgroup.Kill();
        await EmptyAsync();
        var usage = _cgroup.ReadUsage() with { Pids = 0 };
        _lastUsage = usage;
        _oomWatch?.Dispose();
        await DrainAsync();
        var signal = _signalMeant != 0 && status.Signal == Sigkill ? _signalMeant : status.Signal;
        _exited.TrySetResult(new SandboxExit(status.Code, signal, usage));
        await CleanAsync();
    }

    private async Task CleanAsync()
    {
        if (!_disposed)
        {
            KeepWork();
        }

        _first.Dispose();
        await _host.Runtime.DeleteAsync(Key);
        var since = _host.Options.Clock.GetTimestamp();
        while (!_cgroup.TryRemove() && _host.Options.Clock.GetElapsedTime(since) < EmptyWaitMax)
        {
            await Task.Delay(EmptyWait, _host.Options.Clock);
        }

        _folders.RemoveLive();
        _host.Uids.Release(_record.HostRootUid);
    }

    private void KeepWork()
    {
        var isKept = false;
        if (_work.Current is { } folder)
        {
            isKept = new WorkCopy(_record.Policy.Limits.WorkBytes).Copy(folder, _folders.WorkCopy);
        }

        _work.Use(isKept ? FolderFd.Open(_folders.WorkCopy) : null);
    }

    private async Task EmptyAsync()
    {
        var since = _host.Options.Clock.GetTimestamp();
        while (!_cgroup.IsEmpty && _host.Options.Clock.GetElapsedTime(since) < EmptyWaitMax)
        {
            await Task.Delay(EmptyWait, _host.Options.Clock);
            _cgroup.Kill();
        }
    }

    private async Task DrainAsync()
    {
        try
        {
            await Task.WhenAll(_streams.Select(stream => stream.Drained)).WaitAsync(DrainMax, _host.Options.Clock);
        }
        catch (TimeoutException)
        {
            // Somebody outside holds the FIFO; what it writes is not the agent's.
        }

        foreach (var stream in _streams)
        {
            stream.Dispose();
        }

        _log.End();
    }

    // v1 kills one process for want of memory and leaves the rest of the agent crippled; v2 kills the group. The notice
    // comes before the kill, so look again until the counter moves.
    private async Task CheckOomAsync()
    {
        for (var delay = OomCheckDelay; delay < TimeSpan.FromSeconds(1); delay *= 2)
        {
            if (_exited.Task.IsCompleted || _cgroup.ReadUsage().OomKills > 0)
            {
                Kill();
                return;
            }

            await Task.Delay(delay, _host.Options.Clock);
        }
    }
}

/// <summary>What a sandbox is put together from.</summary>
internal sealed record OciParts(
    SandboxFolders Folders, ICgroup Cgroup, LogFolder Log, LogStream[] Streams, PidFd First);
