using Analemma.Linux;
using Analemma.Sandbox.Cgroups;
using Analemma.Sandbox.Logs;
using Analemma.Sandbox.Work;

namespace Analemma.Sandbox.Living;

/// <summary>
/// One sandbox, whoever launched it, from its creation until it is forgotten. After its end the counters, the log and
/// the files of /work remain until it is disposed.
/// </summary>
internal sealed class LiveSandbox : ISandbox
{
    private const int Sigkill = 9;
    private const int StatusAttemptsMax = 50;
    private static readonly TimeSpan OrphanCheck = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StatusWait = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan OomCheckDelay = TimeSpan.FromMilliseconds(5);

    private readonly SandboxHost _host;
    private SandboxRecord _record;
    private readonly SandboxFolders _folders;
    private ICgroup _cgroup;
    private readonly LogFolder _log;
    private readonly LogStream[] _streams;
    private readonly PidFd _first;
    private readonly WorkFolder _work;
    private IDisposable? _oomWatch;
    private readonly IDisposable _awaited;
    private readonly TaskCompletionSource<SandboxExit> _exited =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Task _cleaned;
    private volatile Task _start = Task.CompletedTask;
    private volatile SandboxUsage? _lastUsage;
    private int _signalMeant;
    private int _execs;
    private readonly TaskCompletionSource _killed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _disposed;

    public LiveSandbox(SandboxHost host, SandboxRecord record, SandboxParts parts)
    {
        _host = host;
        _record = record;
        _folders = parts.Folders;
        _cgroup = parts.Cgroup;
        _log = parts.Log;
        _streams = parts.Streams;
        _first = parts.First;
        _awaited = HostProcess.Await(record.Pid);
        _work = new WorkFolder(record.HostUid, record.HostUid);
        _work.Use(parts.Work);
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

    public (Stream Input, Stream Output)? Streams { get; init; }

    public Task<SandboxExit> Exited => _exited.Task;

    internal ICgroup Cgroup => _cgroup;

    /// <summary>Completes when nothing is left of it on the host but its folder.</summary>
    internal Task Cleaned => _cleaned;

    /// <summary>
    /// Makes a sandbox that is nobody yet an agent's, before anything of the agent runs. A group of its own below a
    /// parent takes the place of the one it was made in.
    /// </summary>
    internal void Claim(
        SandboxPolicy policy,
        SandboxTier tier,
        ICgroup? below,
        Func<ICgroup, SandboxLimits?, IReadOnlyList<string>> limit)
    {
        var made = _record.Policy.Limits;
        if (below is not null)
        {
            _cgroup.MoveTo(below);
            _oomWatch?.Dispose();
            _cgroup.TryRemove();
            _cgroup = below;
            _oomWatch = _cgroup.WatchOom(_host.Watcher, () => _ = CheckOomAsync());
        }

        var missing = limit(_cgroup, below is null ? made : null);
        var processes = Bundles.OciBundle.ProcessesMax(policy.Limits);
        var isLimited = (policy.Limits.OpenFiles, processes) == (made.OpenFiles, Bundles.OciBundle.ProcessesMax(made))
            || ProcessTree.Of(HostPid).TrueForAll(
                pid => HostProcess.TryLimit(pid, _record.HostUid, policy.Limits.OpenFiles, processes));
        if (!isLimited || !UtsNamespace.TrySetHostName(HostPid, policy.HostName))
        {
            throw new SandboxException($"cannot make the warm sandbox {Key} that of {policy.Key}");
        }

        _log.Limit(policy.Limits.LogBytes);
        _record = _record with
        {
            Policy = policy with { Key = Key },
            Tier = tier,
            Missing = [.. _record.Missing.Union(missing)],
            CgroupPath = _cgroup.Path,
        };
        _record.Save(_folders.Private);
    }

    /// <summary>Its agent may have ended before this returns, and nothing of it is taken away until then.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _start = over.Task;
        try
        {
            await _host.Launcher.StartAsync(_record, _folders);
        }
        finally
        {
            over.SetResult();
        }
    }

    public IReadOnlyList<TcpListenSocket> ListenOnLoopback(int port) =>
        LoopbackSockets.Listen(_record, _host.Launcher.LoopbackLack, port);

    /// <summary>
    /// The first process of a pid namespace is not ended by a signal that it has no handler for, as any other would be.
    /// Such a one is killed instead, and the signal that was meant is told as its end. Our init hands it on, from when
    /// it is there.
    /// </summary>
    public void Signal(int signal)
    {
        var endsUnseen = _record.HasInit
            ? !InitName.HandsOn(HostPid) && FirstProcessSignals.Ends(signal)
            : _host.Launcher.HasPidNamespace && FirstProcessSignals.WouldEnd(HostPid, signal);
        if (endsUnseen)
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
        _killed.TrySetResult();
    }

    public void Freeze() => _cgroup.Freeze();

    public void Thaw() => _cgroup.Thaw();

    /// <summary>
    /// Whatever interrupts a waiting call without a handler makes it begin anew (signal(7)): the freezer, unseen by the
    /// agent, or where there is none a stop and its end, which a parent may see.
    /// </summary>
    public void RestartCalls()
    {
        try
        {
            _cgroup.Freeze();
        }
        catch (SandboxException)
        {
            ProcessTree.Interrupt(HostPid);
            return;
        }

        _cgroup.Thaw();
    }

    public SandboxUsage ReadUsage()
    {
        if (_lastUsage is { } last)
        {
            return last;
        }

        var now = _cgroup.ReadUsage();
        return _lastUsage ?? (_record.HasInit && now.Pids > 0 ? now with { Pids = now.Pids - 1 } : now);
    }

    public async Task<ExecResult> ExecAsync(
        ExecRequest request, ExecOutput output, CancellationToken cancellationToken)
    {
        if (_exited.Task.IsCompleted)
        {
            throw new SandboxException($"sandbox {Key} has ended");
        }

        var number = Interlocked.Increment(ref _execs);
        Executing executing = new(_record, _folders, request, $"{_folders.Private}/exec-{number}", _cgroup.JoinFiles);
        try
        {
            return await _host.Launcher.ExecAsync(executing, output, cancellationToken);
        }
        catch (LinuxException failed)
        {
            // Its folder's name or an argument is longer than the host allows, or the host has no descriptor left.
            throw new SandboxException(
                $"the command cannot be run: {failed.Message}", "shorten argv, env and cwd, or try again", failed);
        }
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
        await FirstEndedAsync();
        var status = await StatusAsync();
        var usage = await LastUsageAsync();
        _lastUsage = usage;
        _oomWatch?.Dispose();
        await DrainAsync();
        var signal = _signalMeant != 0 && status.Signal == Sigkill ? _signalMeant : status.Signal;
        SandboxExit exit = new(status.Code, signal, usage);
        _exited.TrySetResult(exit);
        await CleanAsync(exit);
    }

    // Whatever the host does, the end is told.
    private async Task<SandboxUsage> LastUsageAsync()
    {
        try
        {
            await _cgroup.EmptyAsync(_host.Options.Clock);
            return _cgroup.ReadUsage() with { Pids = 0 };
        }
        catch (Exception failed) when (failed is IOException or LinuxException or UnauthorizedAccessException)
        {
            return new SandboxUsage();
        }
    }

    // The first process of a pid namespace ends when all others in it have been reaped (pid_namespaces(7)). A command
    // whose runtime died becomes our child, and nobody else would ever take it. CommandRun does, when it knows of the
    // command; one that died with its runtime before that must not keep a killed agent from ending.
    private async Task FirstEndedAsync()
    {
        var ended = _host.Watcher.WhenReadable(_first.Number);
        await Task.WhenAny(ended, _killed.Task);
        while (_execs > 0 && await Task.WhenAny(ended, Task.Delay(OrphanCheck, _host.Options.Clock)) != ended)
        {
            HostProcess.ReapOrphans();
        }

        await ended;
    }

    private async Task CleanAsync(SandboxExit exit)
    {
        if (!_disposed)
        {
            TryKeepWork();
            TrySave(exit);
        }

        _awaited.Dispose();
        _first.Dispose();
        // runc looks after its files once the agent runs, and fails when they are gone.
        if (!_start.IsCompleted)
        {
            await Task.WhenAny(_start, Task.Delay(DrainMax, _host.Options.Clock));
        }

        await _host.Launcher.DeleteAsync(Key, areDead: true);
        if (!_host.Launcher.HasPidNamespace || _execs > 0)
        {
            // Orphans become our children: we are their subreaper, and where they had no init of their own, their only.
            HostProcess.ReapOrphans();
        }

        await _cgroup.RemoveAsync(_host.Options.Clock);
        _folders.RemoveLive();
        _host.Uids.Release(_record.HostRootUid);
    }

    // A sandbox of an earlier kernel is somebody else's child; its status can be seen before that one takes it, and on
    // new kernels afterwards.
    private async Task<WaitStatus> StatusAsync()
    {
        var signal = _record.HasInit ? InitName.TryReadSignal(HostPid) : null;
        var status = await FirstStatusAsync();
        return signal is not null && status.Code == InitName.SignalBase + signal
            ? new WaitStatus(null, signal)
            : status;
    }

    private async Task<WaitStatus> FirstStatusAsync()
    {
        var status = _first.TryReap() ?? default;
        for (var attempt = 0; status == default && attempt < StatusAttemptsMax; attempt++)
        {
            status = ProcFiles.TryReadExit(HostPid) ?? _first.TryReap() ?? default;
            await Task.Delay(StatusWait, _host.Options.Clock);
        }

        return status;
    }

    private void TryKeepWork()
    {
        try
        {
            KeepWork();
        }
        catch (Exception failed) when (failed is IOException or LinuxException)
        {
            // The disk is full, say. The files are lost with the sandbox.
            _work.Use(null);
        }
    }

    // On a full disk the next kernel does not know how it ended; what it held is given back all the same.
    private void TrySave(SandboxExit exit)
    {
        try
        {
            (_record with { Exit = exit }).Save(_folders.Private);
        }
        catch (Exception failed) when (failed is IOException or LinuxException or UnauthorizedAccessException)
        {
        }
    }

    private void KeepWork()
    {
        if (_host.Launcher.WorkPath(HostPid, _folders) == _folders.WorkCopy)
        {
            return;
        }

        var isKept = false;
        if (_work.Current is { } folder)
        {
            isKept = new WorkCopy(_record.Policy.Limits.WorkBytes).Copy(folder, _folders.WorkCopy);
        }

        _work.Use(isKept ? FolderFd.Open(_folders.WorkCopy) : null);
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

/// <summary>What a sandbox is put together from. Without its /work when that cannot be looked into.</summary>
internal sealed record SandboxParts(
    SandboxFolders Folders, ICgroup Cgroup, LogFolder Log, LogStream[] Streams, PidFd First, FolderFd? Work);
