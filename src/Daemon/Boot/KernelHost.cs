using System.Diagnostics;
using System.Security.Cryptography;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Configuration.Providers;
using Analemma.Daemon.Http;
using Analemma.Daemon.Http.Proxy;
using Analemma.Daemon.Http.Transport;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Runners.Conversations;
using Analemma.Daemon.Runners.Network;
using Analemma.Daemon.Runners.Pipes;
using Analemma.Daemon.Runners.Schedules;
using Analemma.Daemon.Runners.Secrets;
using Analemma.Daemon.Runners.Supervision;
using Analemma.Daemon.Runners.Thinking;
using Analemma.Daemon.Runners.Tools;
using Analemma.Daemon.Runners.Values;
using Analemma.Daemon.Sockets;
using Analemma.Daemon.Telemetry;
using Analemma.Daemon.Workflows;
using Analemma.Journal;
using Analemma.Kernel;
using Analemma.Kernel.Events;
using Analemma.Linux;
using Analemma.Models;
using Analemma.Sandbox;
using Analemma.Storage.Secrets;
using Analemma.Storage.Sqlite;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Boot;

// BOOT
//
//   1  claim the socket path         a live kernel is refused before anything is touched
//   2  open the journal, recover     the state as of the last durable event
//   3  open the sandbox engine       what this host can enforce, found by trying
//   4  KernelStarted                 the first event, with the options
//   5  leftovers                     every process that the journal calls alive is adopted or reaped
//   6  KernelSettled                 what is declared is started again, as far as it does not live
//   7  listen                        only now can anybody ask anything
//
// The end is the same backwards, and bounded: SHUTDOWN stops all processes at once; when the last has ended, or the
// deadline has passed, the socket closes, runners drain, the state is written and the journal closes.
internal sealed class KernelHost : IAsyncDisposable
{
    public const string Version = "0.1.0";

    private readonly KernelHostOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly TaskCompletionSource<Exception?> _stopped =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CallTable _calls = new();
    private readonly LiveSandboxes _live = new();
    private readonly HostSocket _socket;
    private readonly SqliteJournalStore _store;
    private readonly SqliteBodyStore _bodies;
    private readonly SqliteBodyStore _values;
    private readonly JournalWriter _journal;
    private readonly BackgroundTasks _tasks;
    private readonly Checkpoints _checkpoints;
    private readonly DeferredSink _sink = new();
    private readonly SyscallServer _server;
    private readonly HttpServer _http;
    private readonly Lazy<Watcher> _watcher;
    private readonly Lazy<SocketPoller> _poller;
    private readonly HostEndpoint _hostEndpoint;
    private readonly WorkflowHost _workflows;
    private readonly PipeRunner _pipes;
    private readonly AgentSockets _sockets;
    private readonly Lazy<ModelDrivers> _drivers;
    private readonly FileSecretStore _secrets;
    private readonly KernelTelemetry _telemetry;
    private readonly TaskCompletionSource<ToolHost> _toolHost =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Webhook _webhook;
    private readonly CancellationTokenSource _starting = new();
    private long _boot;
    private readonly Task<SandboxStack> _opening;
    private SandboxStack? _sandboxes;
    private KernelLoop? _loop;
    private readonly ToolNews _news = new();
    private TimerRunner? _timers;
    private LaunchRunner? _launches;
    private MetricsRunner? _metrics;

    private KernelHost(KernelHostOptions options, TimeProvider time, ILogger log)
    {
        (_options, _time, _log) = (options, time, log);
        // Its memory has keys.
        CoreDumps.Forbid();
        _socket = HostSocket.Claim(options.Socket);
        Directory.CreateDirectory(
            options.StateFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _store = SqliteJournalStore.Open(options.Journal, audit: options.Audit(time));
        _bodies = new SqliteBodyStore(Path.ChangeExtension(options.Journal, ".bodies.db"));
        _values = new SqliteBodyStore(Path.ChangeExtension(options.Journal, ".values.db"));
        _secrets = new FileSecretStore(options.StateFolder);
        // On a thread of its own: a trial of a sandbox is half of what a start takes, and needs nothing of the rest but
        // that the folder is ours: the journal is locked.
        _opening = Task.Run(() => SandboxStack.OpenAsync(
            options.Sandbox with { Failed = Panic }, options.AdoptLeftovers, Denied, time, log, _starting.Token));
        _journal = new JournalWriter(_store);
        _tasks = new BackgroundTasks(Panic, log);
        _watcher = new Lazy<Watcher>(() => new Watcher("endpoints", Panic));
        _pipes = new PipeRunner(_calls, _tasks, _watcher, time);
        _webhook = new Webhook(time, log);
        _checkpoints = new Checkpoints(_journal, _tasks, log);
        _telemetry = new KernelTelemetry(options.Telemetry, Version, time);
        _server = new SyscallServer(
            _sink, new SocketOptions { KernelVersion = Version }, time, log, _telemetry.Meter, Panic);
        HttpSyscalls syscalls = new(_sink, _server.NextCallId, _telemetry.Meter);
        RelayCalls relays = new(_sink, _server.NextCallId);
        _workflows = new WorkflowHost(
            options.Workflows, new WorkflowKernel(syscalls, _server.HostBudget, _calls), _tasks, time, log);
        _poller = new Lazy<SocketPoller>(() => new SocketPoller(Panic));
        _http = new HttpServer(
            [_workflows.Http, .. HttpServices.All(syscalls, relays, options.Kernel.Models, _news, time)],
            [new TunnelService(relays, time)],
            _poller,
            log);
        AcceptorOptions accepting = new(_watcher, _server.DescriptorMax, time, log);
        _hostEndpoint = new HostEndpoint(
            _http,
            accepting,
            _server.HostBudget,
            () => EndpointTokens.Open(options.StateFolder),
            options.EndpointPort);
        _workflows.Attach(_http, accepting, _server.HostBudget);
        _sockets = new AgentSockets(_server, new AgentEndpoints(_http, accepting, log));
        // At the first call: most kernels start faster than they think.
        _drivers = new Lazy<ModelDrivers>(() => new ModelDrivers(
            options.Drivers.Select(driver => driver with { Key = ProviderKeys.Bind(driver.Key, _secrets) }),
            time,
            (address, cancellationToken) => PolledClient.ConnectAsync(_poller.Value, address, cancellationToken)));
    }

    /// <summary>
    /// Completes when the kernel has stopped: with null when it was asked to, else with what went wrong.
    /// </summary>
    public Task<Exception?> Stopped => _stopped.Task;

    public static async Task<KernelHost> StartAsync(
        KernelHostOptions options, TimeProvider time, ILogger log, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.GetTimestamp();
        var host = new KernelHost(options, time, log);
        try
        {
            await host.BootAsync(cancellationToken);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        host._store.GrowLog();
        var took = (long)Stopwatch.GetElapsedTime(watch).TotalMilliseconds;
        log.Ready(Version, options.Socket, took, host._boot, host._sandboxes!.Report.Engine);
        return host;
    }

    /// <summary>Asks the kernel to stop, as SHUTDOWN does. A second time, without grace.</summary>
    public void RequestStop(long? graceMs = null)
    {
        var stop = new Shutdown { GraceMs = graceMs };
        _loop?.Post(new SyscallArrived(default, default, stop) { At = _loop.Now });
    }

    public async ValueTask DisposeAsync()
    {
        _hostEndpoint.Dispose();
        _workflows.Endpoint?.Dispose();
        await _http.DisposeAsync();
        await _server.DisposeAsync();
        await _tasks.CancelAsync();
        await _tasks.DrainAsync(TimeSpan.FromSeconds(5), _time);
        await _telemetry.DisposeAsync();
        var isWhole = _loop?.Stop() is true
            && !(_stopped.Task is { IsCompletedSuccessfully: true, Result: not null });
        _timers?.Dispose();
        await EndOpeningAsync();
        if (_sandboxes is not null)
        {
            // After a panic, or a start that failed, they are the next kernel's.
            _sandboxes.AgentsLiveOn = !_stopped.Task.IsCompletedSuccessfully || _stopped.Task.Result is not null;
            await _sandboxes.DisposeAsync();
        }

        // After a panic the state may be half changed; the journal has the last whole one.
        if (_loop is not null && isWhole)
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(5), _time);
            await _checkpoints.FinishAsync(_loop.Position, _loop.State, deadline.Token);
        }

        _webhook.Dispose();
        _launches?.Dispose();
        _pipes.Dispose();
        if (_watcher.IsValueCreated)
        {
            _watcher.Value.Dispose();
        }

        if (_drivers.IsValueCreated)
        {
            _drivers.Value.Dispose();
        }

        if (_poller.IsValueCreated)
        {
            await _poller.Value.DisposeAsync();
        }

        await _tasks.DisposeAsync();
        _workflows.Dispose();
        _bodies.Dispose();
        _values.Dispose();
        _store.Dispose();
        _socket.Dispose();
        _log.Stopped();
    }

    // A start that failed may still be trying engines.
    private async Task EndOpeningAsync()
    {
        await _starting.CancelAsync();
        await Task.WhenAny(_opening);
        if (_opening.IsCompletedSuccessfully)
        {
            _sandboxes = await _opening;
        }

        _starting.Dispose();
    }

    private async Task BootAsync(CancellationToken cancellationToken)
    {
        using var stop = cancellationToken.Register(_starting.Cancel);
        var state = RecoveredState.From(_store);
        _sandboxes = await _opening;
        _boot = state.Boot + 1;
        var living = state.Processes.Living.ToArray();
        var dead = state.Processes.Dead.ToArray();
        Compose(state);
        foreach (var missing in _sandboxes.Report.Guarantees.Where(guarantee => !guarantee.Enforced))
        {
            var how = missing.Remedy is null ? missing.How : $"{missing.How}; to get it: {missing.Remedy}";
            _log.NotEnforced(missing.Name, how);
        }

        if (_sandboxes.Report.LoopbackLack is { } lack)
        {
            _log.NoEndpoint($"none in sandboxes of {_sandboxes.Report.Engine}, because {lack}");
        }

        string[] enforced = [.. _sandboxes.Report.Guarantees.Where(kept => kept.Enforced).Select(kept => kept.Name)];
        var decided = _options.Kernel with
        {
            Enforced = enforced,
            Models = _options.Kernel.Models with { Seed = RandomNumberGenerator.GetInt32(int.MaxValue) },
        };
        _loop!.Post(new KernelStarted(Version, _sandboxes.Report.Engine, decided) { At = _loop.Now });
        var leftovers = new Leftovers(_sandboxes, _launches!, _live, _loop.Post, () => _loop.Now, _log);
        await leftovers.SettleAsync(living, dead, _options.AdoptLeftovers, cancellationToken);
        _loop.Post(new KernelSettled { At = _loop.Now });
        var sampler = new UsageSampler(_live, _time, _loop.Post);
        _tasks.Run(sampler.RunAsync);
        _tasks.Run(new MemoryTrim(_time).RunAsync);
        _telemetry.Open(_loop, _server, () => _sandboxes.PoolCounts, _metrics!, _log);
        KernelGauges.OfWorkflows(_telemetry.Meter, () => _workflows.Figures);
        // What was made before the leftovers are settled would be taken for some.
        _toolHost.SetResult(new ToolHost(
            _sandboxes.For(sandboxed: true), _secrets, Environment.GetEnvironmentVariable, _time, _log));
        _sink.Open(_loop);
        _server.ListenForHost(_socket);
        if (_options.EndpointListens)
        {
            _log.EndpointOpen(_hostEndpoint.Open());
        }

        _workflows.TakeUp();
        if (_options.Workflows.Listens)
        {
            _log.WorkflowsOpen(_workflows.Endpoint!.Open());
        }

        _sandboxes.OpenPool(_options.Pool, _sockets, _time);
    }

    private void Compose(KernelState state)
    {
        var sandboxes = _sandboxes!;
        var effects = new DeferredEffects();
        _loop = new KernelLoop(
            state, _store.Last, _journal, effects, _calls, _time, Panic, _checkpoints.TurnEnded, _telemetry.Meter);
        _timers = new TimerRunner(_time, _loop.Post);
        _launches = new LaunchRunner(
            sandboxes.For,
            _sockets,
            _hostEndpoint,
            _live,
            _pipes,
            _tasks,
            _time,
            _loop.Post,
            sandboxes.Ended,
            _telemetry.Meter,
            _log);
        _metrics = _telemetry.Runner(_calls, _tasks);
        var facts = new HostFacts(_options.Socket, sandboxes.Report.Cgroups, sandboxes.Report.Guarantees)
        {
            Providers = ProviderViews.Of(_options.Kernel.Models, _options.Drivers),
            DefaultModel = _options.Kernel.Models.Default,
        };
        var bodies = new ConversationBodies(_bodies);
        effects.Open(new ObservedEffects(new EffectRunner(
            _calls,
            _live,
            _launches,
            new DataRunner(_live, _calls, _tasks, _time),
            new Subscribers(_calls, _tasks, _time, _loop.Post),
            _pipes,
            _timers,
            new StatusRunner(
                facts, () => _loop.Position.Sequence, () => _server.Connections, () => sandboxes.PoolCounts),
            _metrics,
            new AuditRunner(_options.Journal, _calls, _tasks),
            new ModelRunner(_drivers, bodies, _calls, _tasks, _time, _loop.Post, _telemetry.Meter, _log),
            new ConversationRunner(bodies, _drivers, _calls, _tasks, _time, _loop.Post, _log),
            new EndpointRunner(_hostEndpoint, _calls, _tasks),
            new HttpRunner(
                new TargetConnection(_options.Addresses), _secrets, _calls, _tasks, _time, _loop.Post, _log),
            new SecretRunner(_secrets, _calls, _tasks, _time, _loop.Post),
            new ValueRunner(_values, _calls, _tasks, _time, _loop.Post, _log),
            new ToolRunner(
                _options.Tools, _toolHost.Task, _calls, _tasks, _time, _news.After(_loop.Post), sandboxes.Ended, _log),
            new WorkflowRunner(_workflows, _calls, _tasks, _log),
            new SupervisionRunner(_live, _webhook, _tasks, _time, _loop.Post, _log),
            new ScheduleRunner(_time, _loop.Post),
            _tasks,
            new SandboxFaults(_log),
            Ended), _telemetry.Meter));
    }

    private void Denied(DeniedAttempt attempt)
    {
        if (_live.TryGet(attempt.SandboxKey, out var process))
        {
            _loop?.Post(new DenialReported(process, attempt.Kind, attempt.What, attempt.Reason, attempt.Count)
            {
                At = _loop.Now,
            });
        }
    }

    private void Ended() => _stopped.TrySetResult(null);

    private void Panic(Exception wrong)
    {
        if (wrong is JournalStoreException lost)
        {
            _log.JournalLost(lost.Message);
        }
        else
        {
            _log.Panicked(wrong);
        }

        _stopped.TrySetResult(wrong);
    }
}
