using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Executions;

/// <summary>One run of a state machine: of the whole, of a branch of Parallel, of an iteration of Map.</summary>
internal sealed class Scope(StateMachineDefinition machine, Frame? owner, int index)
{
    public StateMachineDefinition Machine => machine;

    /// <summary>The Parallel or Map that it belongs to; null for the whole.</summary>
    public Frame? Owner => owner;

    public int Index => index;

    /// <summary>The state that it is in.</summary>
    public Frame? Frame { get; set; }

    public JsonObject Variables { get; set; } = JsonObject.Empty;

    /// <summary>The event that the next one follows.</summary>
    public long LastEventId { get; set; }

    /// <summary>Map.Item of the context, within an iteration; undefined elsewhere.</summary>
    public JsonValue Item { get; set; }

    public bool IsOver { get; set; }

    /// <summary>The value of a variable, here or around here; undefined when there is none.</summary>
    public JsonValue Variable(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Owner?.Scope)
        {
            if (scope.Variables.TryGet(name, out var value))
            {
                return value;
            }
        }

        return default;
    }
}

/// <summary>One state that was entered, until it is left.</summary>
internal sealed class Frame(Scope scope, StateDefinition state, JsonValue input, DateTimeOffset enteredAt)
{
    public Scope Scope => scope;

    public StateDefinition State => state;

    /// <summary>As it was entered.</summary>
    public JsonValue Input => input;

    public DateTimeOffset EnteredAt => enteredAt;

    public long EnteredId { get; set; }

    /// <summary>The event before it was entered.</summary>
    public long BeforeId { get; set; }

    /// <summary>While it is left: the event that its exit follows, when that is not the scope's last one.</summary>
    public long? FollowsId { get; set; }

    public int RetryCount { get; set; }

    /// <summary>Of each retrier.</summary>
    public int[]? Attempts { get; set; }

    /// <summary>The token that the context shows, from when the parameters are evaluated.</summary>
    public string? Token { get; set; }

    /// <summary>Map.Item of the context, while a Map selects the input of an item.</summary>
    public JsonValue Item { get; set; }

    public TaskRun? Task { get; set; }

    public BranchesRun? Branches { get; set; }

    public DistributedRun? Distributed { get; set; }

    /// <summary>The timer of Wait or of a retry; 0 for none.</summary>
    public long TimerId { get; set; }

    public IEnumerable<Scope> Scopes() => Branches?.Scopes.Where(inner => !inner.IsOver) ?? [];
}

/// <summary>A task that runs.</summary>
internal sealed class TaskRun(TaskInvocation invocation)
{
    public TaskInvocation Invocation => invocation;

    public long TimeoutTimerId { get; set; }

    public long HeartbeatTimerId { get; set; }

    /// <summary>Whether TaskSubmitted stands in the history.</summary>
    public bool IsSubmitted { get; set; }

    /// <summary>An end that came before the call had answered.</summary>
    public ExecutionEvent? EarlyEnd { get; set; }
}

/// <summary>The branches of a Parallel, or the iterations of an inline Map, that run.</summary>
internal sealed class BranchesRun(int count)
{
    public List<Scope> Scopes { get; } = [];

    public JsonValue[] Results { get; } = new JsonValue[count];

    public int Done { get; set; }

    /// <summary>Whether any of them was started.</summary>
    public bool HasBegun => Done > 0 || Scopes.Count > 0;

    /// <summary>Of Map: the next one to start.</summary>
    public int Next { get; set; }

    /// <summary>Of Map.</summary>
    public JsonArray Items { get; init; } = JsonArray.Empty;

    /// <summary>Of Map.</summary>
    public int ConcurrencyMax { get; init; } = int.MaxValue;

    /// <summary>Of Map: what ItemSelector finds its paths in.</summary>
    public JsonValue Input { get; init; }
}
