using Analemma.Daemon.Workflows.Catalog;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Json;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>
/// The Step Functions API (https://docs.aws.amazon.com/step-functions/latest/apireference): every operation by name,
/// whoever carries it: HTTP for AWS clients, a syscall for those of the kernel.
/// </summary>
internal sealed class StepFunctionsApi
{
    private readonly Dictionary<string, Func<ApiRequest, CancellationToken, Task<JsonValue>>> _operations =
        new(StringComparer.Ordinal);

    private readonly Dictionary<string, Func<ApiRequest, CancellationToken, Task<JsonValue>>> _ownersOperations =
        new(StringComparer.Ordinal);

    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly int _payloadMax;

    public StepFunctionsApi(
        WorkflowEngine engine,
        StateMachines machines,
        ExecutionStarts starts,
        ActivityQueues queues,
        DistributedMaps maps,
        TestOperations tests,
        ILogger log)
    {
        _log = log;
        _payloadMax = engine.Options.PayloadBytesMax;
        var time = _time = engine.Time;
        MachineOperations made = new(engine.Options, machines, time);
        VersionOperations versions = new(machines, time);
        TagOperations tags = new(machines);
        ExecutionOperations executions = new(machines, engine, starts, maps, time);
        TaskOperations tasks = new(engine.Options, machines, engine, queues, time);
        MapRunOperations runs = new(engine, maps);
        Add("CreateStateMachine", made.CreateAsync);
        Add("UpdateStateMachine", made.UpdateAsync);
        Add("DescribeStateMachine", made.DescribeAsync);
        Add("DeleteStateMachine", made.DeleteAsync);
        Add("ListStateMachines", made.ListAsync);
        Add("ValidateStateMachineDefinition", MachineOperations.ValidateAsync);
        Add("PublishStateMachineVersion", versions.PublishAsync);
        Add("ListStateMachineVersions", versions.ListAsync);
        Add("DeleteStateMachineVersion", versions.DeleteAsync);
        Add("CreateStateMachineAlias", versions.CreateAliasAsync);
        Add("UpdateStateMachineAlias", versions.UpdateAliasAsync);
        Add("DescribeStateMachineAlias", versions.DescribeAliasAsync);
        Add("DeleteStateMachineAlias", versions.DeleteAliasAsync);
        Add("ListStateMachineAliases", versions.ListAliasesAsync);
        Add("TagResource", tags.TagAsync);
        Add("UntagResource", tags.UntagAsync);
        Add("ListTagsForResource", tags.ListAsync);
        Add("StartExecution", executions.StartAsync);
        _operations.Add("StartSyncExecution", executions.StartSyncAsync);
        Add("StopExecution", executions.StopAsync);
        Add("RedriveExecution", executions.RedriveAsync);
        Add("DescribeExecution", executions.DescribeAsync);
        Add("DescribeStateMachineForExecution", executions.DescribeMachineAsync);
        Add("ListExecutions", executions.ListAsync);
        Add("GetExecutionHistory", executions.HistoryAsync);
        Add("CreateActivity", tasks.CreateActivityAsync);
        Add("DescribeActivity", tasks.DescribeActivityAsync);
        Add("DeleteActivity", tasks.DeleteActivityAsync);
        Add("ListActivities", tasks.ListActivitiesAsync);
        _operations.Add("GetActivityTask", tasks.GetActivityTaskAsync);
        Add("SendTaskSuccess", tasks.SucceedAsync);
        Add("SendTaskFailure", tasks.FailAsync);
        Add("SendTaskHeartbeat", tasks.HeartbeatAsync);
        _ownersOperations.Add("ListTaskTokens", (_, _) => tasks.ListTokensAsync());
        _ownersOperations.Add("ListAllExecutions", (request, _) => executions.ListAllAsync(request));
        Add("DescribeMapRun", runs.DescribeAsync);
        Add("ListMapRuns", runs.ListAsync);
        Add("UpdateMapRun", runs.UpdateAsync);
        _operations.Add("TestState", tests.TestAsync);
    }

    /// <summary>Every operation that AWS clients can ask.</summary>
    public IEnumerable<string> Operations => _operations.Keys;

    /// <summary>Adds the operations about functions, which are the owner's.</summary>
    public void Add(FunctionOperations functions)
    {
        _ownersOperations.Add("PutFunction", (request, _) => functions.PutAsync(request));
        _ownersOperations.Add("RemoveFunction", (request, _) => functions.RemoveAsync(request));
        _ownersOperations.Add("ListFunctions", (_, _) => functions.ListAsync());
    }

    /// <summary>Adds the operations about connections, which are the owner's.</summary>
    public void Add(ConnectionOperations connections)
    {
        _ownersOperations.Add("PutConnection", (request, _) => connections.PutAsync(request));
        _ownersOperations.Add("RemoveConnection", (request, _) => connections.RemoveAsync(request));
        _ownersOperations.Add("ListConnections", (_, _) => connections.ListAsync());
    }

    /// <summary>Adds the operations about large payloads, which are the owner's.</summary>
    public void Add(PayloadOperations payloads)
    {
        _ownersOperations.Add("ReadPayload", (request, _) => payloads.ReadAsync(request));
        _ownersOperations.Add("SweepPayloads", (_, aborted) => payloads.SweepAsync(aborted));
    }

    /// <summary>Adds the operations about how much runs at once, which are the owner's.</summary>
    public void Add(ConcurrencyOperations concurrency)
    {
        _ownersOperations.Add("SetConcurrency", (request, _) => concurrency.SetAsync(request));
        _ownersOperations.Add("ListConcurrency", (_, _) => concurrency.ListAsync());
    }

    /// <param name="operation">By its name.</param>
    /// <param name="request">Its members.</param>
    /// <param name="aborted">Nobody waits for the answer any more.</param>
    /// <param name="isOwner">Whether the owner of the kernel asks, who may see tokens.</param>
    public async Task<ApiAnswer> CallAsync(
        string operation, JsonValue request, CancellationToken aborted, bool isOwner = false)
    {
        if (!_operations.TryGetValue(operation, out var handle)
            && !(isOwner && _ownersOperations.TryGetValue(operation, out handle)))
        {
            return ApiAnswer.Refused("UnknownOperationException", $"there is no operation {operation}");
        }

        if (!request.TryGetObject(out var members))
        {
            return ApiAnswer.Refused("SerializationException", "the request must be a JSON object");
        }

        try
        {
            RequestModel.Check(operation, members, _payloadMax);
            ApiRequest asked = new(operation, members, _time.GetUtcNow());
            return new ApiAnswer(await handle(asked, aborted), null, null);
        }
        catch (ApiRefusedException refused)
        {
            return ApiAnswer.Refused(refused.Code, refused.Message) with
            {
                Reason = refused.Reason,
                Resource = refused.Resource,
            };
        }
        catch (JournalStoreException failed)
        {
            return ApiAnswer.Refused("ServiceUnavailable", $"the store of workflows failed: {failed.Message}");
        }
        catch (PayloadException failed)
        {
            return ApiAnswer.Refused("ServiceUnavailable", failed.Message);
        }
        catch (OperationCanceledException) when (aborted.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception fault)
        {
            // Of one request, which must not end the kernel. Its text may hold anything and stays out of the answer.
            _log.WorkflowFault(operation, fault.GetType().FullName!, fault.StackTrace ?? "");
            return ApiAnswer.Refused("InternalFailure", "the request could not be served; the kernel's log says why");
        }
    }

    private void Add(string operation, Func<ApiRequest, Task<JsonValue>> handle) =>
        _operations.Add(operation, (request, _) => handle(request));
}

/// <summary>An answer, or the name and words of a refusal.</summary>
internal readonly record struct ApiAnswer(JsonValue Output, string? Error, string? Message)
{
    public bool IsRefused => Error is not null;

    /// <summary>Of a ValidationException, when it has one.</summary>
    public string? Reason { get; init; }

    /// <summary>The ARN that a refusal is about, when its model has it.</summary>
    public string? Resource { get; init; }

    /// <summary>Of the protocol's: ours to blame, or the client's.</summary>
    public int HttpStatus => Error switch
    {
        null => 200,
        "InternalFailure" => 500,
        "ServiceUnavailable" => 503,
        _ => 400,
    };

    public static ApiAnswer Refused(string error, string message) => new(JsonValue.Undefined, error, message);
}
