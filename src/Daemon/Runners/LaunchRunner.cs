using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Http;
using Analemma.Daemon.Runners.Pipes;
using Analemma.Daemon.Telemetry.Instruments;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;
using Analemma.Linux;
using Analemma.Sandbox;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Runners;

/// <summary>
/// Makes sandboxes and watches them to their end. Ends every launch with SandboxStarted and later SandboxExited, or
/// with SandboxStartFailed.
/// </summary>
internal sealed class LaunchRunner(
    Func<bool, ISandboxEngine> engineFor,
    AgentSockets sockets,
    HostEndpoint hostEndpoint,
    LiveSandboxes live,
    PipeRunner pipes,
    BackgroundTasks tasks,
    TimeProvider time,
    Action<KernelEvent> post,
    Action<string> ended,
    KernelMeter meter,
    ILogger log) : IDisposable
{
    private const int Sigkill = 9;

    private readonly SemaphoreSlim _places = new(DaemonLimits.LaunchesAtOnceMax);

    // Whoever ends or begins a turn has the loop's baton, and only they come here.
    private ForeseenLaunch? _foreseen;

    private long Now => time.GetUtcNow().UtcTicks;

    /// <summary>Gets a warm sandbox ready for a launch that may come next.</summary>
    public void Expect(Launch launch)
    {
        if (launch.Plan is { Sandboxed: true, Network: false, StdinPipe: null, StdoutPipe: null })
        {
            ForeseenLaunch foreseen = new(launch, time.GetTimestamp());
            _foreseen = foreseen;
            tasks.Run(_ => PrepareAsync(foreseen));
        }
    }

    public void Start(Launch launch)
    {
        pipes.Hold(launch.Plan.StdinPipe, launch.Plan.StdoutPipe);
        if (_foreseen is { } foreseen && foreseen.Launch.Process == launch.Process)
        {
            // Ready or soon so, and then there is little left to do: less than another thread takes to begin.
            _foreseen = null;
            tasks.RunHere(cancellationToken => LaunchAsync(launch, foreseen, cancellationToken));
        }
        else
        {
            tasks.Run(cancellationToken => LaunchAsync(launch, foreseen: null, cancellationToken));
        }
    }

    /// <summary>Takes over a sandbox of an earlier kernel.</summary>
    public void Adopt(Process process, ISandbox sandbox)
    {
        live.Add(process.Id, sandbox);
        try
        {
            sockets.Open(
                sandbox, process.Id, process.Name, process.Plan.Limits.ToWire(), HasLoopback(process.Plan));
        }
        catch (IOException gone)
        {
            // It ended between being found and now, and its folder with it; else nobody could hear it.
            log.NotAdopted(process.Id, gone.Message);
            sandbox.Kill();
        }

        tasks.Run(_ => WatchAsync(process.Id, sandbox, process.Parent));
    }

    public void Dispose() => _places.Dispose();

    private async Task LaunchAsync(Launch launch, ForeseenLaunch? foreseen, CancellationToken cancellationToken)
    {
        ISandbox? sandbox = null;
        var began = foreseen?.Began ?? time.GetTimestamp();
        try
        {
            sandbox = foreseen is null ? null : await TakeAsync(foreseen);
            sandbox ??= await MakeAsync(launch, cancellationToken);

            // Told before it runs, so that nothing the agent does can reach the kernel before its start has.
            post(new SandboxStarted(
                launch.Process,
                sandbox.Key,
                sandbox.HostPid,
                sandbox.Engine,
                sandbox.Tier.ToString().ToLowerInvariant(),
                sandbox.Missing)
            {
                At = Now,
            });
            await ReleaseAsync(launch, sandbox, cancellationToken);
            meter.AgentStarted(sandbox.Tier.ToString().ToLowerInvariant(), time.GetElapsedTime(began));
        }
        catch (Exception failure) when (failure is SandboxException or IOException or UnauthorizedAccessException
            or OperationCanceledException or LinuxException or NotSupportedException)
        {
            await FailAsync(launch, sandbox, failure);
            return;
        }

        log.Launched(launch.Process, sandbox.Key);
        await WatchAsync(launch.Process, sandbox, launch.Plan.Parent);
    }

    // Nothing here is seen outside, and no program of anybody's runs: an interpreter of ours reads the script.
    private async Task PrepareAsync(ForeseenLaunch foreseen)
    {
        var launch = foreseen.Launch;
        ISandbox? sandbox = null;
        try
        {
            var script = ReadScript(launch.Plan);
            var policy = PolicyOf(launch);
            sandbox = await engineFor(true).TakeWarmAsync(policy, (taken, tier) =>
            {
                PutScript(taken, launch.Plan, script);
                if (tier is SandboxTier.Preloaded)
                {
                    sockets.ForetellClaim(taken, ClaimOf(launch, policy));
                }
            });
        }
        catch (Exception failure) when (failure is SandboxException or IOException or UnauthorizedAccessException)
        {
            log.NotForeseen(launch.Process, failure.Message);
        }

        // Without one whoever launches it makes one, and says what is wrong with it.
        foreseen.End(sandbox);
    }

    // Null when none was ready. On the journal's own thread, perhaps: what takes longer than to let an interpreter go
    // is done on another.
    private async Task<ISandbox?> TakeAsync(ForeseenLaunch foreseen)
    {
        var sandbox = await foreseen.Ready;
        if (sandbox is not { Tier: SandboxTier.Preloaded })
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }

        if (sandbox is not null)
        {
            Introduce(foreseen.Launch, sandbox);
        }

        return sandbox;
    }

    // What nobody can have is no news each time: the log tells it once of an engine, and who shares the host's network
    // asked for that.
    private bool HasLoopback(SpawnPlan plan) =>
        !plan.Network && engineFor(plan.Sandboxed).Report.LoopbackLack is null;

    // An agent in the host's network finds the host's endpoint there, if there is one, and shows who it is by a token.
    private SandboxPolicy PolicyOf(Launch launch)
    {
        var variables = HasLoopback(launch.Plan) ? HttpVariables.Of(AgentEndpoints.BaseUrl)
            : hostEndpoint.Url is { } url && (launch.Plan.Network || !launch.Plan.Sandboxed)
                ? HttpVariables.Of(url, hostEndpoint.TokenOf(launch.Process))
                : HttpVariables.Of(null);
        return SandboxPolicies.For(
            launch,
            HasLoopback(launch.Plan) && launch.Plan.NetworkRules.Count > 0
                ? HttpVariables.WithProxy(variables) : variables);
    }

    private async Task<ISandbox> MakeAsync(Launch launch, CancellationToken cancellationToken)
    {
        SandboxPolicy? policy = null;
        await _places.WaitAsync(cancellationToken);
        try
        {
            policy = PolicyOf(launch) with
            {
                Ends = await pipes.TakeAsync(launch.Plan.StdinPipe, launch.Plan.StdoutPipe, cancellationToken),
            };
            var script = ReadScript(launch.Plan);
            var sandbox = await engineFor(launch.Plan.Sandboxed).CreateAsync(policy, cancellationToken);
            live.Add(launch.Process, sandbox);
            PutScript(sandbox, launch.Plan, script);
            Introduce(launch, sandbox);
            return sandbox;
        }
        finally
        {
            _places.Release();
            policy?.Ends?.Input?.Dispose();
            policy?.Ends?.Output?.Dispose();
        }
    }

    private static void PutScript(ISandbox sandbox, SpawnPlan plan, byte[]? script)
    {
        if (script is not null)
        {
            using var file = sandbox.Work.OpenWrite(Path.GetFileName(plan.Script!), append: false, 0x1ED);
            file.Write(script);
        }
    }

    // From now on who speaks there is that process.
    private void Introduce(Launch launch, ISandbox sandbox)
    {
        live.Add(launch.Process, sandbox);
        var limits = launch.Plan.Limits.ToWire();
        sockets.Open(sandbox, launch.Process, launch.Plan.Name, limits, HasLoopback(launch.Plan));
    }

    private async Task ReleaseAsync(Launch launch, ISandbox sandbox, CancellationToken cancellationToken)
    {
        if (sandbox.Tier is SandboxTier.Preloaded)
        {
            sockets.AnswerClaim(sandbox, launch.Process, () => ClaimOf(launch, PolicyOf(launch)));
            return;
        }

        await sandbox.StartAsync(cancellationToken);
    }

    private static ClaimReply ClaimOf(Launch launch, SandboxPolicy policy) =>
        new(launch.Process, policy.Python!.ScriptPath)
        {
            Args = policy.Python.Args,
            Env = policy.Env,
            Cwd = policy.Cwd,
        };

    // Read and written without awaiting: a script is short and in memory, and each thread that is changed costs more.
    private byte[]? ReadScript(SpawnPlan plan)
    {
        if (plan.Script is not { } path)
        {
            return null;
        }

        using var source = plan.Parent == ProcessId.None
            ? OpenHostScript(path)
            : live.TryGet(plan.Parent, out var parent) ? parent.Work.OpenRead(path)
            : throw new SandboxException($"script {path}: the process that spawns it is gone");
        if (source.Length > DaemonLimits.ScriptBytesMax)
        {
            throw new SandboxException(
                $"script {path} has {source.Length} bytes; at most {DaemonLimits.ScriptBytesMax} are read");
        }

        var bytes = new byte[source.Length];
        source.ReadExactly(bytes);
        return bytes;
    }

    private static FileStream OpenHostScript(string path)
    {
        if (!Path.IsPathRooted(path))
        {
            throw new SandboxException(
                $"script {path} is not an absolute path", "the kernel does not know your working directory");
        }

        try
        {
            return new FileStream(HostFiles.OpenRegularToRead(path), FileAccess.Read, bufferSize: 0);
        }
        catch (LinuxException failed)
        {
            throw new SandboxException(
                failed.Errno is Errno.ENOENT or Errno.ENOTDIR or Errno.EISDIR or Errno.ENXIO
                    ? $"script {path} does not exist on the host, or is not a file"
                    : $"script {path} cannot be read: {failed.Reason}",
                inner: failed);
        }
    }

    private async Task FailAsync(Launch launch, ISandbox? sandbox, Exception failure)
    {
        sandbox ??= live.TryGet(launch.Process, out var made) ? made : null;
        live.Exited(launch.Process);
        var known = failure as SandboxException;
        var code = known?.NotEnforceable == true ? SysErrorCode.NotEnforceable
            : failure is OperationCanceledException ? SysErrorCode.ShuttingDown
            : SysErrorCode.StartFailed;
        post(new SandboxStartFailed(launch.Process, code, failure.Message, known?.Hint) { At = Now });
        log.LaunchFailed(launch.Process, failure.Message);
        if (sandbox is not null)
        {
            sockets.Close(sandbox);
            sandbox.Kill();
            await sandbox.Exited;
        }
    }

    private async Task WatchAsync(ProcessId process, ISandbox sandbox, ProcessId parent)
    {
        var told = live.Watch(process);
        var exit = await sandbox.Exited;
        if (exit.Signal == Sigkill && live.TryGet(parent, out var above) && !Directory.Exists($"/proc/{above.HostPid}"))
        {
            // It died of its parent's end, and the kernel must hear of that first to know why.
            await live.Told(parent);
        }

        live.Exited(process);
        ended(sandbox.Key);
        sockets.Close(sandbox);
        post(new SandboxExited(process, exit.Code, exit.Signal, UsageSampler.Convert(exit.Usage)) { At = Now });
        told.SetResult();
    }
}
