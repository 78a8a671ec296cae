using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Executions;

/// <summary>The events of tasks: those of functions, of activities, and of all else have names of their own.</summary>
internal static class TaskHistory
{
    public static void Scheduled(Turn turn, Frame frame, TaskInvocation task)
    {
        JsonObjectBuilder details = new(6);
        var isService = task.Resource.Kind is ResourceKind.Service or ResourceKind.Sdk;
        details.Set("resource", isService ? task.Resource.ResourceName : task.Resource.Arn);
        if (isService)
        {
            details.Set("resourceType", task.Resource.Service);
            details.Set("region", turn.Identity.Region);
            details.Set("parameters", task.Input);
        }
        else
        {
            details.Set("input", task.Input);
            details.Set("inputDetails", Details.NotTruncated);
        }

        details.Set("timeoutInSeconds", task.TimeoutSeconds is { } timeout ? timeout : default(JsonValue));
        if (task.Resource.Kind is not ResourceKind.Function)
        {
            details.Set("heartbeatInSeconds", task.HeartbeatSeconds is { } beat ? beat : default(JsonValue));
        }

        if (task.Credentials["RoleArn"] is { IsString: true } role)
        {
            details.Set("taskCredentials", JsonObject.Of(("roleArn", role)));
        }

        var type = task.Resource.Kind switch
        {
            ResourceKind.Function => HistoryEventType.LambdaFunctionScheduled,
            ResourceKind.Activity => HistoryEventType.ActivityScheduled,
            ResourceKind.Service or ResourceKind.Sdk => HistoryEventType.TaskScheduled,
        };
        turn.Write(frame.Scope, type, details.Build());
        if (task.Resource.Kind is ResourceKind.Function)
        {
            turn.Write(frame.Scope, HistoryEventType.LambdaFunctionStarted);
        }
        else if (isService)
        {
            turn.Write(frame.Scope, HistoryEventType.TaskStarted, Of(task, new JsonObjectBuilder(2)));
        }
    }

    public static void Taken(Turn turn, Frame frame, string? worker)
    {
        JsonObjectBuilder details = new(1);
        if (worker is not null)
        {
            details.Set("workerName", worker);
        }

        turn.Write(frame.Scope, HistoryEventType.ActivityStarted, details.Build());
    }

    public static void Submitted(Turn turn, Frame frame, TaskInvocation task, JsonValue output) => turn.Write(
        frame.Scope, HistoryEventType.TaskSubmitted, Of(task, Output(output)));

    public static void Succeeded(Turn turn, Frame frame, TaskInvocation task, JsonValue output)
    {
        var type = task.Resource.Kind switch
        {
            ResourceKind.Function => HistoryEventType.LambdaFunctionSucceeded,
            ResourceKind.Activity => HistoryEventType.ActivitySucceeded,
            ResourceKind.Service or ResourceKind.Sdk => HistoryEventType.TaskSucceeded,
        };
        turn.Write(frame.Scope, type, Of(task, Output(output)));
    }

    public static void Failed(Turn turn, Frame frame, TaskInvocation task, ExecutionEvent.TaskFailed failed)
    {
        var type = (task.Resource.Kind, failed.Phase) switch
        {
            (ResourceKind.Function, TaskPhase.Schedule) => HistoryEventType.LambdaFunctionScheduleFailed,
            (ResourceKind.Function, TaskPhase.Start) => HistoryEventType.LambdaFunctionStartFailed,
            (ResourceKind.Function, _) => HistoryEventType.LambdaFunctionFailed,
            (ResourceKind.Activity, TaskPhase.Schedule) => HistoryEventType.ActivityScheduleFailed,
            (ResourceKind.Activity, _) => HistoryEventType.ActivityFailed,
            (_, TaskPhase.Schedule or TaskPhase.Start) => HistoryEventType.TaskStartFailed,
            (_, TaskPhase.Submit) => HistoryEventType.TaskSubmitFailed,
            _ => HistoryEventType.TaskFailed,
        };
        turn.Write(frame.Scope, type, Of(task, Failure(failed.Error, failed.Cause)));
    }

    public static void TimedOut(Turn turn, Frame frame, TaskInvocation task)
    {
        var type = task.Resource.Kind switch
        {
            ResourceKind.Function => HistoryEventType.LambdaFunctionTimedOut,
            ResourceKind.Activity => HistoryEventType.ActivityTimedOut,
            ResourceKind.Service or ResourceKind.Sdk => HistoryEventType.TaskTimedOut,
        };
        turn.Write(frame.Scope, type, Of(task, Failure(ErrorNames.Timeout, null)));
    }

    private static JsonObjectBuilder Output(JsonValue output)
    {
        JsonObjectBuilder details = new(4);
        details.Set("output", output);
        details.Set("outputDetails", Details.NotTruncated);
        return details;
    }

    private static JsonObjectBuilder Failure(string? error, string? cause) =>
        new(Details.Failure(error, cause).AsObject());

    // Events of services say which, those of functions and activities do not.
    private static JsonValue Of(TaskInvocation task, JsonObjectBuilder details)
    {
        if (task.Resource.Kind is ResourceKind.Service or ResourceKind.Sdk)
        {
            details.Set("resource", task.Resource.ResourceName);
            details.Set("resourceType", task.Resource.Service);
        }

        return details.Build();
    }
}
