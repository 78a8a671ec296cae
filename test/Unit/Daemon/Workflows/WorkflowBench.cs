using System.Collections.Concurrent;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Api;
using Analemma.Daemon.Workflows.Catalog;
using Analemma.Daemon.Workflows.Concurrency;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Daemon.Workflows.Payloads;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Daemon.Workflows.Tasks.Lambda;
using Analemma.Journal.Executions;
using Analemma.Storage.Payloads;
using Analemma.Storage.Sqlite;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Json;
using Microsoft.Extensions.Logging.Abstractions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>The workflow engine with a real database, eager time, and functions that are pieces of the test.</summary>
internal sealed class WorkflowBench : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly BackgroundTasks _background;
    private readonly StateMachines _machines;
    private readonly WorkflowEngine _engine;
    private readonly IExecutionStore _store;
    private readonly StepFunctionsApi _api;
    private readonly AwsClient _aws;

    private WorkflowBench(
        IExecutionStore store,
        string path,
        FunctionBook functions,
        TimeProvider time,
        int payloadMax,
        int executionsMax,
        IPayloadStore? payloads,
        SnapshotRule? snapshots = null,
        Func<WorkflowOptions, WorkflowOptions>? configure = null,
        IMapFiles? files = null)
    {
        _store = store;
        _background = new BackgroundTasks(wrong => Panics.Add(wrong), NullLogger.Instance);
        Options = new()
        {
            Path = path,
            PayloadBytesMax = payloadMax,
            PayloadsFolder = PayloadsOf(path),
            ExecutionsMax = executionsMax,
            Snapshots = snapshots ?? SnapshotRule.Default,
        };
        var options = Options = configure?.Invoke(Options) ?? Options;
        Payloads = new ExecutionPayloads(store, payloads ?? FilePayloadStore.Open(PayloadsOf(path)));
        _machines = new StateMachines(store);
        _engine = new WorkflowEngine(options, store, Payloads, _machines, time, NullLogger.Instance);
        ExecutionStarts starts = new(options, _machines, _engine);
        // A worker's patience would be over at once in eager time, and it be told that there is no task when there is
        // none yet.
        ActivityQueues queues = new(time is EagerClock ? TimeProvider.System : time);
        _aws = new AwsClient(options, time);
        ResourceSlots places = new(store, time);
        StepFunctionsApi? api = null;
        TaskRunner tasks = new(
            _engine,
            _machines,
            [
                functions,
                new LambdaHandler(new NoFunctions(), _aws, _background),
                new StatesHandler(_engine, starts, () => api!),
            ],
            queues,
            places,
            _background,
            NullLogger.Instance);
        DistributedMaps maps = new(_engine, files ?? new S3MapFiles(_aws), _background, NullLogger.Instance);
        TestOperations tests = new(options, tasks, time);
        api = _api = new StepFunctionsApi(_engine, _machines, starts, queues, maps, tests, NullLogger.Instance);
        _api.Add(new PayloadOperations(Payloads));
        _api.Add(new ConcurrencyOperations(_machines, _engine.Admission, places, time));
        _engine.Open(tasks, maps);
    }

    public WorkflowOptions Options { get; }

    public ExecutionPayloads Payloads { get; }

    public static string PayloadsOf(string path) => path + ".payloads";

    public ConcurrentBag<Exception> Panics { get; } = [];

    public IExecutionStore Store => _store;

    public WorkflowEngine Engine => _engine;

    public StateMachines Machines => _machines;

    public static WorkflowBench Open(
        string path,
        FunctionBook functions,
        Func<IExecutionStore, IExecutionStore>? wrap = null,
        int payloadMax = ExecutionLimits.PayloadBytesCeiling,
        IPayloadStore? payloads = null,
        int executionsMax = 100_000,
        TimeProvider? time = null,
        SnapshotRule? snapshots = null,
        Func<WorkflowOptions, WorkflowOptions>? configure = null,
        IMapFiles? files = null)
    {
        IExecutionStore store = SqliteExecutionStore.Open(path);
        return new WorkflowBench(
            wrap is null ? store : wrap(store),
            path,
            functions,
            time ?? new EagerClock(Start),
            payloadMax,
            executionsMax,
            payloads,
            snapshots,
            configure,
            files);
    }

    /// <summary>Over a store that is open; its payloads lie beside a path.</summary>
    public static WorkflowBench Over(
        IExecutionStore store, string path, FunctionBook functions, SnapshotRule? snapshots = null) => new(
        store, path, functions, new EagerClock(Start), ExecutionLimits.PayloadBytesCeiling,
        executionsMax: 100_000, payloads: null, snapshots);

    public Task<ApiAnswer> AskAsync(string operation, params ReadOnlySpan<(string, JsonValue)> members) =>
        _api.CallAsync(operation, JsonObject.Of(members), TestContext.Current.CancellationToken);

    /// <summary>As the owner of the kernel asks.</summary>
    public Task<ApiAnswer> AskOwnerAsync(string operation, params ReadOnlySpan<(string, JsonValue)> members) =>
        _api.CallAsync(
            operation, JsonObject.Of(members), TestContext.Current.CancellationToken, isOwner: true);

    /// <summary>The answer, which must be one.</summary>
    public async Task<JsonValue> CallAsync(string operation, params (string, JsonValue)[] members)
    {
        var answer = await AskAsync(operation, members);
        Assert.False(answer.IsRefused, $"{operation}: {answer.Error}: {answer.Message}");
        return answer.Output;
    }

    public async Task<string> CreateAsync(string name, string definition, string type = "STANDARD") => (await CallAsync(
        "CreateStateMachine",
        ("name", name),
        ("definition", definition),
        ("roleArn", "arn:aws:iam::000000000000:role/r"),
        ("type", type)))["stateMachineArn"].AsString();

    public async Task<string> StartAsync(string machine, string input = "{}", string? name = null) => (await CallAsync(
        "StartExecution",
        ("stateMachineArn", machine),
        ("input", input),
        ("name", name is null ? default : JsonValue.From(name))))["executionArn"].AsString();

    /// <summary>The end of an execution that runs, or has ended.</summary>
    public async Task<JsonValue> EndAsync(string execution)
    {
        if (_engine.Find(execution) is { } running)
        {
            await running.Ended.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }

        return await CallAsync("DescribeExecution", ("executionArn", execution));
    }

    public async Task<IReadOnlyList<string>> HistoryAsync(string execution)
    {
        var answer = await CallAsync("GetExecutionHistory", ("executionArn", execution), ("maxResults", 1000));
        List<string> types = [];
        foreach (var each in answer["events"].AsArray())
        {
            types.Add(each["type"].AsString());
        }

        return types;
    }

    public async ValueTask DisposeAsync()
    {
        await _background.CancelAsync();
        _engine.Dispose();
        (_store as CutStore)?.LetGo();
        await _background.DrainAsync(TimeSpan.FromSeconds(5), TimeProvider.System);
        await _background.DisposeAsync();
        _store.Dispose();
        _machines.Dispose();
        _aws.Dispose();
    }
}

/// <summary>Functions by name, and how often each attempt of a task was run.</summary>
internal sealed class FunctionBook : ITaskHandler
{
    private readonly Dictionary<string, Func<JsonValue, int, Task<TaskOutcome>>> _functions =
        new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, int> _calls = new(StringComparer.Ordinal);

    /// <summary>How often each attempt was begun, by its key.</summary>
    public IReadOnlyDictionary<string, int> Attempts => Runs;

    /// <summary>Told of each attempt's key when it begins.</summary>
    public Action<string>? Ran { get; init; }

    private ConcurrentDictionary<string, int> Runs { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds one, which is given its input and how often it was called before with that key.</summary>
    public FunctionBook With(string name, Func<JsonValue, int, TaskOutcome> function)
    {
        _functions.Add(name, (input, retries) => Task.FromResult(function(input, retries)));
        return this;
    }

    public FunctionBook WithAsync(string name, Func<Task<TaskOutcome>> function)
    {
        _functions.Add(name, (_, _) => function());
        return this;
    }

    public bool Takes(TaskResource resource) =>
        resource.Kind is ResourceKind.Function && _functions.ContainsKey(resource.Action);

    public Task<TaskOutcome> RunAsync(TaskCall call, CancellationToken cancelled)
    {
        Ran?.Invoke(call.Task.IdempotencyKey);
        Runs.AddOrUpdate(call.Task.IdempotencyKey, 1, (_, runs) => runs + 1);
        _calls.AddOrUpdate(call.Resource.Action, 1, (_, calls) => calls + 1);
        return _functions[call.Resource.Action](call.Input, call.Task.RetryCount);
    }
}
