using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Hosting;

// AN EXECUTION THAT ONLY WAITS
//
// Most executions that are open wait: for a time, for a token, for what they have started. Whoever takes up thousands
// of them needs no state of theirs before something happens to one: it is enough to know what to wait for. That is
// written with the step that led to it, and is gone with the next.
/// <summary>All that a host has to do again for an execution that does nothing but wait.</summary>
public sealed record WaitingWork
{
    /// <summary>Bytes of it that are kept; who waits for more is folded.</summary>
    public const int BytesMax = 4096;

    /// <summary>Bytes of a task's input in it.</summary>
    private const int InputBytesMax = 2048;

    private const int FormatVersion = 1;

    /// <summary>How often it was started again.</summary>
    public int RedriveCount { get; private init; }

    /// <summary>Whether it waits for its place.</summary>
    public bool IsHeld { get; private init; }

    /// <summary>Timers to arm.</summary>
    public IReadOnlyList<WorkflowEffect.ArmTimer> Timers { get; private init; } = [];

    /// <summary>Tasks that are under way; without their input when only a token can end them.</summary>
    public IReadOnlyList<OpenTask> Tasks { get; private init; } = [];

    /// <summary>What an execution waits for; null when it does more than wait, or that is too much to say.</summary>
    public static WaitingWork? Of(ExecutionState state, OpenWork open)
    {
        if (!state.IsStarted || state.IsOver || !open.OnlyWaits)
        {
            return null;
        }

        List<OpenTask> tasks = new(open.Tasks.Count);
        foreach (var each in open.Tasks)
        {
            var needsInput = each.Task.Resource.Kind is not ResourceKind.Activity
                && each.Task.Resource.Pattern is not TaskPattern.WaitForTaskToken;
            if (needsInput && each.Task.Input.IsLongerThan(InputBytesMax, JsonWriteOptions.Service))
            {
                return null;
            }

            tasks.Add(needsInput ? each : each with { Task = each.Task with { Input = default } });
        }

        return new WaitingWork
        {
            RedriveCount = state.RedriveCount,
            IsHeld = state.IsHeld,
            Timers = [.. state.OpenTimers()],
            Tasks = tasks,
        };
    }

    /// <summary>As bytes; null when they are too many.</summary>
    public byte[]? Write()
    {
        JsonArrayBuilder timers = new(Timers.Count);
        foreach (var timer in Timers)
        {
            timers.Add(JsonArray.Of(timer.TimerId, timer.Due.UtcTicks));
        }

        JsonArrayBuilder tasks = new(Tasks.Count);
        foreach (var open in Tasks)
        {
            var task = open.Task;
            // Token and key follow from the id.
            tasks.Add(JsonObject.Of(
                ("id", task.TaskId),
                ("state", task.StateName),
                ("resource", task.Resource.Arn),
                ("in", task.Input),
                ("retries", task.RetryCount),
                ("timeout", task.TimeoutSeconds is { } timeout ? timeout : JsonValue.Undefined),
                ("heartbeat", task.HeartbeatSeconds is { } heartbeat ? heartbeat : JsonValue.Undefined)));
        }

        try
        {
            return JsonValue.From(JsonObject.Of(
                ("v", FormatVersion),
                ("redrives", RedriveCount),
                ("held", IsHeld ? JsonValue.True : JsonValue.Undefined),
                ("timers", timers.Build()),
                ("tasks", tasks.Build()))).ToUtf8(JsonWriteOptions.Service with { BytesMax = BytesMax });
        }
        catch (Exception much) when (much is JsonSizeException or JsonDepthException)
        {
            return null;
        }
    }

    /// <summary>What was written; null when another version wrote it, or it is nothing of the kind.</summary>
    public static WaitingWork? Read(ReadOnlySpan<byte> written, ExecutionIdentity identity)
    {
        JsonValue json;
        try
        {
            json = JsonValue.Parse(written, JsonLimits.Widest);
        }
        catch (JsonTextException)
        {
            return null;
        }

        if (!json["v"].TryGetInt32(out var version) || version != FormatVersion
            || !json["redrives"].TryGetInt32(out var redrives)
            || !json["timers"].TryGetArray(out var timers) || !json["tasks"].TryGetArray(out var tasks))
        {
            return null;
        }

        List<WorkflowEffect.ArmTimer> armed = new(timers.Count);
        foreach (var timer in timers)
        {
            if (!timer[0].TryGetInt64(out var id) || !timer[1].TryGetInt64(out var ticks))
            {
                return null;
            }

            armed.Add(new WorkflowEffect.ArmTimer(id, new DateTimeOffset(ticks, TimeSpan.Zero)));
        }

        List<OpenTask> open = new(tasks.Count);
        foreach (var task in tasks)
        {
            if (ReadTask(task, identity) is not { } invocation)
            {
                return null;
            }

            open.Add(new OpenTask(invocation, IsSubmitted: true));
        }

        return new WaitingWork
        {
            RedriveCount = redrives,
            IsHeld = json["held"].IsTrue,
            Timers = armed,
            Tasks = open,
        };
    }

    private static TaskInvocation? ReadTask(JsonValue task, ExecutionIdentity identity)
    {
        if (!task["id"].TryGetInt64(out var id) || !task["state"].TryGetString(out var state)
            || !task["resource"].TryGetString(out var arn) || TaskResource.TryParse(arn) is not { } resource
            || !task["retries"].TryGetInt32(out var retries))
        {
            return null;
        }

        return new TaskInvocation(id, identity, state, resource, task["in"])
        {
            RetryCount = retries,
            TimeoutSeconds = task["timeout"].TryGetInt64(out var timeout) ? timeout : null,
            HeartbeatSeconds = task["heartbeat"].TryGetInt64(out var heartbeat) ? heartbeat : null,
        };
    }
}
