using Analemma.Daemon.Workflows.Catalog;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>Activities, and what workers tell about tasks by their tokens.</summary>
internal sealed class TaskOperations(
    WorkflowOptions options, StateMachines machines, WorkflowEngine engine, ActivityQueues queues, TimeProvider time)
{
    private static readonly JsonValue Nothing = JsonObject.Empty;

    public Task<JsonValue> CreateActivityAsync(ApiRequest request)
    {
        var name = Arns.CheckName(request.Text("name"));
        var arn = options.Arn("activity", name);
        var tags = TagOperations.Read(request["tags"]);
        var encryption = MachineOperations.EncryptionOf(request);
        return machines.ChangeAsync(async () =>
        {
            var activity = machines.FindActivity(arn);
            if (activity is null)
            {
                activity = new Activity(arn, name, time.GetUtcNow()) { Tags = tags, Encryption = encryption };
                await machines.PutAsync(activity);
            }
            else if (activity.Encryption != encryption)
            {
                throw new ApiRefusedException(
                    "ActivityAlreadyExists",
                    $"Activity Already Exists: '{arn}'. EncryptionConfiguration may not be updated");
            }

            return (JsonValue)JsonObject.Of(
                ("activityArn", arn), ("creationDate", Json.Time(activity.CreatedAt)));
        });
    }

    public Task<JsonValue> DescribeActivityAsync(ApiRequest request)
    {
        var activity = FindActivity(request);
        return Task.FromResult<JsonValue>(JsonObject.Of(
            ("activityArn", activity.Arn),
            ("name", activity.Name),
            ("creationDate", Json.Time(activity.CreatedAt)),
            ("encryptionConfiguration",
                activity.Encryption.IsDefined ? activity.Encryption : MachineOperations.OwnedKey)));
    }

    public Task<JsonValue> DeleteActivityAsync(ApiRequest request)
    {
        var arn = Arns.Check(request.Text("activityArn"), "activity");
        return machines.ChangeAsync(async () =>
        {
            if (machines.FindActivity(arn) is not null)
            {
                await machines.RemoveActivityAsync(arn);
            }

            return Nothing;
        });
    }

    public Task<JsonValue> ListActivitiesAsync(ApiRequest request)
    {
        var (page, next) = PageToken.Take(
            request, machines.Activities, each => PageToken.Key(each.CreatedAt, each.Arn));
        JsonArrayBuilder items = new(page.Count);
        foreach (var activity in page)
        {
            items.Add(JsonObject.Of(
                ("activityArn", activity.Arn),
                ("name", activity.Name),
                ("creationDate", Json.Time(activity.CreatedAt))));
        }

        return Task.FromResult<JsonValue>(
            JsonObject.Of(("activities", items.Build()), ("nextToken", Json.Maybe(next))));
    }

    public async Task<JsonValue> GetActivityTaskAsync(ApiRequest request, CancellationToken aborted)
    {
        var arn = FindActivity(request).Arn;
        var worker = request.MaybeText("workerName", Arns.NameLengthMax);
        var taken = await queues.TakeAsync(arn, worker, aborted);
        return taken is null
            ? Nothing
            : JsonObject.Of(("taskToken", taken.Token), ("input", taken.Input.Payload()));
    }

    public async Task<JsonValue> SucceedAsync(ApiRequest request)
    {
        var token = request.Text("taskToken", 2048);
        var text = request.Text("output");
        if (!TaskTokens.IsToken(token))
        {
            throw ApiRefusedException.Token();
        }

        if (!ExecutionInput.TryParse(text, options.PayloadBytesMax, out var output, out var problem))
        {
            throw new ApiRefusedException("InvalidOutput", $"Invalid Output: '{problem}'");
        }

        await EndAsync(token, (at, task) => new ExecutionEvent.TaskSucceeded(at, task, output));
        return Nothing;
    }

    public async Task<JsonValue> FailAsync(ApiRequest request)
    {
        var token = request.Text("taskToken", 2048);
        var error = request.MaybeText("error", 256);
        var cause = request.MaybeText("cause", 32_768);
        await EndAsync(token, (at, task) => new ExecutionEvent.TaskFailed(at, task, error, cause));
        return Nothing;
    }

    public async Task<JsonValue> HeartbeatAsync(ApiRequest request)
    {
        var token = request.Text("taskToken", 2048);
        var holder = engine.Tokens.Find(token) ?? throw Gone(token);
        return await holder.Execution.PostAsync(at => new ExecutionEvent.TaskHeartbeat(at, holder.TaskId))
            ? Nothing : throw Gone(token);
    }

    /// <summary>What waits for a token to come back. For the owner alone: who has a token may use it.</summary>
    public Task<JsonValue> ListTokensAsync()
    {
        JsonArrayBuilder items = new();
        foreach (var (token, holder) in engine.Tokens.All().OrderBy(pair => pair.Holder.Execution.Key))
        {
            items.Add(JsonObject.Of(
                ("executionArn", holder.Execution.Head.Arn),
                ("stateName", holder.StateName),
                ("resource", holder.Resource),
                ("taskToken", token)));
        }

        return Task.FromResult<JsonValue>(JsonObject.Of(("tasks", items.Build())));
    }

    // The first who takes the token is the one, unless the task has timed out just before; it is put back when the
    // store does not keep what it says.
    private async Task EndAsync(string token, Func<DateTimeOffset, long, ExecutionEvent> make)
    {
        var holder = engine.Tokens.Take(token) ?? throw Gone(token);
        bool isTaken;
        try
        {
            isTaken = await holder.Execution.PostAsync(at => make(at, holder.TaskId));
        }
        catch
        {
            engine.Tokens.Add(token, holder);
            throw;
        }

        if (!isTaken)
        {
            throw Gone(token);
        }
    }

    private static ApiRefusedException Gone(string token) => TaskTokens.IsToken(token)
        ? new ApiRefusedException("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        : ApiRefusedException.Token();

    private Activity FindActivity(ApiRequest request)
    {
        var arn = Arns.Check(request.Text("activityArn"), "activity");
        return machines.FindActivity(arn) ?? throw ApiRefusedException.NoActivity(arn);
    }
}
