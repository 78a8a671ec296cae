using Analemma.Daemon.Http;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Sockets;
using Analemma.Daemon.Workflows.Api;
using Analemma.Daemon.Workflows.Api.Rest;
using Analemma.Daemon.Workflows.Catalog;
using Analemma.Daemon.Workflows.Concurrency;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Daemon.Workflows.Functions;
using Analemma.Daemon.Workflows.Payloads;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Daemon.Workflows.Tasks.Lambda;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Json;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Workflows;

// WORKFLOWS
//
//   AWS clients ─ HTTP ──┐
//   clients ── WORKFLOW ─┴─► StepFunctionsApi ─► WorkflowEngine ─► LiveExecution ─► IExecutionStore: SQLite, a server
//                                                      ▲                  │ effects, once durable
//                                                      └── timers, tasks ◄┘
//
// The machine that decides is Analemma.Workflow, pure; all that is around it is here. Nothing of it runs, and its
// database is not there, before somebody asks for workflows or a database of them is found.
/// <summary>Workflows of one kernel: opened when first asked for.</summary>
internal sealed class WorkflowHost : IDisposable
{
    private static readonly TimeSpan TakeUpBackoff = TimeSpan.FromSeconds(1);

    private readonly WorkflowOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly BackgroundTasks _background;
    private readonly Lock _gate = new();
    private readonly WorkflowKernel _kernel;
    private Opened? _opened;
    private bool _disposed;

    public WorkflowHost(
        WorkflowOptions options, WorkflowKernel kernel, BackgroundTasks background, TimeProvider time, ILogger log)
    {
        (_options, _kernel, _background, _time, _log) = (options, kernel, background, time, log);
        Http = new WorkflowHttp(this);
    }

    public WorkflowOptions Options => _options;

    /// <summary>Serves what comes in on the endpoint of workflows.</summary>
    public IHttpService Http { get; }

    /// <summary>Where AWS clients reach it; null before the kernel listens.</summary>
    public WorkflowEndpoint? Endpoint { get; private set; }

    /// <summary>The API, and all behind it, opened now if it was not.</summary>
    /// <exception cref="JournalStoreException">The database cannot be opened.</exception>
    public StepFunctionsApi Api => Open().Api;

    /// <summary>Functions; null while nobody has asked for workflows, and there are none.</summary>
    public AgentFunctions? Functions => Volatile.Read(ref _opened)?.Functions;

    /// <summary>How executions and tasks stand; null when nobody has asked for workflows yet.</summary>
    public (ConcurrencyFigures Executions, ConcurrencyFigures Tasks)? Figures =>
        Volatile.Read(ref _opened) is { } opened ? (opened.Engine.Admission.Figures, opened.Places.Figures) : null;

    /// <summary>The native API, opened as that is.</summary>
    /// <exception cref="Journal.JournalStoreException">The database cannot be opened.</exception>
    public RestService Rest
    {
        get
        {
            var opened = Open();
            return new RestService(opened.Api, new ExecutionStreams(opened.Engine), _options);
        }
    }

    /// <summary>Makes the endpoint, which listens when it is first asked to.</summary>
    public void Attach(HttpServer server, AcceptorOptions accepting, ByteBudget budget) =>
        Endpoint = new WorkflowEndpoint(server, accepting, budget, _options, _time);

    /// <summary>
    /// Goes on with executions that an earlier kernel left open: now, or as soon as the server that has them can be
    /// reached. Everything else of the kernel does not wait for it.
    /// </summary>
    public void TakeUp()
    {
        if (!ExecutionStores.MayHoldSome(_options))
        {
            return;
        }

        try
        {
            Open();
        }
        catch (JournalStoreException failed) when (failed.StoreIsUsable)
        {
            _log.WorkflowStoreGone(failed.Message);
            _background.Run(TakeUpLaterAsync);
        }
    }

    public void Dispose()
    {
        Endpoint?.Dispose();
        lock (_gate)
        {
            _disposed = true;
            if (_opened is { } opened)
            {
                opened.Sweeps.Dispose();
                opened.Retention.Dispose();
                opened.Revisions.Dispose();
                opened.Engine.Dispose();
                opened.Store.Dispose();
                opened.Payloads.Dispose();
                opened.Machines.Dispose();
                opened.Functions.Dispose();
                opened.Aws.Dispose();
            }
        }
    }

    private async Task TakeUpLaterAsync(CancellationToken stopping)
    {
        while (true)
        {
            await Task.Delay(TakeUpBackoff, _time, stopping);
            try
            {
                var store = Open().Store;
                _log.WorkflowStoreBack(store.Name);
                return;
            }
            catch (JournalStoreException failed) when (failed.StoreIsUsable)
            {
                // Told already.
            }
            catch (JournalStoreException failed)
            {
                _log.WorkflowStoreGone(failed.Message);
                return;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    private Opened Open()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _opened ??= Compose();
        }
    }

    private Opened Compose()
    {
        try
        {
            return ComposeAll();
        }
        catch (PayloadException failed)
        {
            throw new JournalStoreException(
                JournalStoreFailure.Io, $"workflows' payloads cannot be used: {failed.Message}", failed);
        }
        catch (AggregateException several) when (several.InnerException is JournalStoreException failed)
        {
            throw failed;
        }
        catch (Exception damage) when (damage is JsonTextException or KeyNotFoundException
            or FormatException or InvalidOperationException)
        {
            throw new JournalStoreException(
                JournalStoreFailure.Damaged,
                $"the store of workflows has a document that cannot be read: {damage.Message}",
                damage);
        }
    }

    private Opened ComposeAll()
    {
        var store = ExecutionStores.Open(_options, _time);
        IPayloadStore? kept = null;
        try
        {
            kept = PayloadPlaces.Open(_options);
            ExecutionPayloads payloads = new(store, kept);
            StateMachines machines = new(store);
            WorkflowEngine engine = new(_options, store, payloads, machines, _time, _log);
            ExecutionStarts starts = new(_options, machines, engine);
            ActivityQueues queues = new(_time);
            AwsClient aws = new(_options, _time);
            KernelCalls kernel = new(_kernel.Syscalls, _kernel.Budget);
            AgentFunctions functions = new(store, kernel, _options, _kernel.Calls, _background, _time);
            ResourceSlots places = new(store, _time);
            Connections connections = new(store);
            StepFunctionsApi? api = null;
            TaskRunner tasks = new(
                engine,
                machines,
                [
                    new LambdaHandler(functions, aws, _background),
                    new StatesHandler(engine, starts, () => api!),
                    .. TaskHandlers.All(kernel, aws, connections, _time),
                ],
                queues,
                places,
                _background,
                _log);
            DistributedMaps maps = new(engine, new S3MapFiles(aws), _background, _log);
            TestOperations tests = new(_options, tasks, _time);
            api = new StepFunctionsApi(engine, machines, starts, queues, maps, tests, _log);
            api.Add(new FunctionOperations(functions));
            api.Add(new ConnectionOperations(connections));
            api.Add(new PayloadOperations(payloads));
            api.Add(new ConcurrencyOperations(machines, engine.Admission, places, _time));
            engine.Open(tasks, maps);
            store.Ready();
            _background.Run(engine.CheckAsync);
            PayloadSweeps sweeps = new(payloads, _background, _time, _log);
            RetentionSweeps retention = new(store, _options.Retention, _background, _time, _log);
            RevisionSweeps revisions = new(engine, machines, _background, _time, _log);
            return new Opened(
                store, payloads, sweeps, retention, revisions, places, machines, engine, functions, aws, api);
        }
        catch
        {
            kept?.Dispose();
            store.Dispose();
            throw;
        }
    }

    private sealed record Opened(
        IExecutionStore Store,
        ExecutionPayloads Payloads,
        PayloadSweeps Sweeps,
        RetentionSweeps Retention,
        RevisionSweeps Revisions,
        ResourceSlots Places,
        StateMachines Machines,
        WorkflowEngine Engine,
        AgentFunctions Functions,
        AwsClient Aws,
        StepFunctionsApi Api);
}
