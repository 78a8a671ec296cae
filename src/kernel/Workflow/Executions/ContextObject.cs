using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Times;

namespace Analemma.Workflow.Executions;

/// <summary>The context object ($$, $states.context): Execution, StateMachine, State, Task and Map.</summary>
internal static class ContextObject
{
    public static JsonValue Make(Turn turn, Frame frame)
    {
        var identity = turn.Identity;
        JsonObjectBuilder context = new(5);
        context.Set("Execution", Execution(turn));
        context.Set(
            "StateMachine",
            JsonObject.Of(("Id", identity.StateMachineArn), ("Name", identity.StateMachineName)));
        context.Set("State", State(frame));
        if (frame.Token is { } token)
        {
            context.Set("Task", JsonObject.Of(("Token", token)));
        }

        if (ItemOf(frame) is { IsDefined: true } item)
        {
            context.Set("Map", JsonObject.Of(("Item", item)));
        }

        if (turn.GivenContext.TryGetObject(out var given))
        {
            foreach (var (name, value) in given)
            {
                context.Set(name, value);
            }
        }

        return context.Build();
    }

    private static JsonValue Execution(Turn turn)
    {
        var identity = turn.Identity;
        JsonObjectBuilder execution = new(7);
        execution.Set("Id", identity.Id);
        execution.Set("Input", turn.State.Input);
        execution.Set("StartTime", Rfc3339.Write(turn.State.StartedAt));
        execution.Set("Name", identity.Name);
        execution.Set("RoleArn", identity.RoleArn);
        if (!identity.IsExpress)
        {
            execution.Set("RedriveCount", turn.State.RedriveCount);
            if (turn.State.RedrivenAt is { } redriven)
            {
                execution.Set("RedriveTime", Rfc3339.Write(redriven));
            }
        }

        return execution.Build();
    }

    private static JsonValue State(Frame frame)
    {
        JsonObjectBuilder state = new(3);
        state.Set("Name", frame.State.Name);
        state.Set("EnteredTime", Rfc3339.Write(frame.EnteredAt));
        if (frame.State.IsRetriable)
        {
            state.Set("RetryCount", frame.RetryCount);
        }

        return state.Build();
    }

    // That of the innermost iteration around, or of the one that is being made.
    private static JsonValue ItemOf(Frame frame)
    {
        if (frame.State is MapDefinition && frame.Item.IsDefined)
        {
            return frame.Item;
        }

        for (var scope = frame.Scope; scope is not null; scope = scope.Owner?.Scope)
        {
            if (scope.Item.IsDefined)
            {
                return scope.Item;
            }
        }

        return default;
    }
}
