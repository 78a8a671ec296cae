using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Http;
using Analemma.Daemon.Runners.Pipes;
using Analemma.Daemon.Telemetry.Instruments;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;
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

    private long Now => time.GetUtcNow().UtcTicks;

    public void Start(Launch launch) => tasks.Run(cancellationToken => LaunchAsync(launch, cancellationToken));

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

    private async Task LaunchAsync(Launch launch, CancellationToken cancellationToken)
    {
        ISandbox? sandbox = null;
        SandboxPolicy? policy = null;
        var began = time.GetTimestamp();
        try
        {
            await _places.WaitAsync(cancellationToken);
            try
            {
                policy = PolicyOf(launch) with
                {
                    Ends = await pipes.TakeAsync(launch.Plan.StdinPipe, launch.Plan.StdoutPipe, cancellationToken),
                };
                sandbox = await MakeAsync(launch, policy, cancellationToken);
            }
            finally
            {
                _places.Release();
                policy?.Ends?.Input?.Dispose();
                policy?.Ends?.Output?.Dispose();
            }

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
            await ReleaseAsync(launch, policy, sandbox, cancellationToken);
            meter.AgentStarted(sandbox.Tier.ToString().ToLowerInvariant(), time.GetElapsedTime(began));
        }
        catch (Exception failure) when (failure is SandboxException or IOException or UnauthorizedAccessException
            or OperationCanceledException)
        {
            await FailAsync(launch, sandbox, failure);
            return;
        }

        log.Launched(launch.Process, sandbox.Key);
        await WatchAsync(launch.Process, sandbox, launch.Plan.Parent);
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

    private async Task<ISandbox> MakeAsync(
        Launch launch, SandboxPolicy policy, CancellationToken cancellationToken)
    {
        var script = ReadScript(launch.Plan);
        var sandbox = await engineFor(launch.Plan.Sandboxed).CreateAsync(policy, cancellationToken);
        live.Add(launch.Process, sandbox);
        if (script is not null)
        {
            using var file = sandbox.Work.OpenWrite(Path.GetFileName(launch.Plan.Script!), append: false, 0x1ED);
            file.Write(script);
        }

        var limits = launch.Plan.Limits.ToWire();
        sockets.Open(sandbox, launch.Process, launch.Plan.Name, limits, HasLoopback(launch.Plan));
        return sandbox;
    }

    private async Task ReleaseAsync(
        Launch launch, SandboxPolicy policy, ISandbox sandbox, CancellationToken cancellationToken)
    {
        if (sandbox.Tier is SandboxTier.Preloaded)
        {
            sockets.AnswerClaim(sandbox, new ClaimReply(launch.Process, policy.Python!.ScriptPath)
            {
                Args = policy.Python.Args,
                Env = policy.Env,
                Cwd = policy.Cwd,
            });
            return;
        }

        await sandbox.StartAsync(cancellationToken);
    }

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

        var attributes = File.Exists(path)
            ? File.GetAttributes(path)
            : throw new SandboxException($"script {path} does not exist on the host, or is not a file");
        return attributes.HasFlag(FileAttributes.Device)
            ? throw new SandboxException($"script {path} is a device")
            : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
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
