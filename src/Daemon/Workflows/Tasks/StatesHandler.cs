using System.Security.Cryptography;
using System.Text;
using Analemma.Daemon.Workflows.Api;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Executions that executions start, and the workflow API's operations as tasks.</summary>
internal sealed class StatesHandler(
    WorkflowEngine engine, ExecutionStarts starts, Func<StepFunctionsApi> api) : ITaskHandler
{
    public bool Takes(TaskResource resource) =>
        (resource.Service == "states" && resource.Action == "startExecution") || resource.Service == "aws-sdk:sfn";

    public Task<TaskOutcome> RunAsync(TaskCall call, CancellationToken cancelled) =>
        call.Resource.Kind is ResourceKind.Sdk ? CallAsync(call, cancelled) : StartAsync(call, cancelled);

    private async Task<TaskOutcome> StartAsync(TaskCall call, CancellationToken cancelled)
    {
        LiveExecution? child;
        string arn;
        try
        {
            var start = StartOf(call);
            arn = ArnOf(start);
            child = call.IsSubmitted ? engine.Find(arn) : await StartOnceAsync(start, arn);
        }
        catch (ApiRefusedException refused)
        {
            return Refused(call, refused.Code, refused.Message);
        }

        var started = child?.StartedAt ?? new DateTimeOffset(engine.Store.Find(arn)!.StartedTicks, TimeSpan.Zero);
        var answer = JsonObject.Of(
            ("ExecutionArn", child?.Head.Arn ?? arn),
            ("SdkHttpMetadata", JsonObject.Of(("HttpStatusCode", 200))),
            ("SdkResponseMetadata", JsonObject.Of(("RequestId", Guid.NewGuid().ToString()))),
            ("StartDate", started.ToUnixTimeMilliseconds()));
        if (call.Resource.Pattern is not (TaskPattern.Sync or TaskPattern.Sync2))
        {
            return TaskOutcome.Done(answer);
        }

        if (!call.IsSubmitted)
        {
            call.Submitted(answer);
        }

        if (child is not null)
        {
            // Nobody waits for a child whose parent has stopped: it is stopped too. Not so when the kernel stops, whose
            // successor waits for it again.
            await using var stop = call.Unwanted.Register(
                () => child.Post(at => new ExecutionEvent.Stopped(at, null, null)));
            await child.Ended.WaitAsync(cancelled);
        }

        return Ended(call, FoundExecution.Of(engine.Store.Find(child?.Head.Arn ?? arn)!));
    }

    // Without a name it has one that is the same when the kernel asks again.
    private ExecutionStart StartOf(TaskCall call)
    {
        var machine = call.Input.MaybeText("StateMachineArn")
            ?? throw ApiRefusedException.Invalid(
                "1 validation error detected: Value null at 'stateMachineArn' failed to satisfy constraint: "
                + "Member must not be null");
        var input = call.Input["Input"];
        var text = input.IsUndefined ? "{}" : input.TryGetString(out var given) ? given : input.Payload();
        return starts.Read(machine, text) with
        {
            IsNested = call.Resource.Pattern is TaskPattern.Sync or TaskPattern.Sync2,
            StartedBy = call.Task.IdempotencyKey,
            Name = call.Input.MaybeText("Name") ?? NameOf(call.Task.IdempotencyKey),
        };
    }

    private async Task<LiveExecution?> StartOnceAsync(ExecutionStart start, string arn)
    {
        try
        {
            return await starts.StartAsync(start);
        }
        catch (ApiRefusedException refused) when (
            refused.Code == "ExecutionAlreadyExists" && IsStartedBy(start.StartedBy!, arn))
        {
            // By the kernel before this one, for this very task.
            return engine.Find(arn);
        }
    }

    private bool IsStartedBy(string task, string arn) =>
        (engine.Find(arn)?.Head ?? (engine.Store.Find(arn) is { } kept ? FoundExecution.Of(kept).Head : null))
            ?.StartedBy == task;

    private string ArnOf(ExecutionStart start)
    {
        var (machine, _) = Arns.Machine(start.MachineArn);
        return engine.Options.Arn("execution", $"{machine.Split(':')[6]}:{start.Name}");
    }

    private static string NameOf(string key) =>
        "a-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..38];

    private TaskOutcome Ended(TaskCall call, FoundExecution found)
    {
        var (text, paged) = engine.InputOf(found.Key);
        var input = paged is null ? JsonValue.Parse(text!, JsonLimits.Payload)
            : engine.Payloads.Load(paged, $"the input of {found.Head.Arn}");
        var end = found.End! with { Output = engine.OutputOf(found.Head.Arn, found.End!) };
        var isJson = call.Resource.Pattern is TaskPattern.Sync2;
        JsonObjectBuilder made = new(14);
        if (end.Status is not ExecutionStatus.Succeeded)
        {
            made.Set("Cause", Json.Maybe(end.Cause)).Set("Error", Json.Maybe(end.Error));
        }

        made.Set("ExecutionArn", found.Head.Arn);
        made.Set("Input", isJson ? input : JsonValue.From(text ?? input.Payload()));
        made.Set("InputDetails", JsonObject.Of(("Included", true)));
        made.Set("Name", found.Head.Name);
        if (end.Status is ExecutionStatus.Succeeded)
        {
            made.Set("Output", isJson ? end.Output : JsonValue.From(end.Output.Payload()));
            made.Set("OutputDetails", JsonObject.Of(("Included", true)));
        }

        made.Set("RedriveCount", found.RedriveCount);
        made.Set("RedriveStatus", end.Status is ExecutionStatus.Succeeded ? "NOT_REDRIVABLE" : "REDRIVABLE");
        if (end.Status is ExecutionStatus.Succeeded)
        {
            made.Set("RedriveStatusReason", "Execution is SUCCEEDED and cannot be redriven");
        }

        made.Set("StartDate", found.StartedAt.ToUnixTimeMilliseconds());
        made.Set("StateMachineArn", found.Head.MachineArn);
        made.Set("Status", ExecutionNames.Of(end.Status));
        made.Set("StopDate", end.EndedAt.ToUnixTimeMilliseconds());
        var described = made.Build();
        return end.Status is ExecutionStatus.Succeeded
            ? TaskOutcome.Done(described)
            : TaskOutcome.Failed("States.TaskFailed", JsonValue.From(described).Payload());
    }

    private async Task<TaskOutcome> CallAsync(TaskCall call, CancellationToken cancelled)
    {
        var action = char.ToUpperInvariant(call.Resource.Action[0]) + call.Resource.Action[1..];
        var answer = await api().CallAsync(action, Camel(call.Input), cancelled);
        return answer.IsRefused
            ? Refused(call, answer.Error!, answer.Message!)
            : TaskOutcome.Done(Pascal(answer.Output));
    }

    private static TaskOutcome Refused(TaskCall call, string code, string message) =>
        call.Resource.Kind is ResourceKind.Sdk
            ? TaskOutcome.Failed(
                $"Sfn.{AwsErrors.ExceptionName(code)}",
                $"{message} (Service: Sfn, Status Code: 400, Request ID: {Guid.NewGuid()}) (SDK Attempt Count: 1)")
            : TaskOutcome.Failed(
                $"StepFunctions.{AwsErrors.ExceptionName(code)}",
                $"{message} (Service: AWSStepFunctions; Status Code: 400; Error Code: {code}; "
                + $"Request ID: {Guid.NewGuid()}; Proxy: null)");

    // The states have names as SDKs write them, the protocol has its own; inputs may be JSON where text is wanted.
    private static JsonValue Camel(JsonValue input)
    {
        JsonObjectBuilder made = new(4);
        if (input.TryGetObject(out var members))
        {
            foreach (var (name, value) in members)
            {
                var isText = name is "Input" or "Output" or "Definition";
                made.Set(
                    char.ToLowerInvariant(name[0]) + name[1..],
                    isText && !value.IsString ? JsonValue.From(value.Payload()) : value);
            }
        }

        return made.Build();
    }

    private static JsonValue Pascal(JsonValue output)
    {
        if (output.TryGetArray(out var items))
        {
            JsonArrayBuilder list = new(items.Count);
            foreach (var item in items)
            {
                list.Add(Pascal(item));
            }

            return list.Build();
        }

        if (!output.TryGetObject(out var members))
        {
            return output;
        }

        JsonObjectBuilder made = new(members.Count);
        foreach (var (name, value) in members)
        {
            var isTime = name.EndsWith("Date", StringComparison.Ordinal) && value.TryGetDouble(out _);
            made.Set(
                char.ToUpperInvariant(name[0]) + name[1..],
                isTime ? Iso(value.AsDouble()) : Pascal(value));
        }

        return made.Build();
    }

    private static JsonValue Iso(double seconds) =>
        Json.IsoTime(DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000)));
}
