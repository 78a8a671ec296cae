namespace Analemma.Workflow.Definitions;

/// <summary>
/// A compiled state machine: the whole of a definition, or one inside it (a branch of Parallel, the processor of Map).
/// Immutable; shared by all executions of it.
/// </summary>
public sealed class StateMachineDefinition
{
    /// <summary>Where it is in the document: empty for the whole, /States/Map/ItemProcessor for one inside.</summary>
    public required string Location { get; init; }

    public string? Comment { get; init; }

    public required string StartAt { get; init; }

    /// <summary>In the order of the document.</summary>
    public required IReadOnlyDictionary<string, StateDefinition> States { get; init; }

    /// <summary>The language of states that name none.</summary>
    public QueryLanguage Language { get; init; }

    /// <summary>How long an execution may take; null for ever.</summary>
    public long? TimeoutSeconds { get; init; }

    /// <summary>This one's states and those of machines inside it.</summary>
    public IEnumerable<StateDefinition> AllStates() =>
        States.Values.SelectMany(state => state.Inner.SelectMany(inner => inner.AllStates()).Prepend(state));

    /// <summary>A state by its name here or in a machine inside; names are unique in a document.</summary>
    public StateDefinition? FindState(string name) => AllStates().FirstOrDefault(state => state.Name == name);

    public override string ToString() => $"{Location}: {States.Count} states from {StartAt}";
}

/// <summary>What paths and expressions of a state are written in.</summary>
public enum QueryLanguage
{
    JsonPath,
    Jsonata,
}

/// <summary>What a state does.</summary>
public enum StateType
{
    Task,
    Wait,
    Pass,
    Succeed,
    Fail,
    Choice,
    Parallel,
    Map,
}
