using Analemma.Workflow.Json;
using Analemma.Workflow.Paths;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Definitions;

/// <summary>What states of all types have. Fields that a type or language does not have are null.</summary>
public sealed record StateFields
{
    public required string Name { get; init; }

    /// <summary>Where the state is in the document, as /States/Name.</summary>
    public required string Location { get; init; }

    public required QueryLanguage Language { get; init; }

    public string? Comment { get; init; }

    /// <summary>The state after it; null when it ends its machine.</summary>
    public string? Next { get; init; }

    /// <summary>InputPath, or $ where there is none.</summary>
    public PathField InputPath { get; init; } = PathField.Whole;

    /// <summary>OutputPath, or $ where there is none.</summary>
    public PathField OutputPath { get; init; } = PathField.Whole;

    /// <summary>Parameters, or Arguments with JSONata.</summary>
    public Template? Parameters { get; init; }

    public Template? ResultSelector { get; init; }

    /// <summary>ResultPath, or $; without a path to leave the result out.</summary>
    public PathField ResultPath { get; init; } = PathField.Whole;

    /// <summary>Output of JSONata.</summary>
    public Template? Output { get; init; }

    /// <summary>Assign; of a Choice, when no rule was met.</summary>
    public Template? Assign { get; init; }

    public IReadOnlyList<Retrier> Retry { get; init; } = [];

    public IReadOnlyList<Catcher> Catch { get; init; } = [];
}

/// <summary>One state, compiled.</summary>
public abstract class StateDefinition(StateFields fields)
{
    public abstract StateType Type { get; }

    public string Name => fields.Name;

    public string Location => fields.Location;

    public QueryLanguage Language => fields.Language;

    public bool IsJsonata => fields.Language is QueryLanguage.Jsonata;

    public string? Comment => fields.Comment;

    public string? Next => fields.Next;

    public PathField InputPath => fields.InputPath;

    public PathField OutputPath => fields.OutputPath;

    public Template? Parameters => fields.Parameters;

    public Template? ResultSelector => fields.ResultSelector;

    public PathField ResultPath => fields.ResultPath;

    public Template? Output => fields.Output;

    public Template? Assign => fields.Assign;

    public IReadOnlyList<Retrier> Retry => fields.Retry;

    public IReadOnlyList<Catcher> Catch => fields.Catch;

    /// <summary>Machines inside it.</summary>
    public virtual IReadOnlyList<StateMachineDefinition> Inner => [];

    /// <summary>Whether it may fail and be tried again; the context object says how often it was.</summary>
    public bool IsRetriable => Type is StateType.Task or StateType.Parallel or StateType.Map;

    /// <summary>The variables that it reads, sorted; those of states inside it are theirs.</summary>
    public IReadOnlyList<string> VariableReferences() =>
    [
        .. new[] { fields.InputPath, fields.OutputPath, fields.ResultPath }
            .Select(path => path.Path?.Variable).OfType<string>()
            .Concat(Templates().OfType<Template>().SelectMany(template => template.Variables()))
            .Concat(OwnVariables())
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal),
    ];

    public override string ToString() => $"{Type} {Name}";

    /// <summary>Those of fields that only its type has.</summary>
    protected virtual IEnumerable<string> OwnVariables() => [];

    private IEnumerable<Template?> Templates() =>
    [
        fields.Parameters, fields.ResultSelector, fields.Output, fields.Assign,
        .. fields.Catch.SelectMany(catcher => new[] { catcher.Output, catcher.Assign }),
    ];

    private protected static IEnumerable<string> VariablesOf(params ReadOnlySpan<ValueField?> values)
    {
        List<string> found = [];
        foreach (var value in values)
        {
            found.AddRange(value?.Variables() ?? []);
        }

        return found;
    }
}

/// <summary>Pass (States Language, Pass State).</summary>
public sealed class PassDefinition(StateFields fields) : StateDefinition(fields)
{
    public override StateType Type => StateType.Pass;

    /// <summary>What it hands on instead of its input; undefined for none.</summary>
    public JsonValue Result { get; init; }
}

/// <summary>Task (States Language, Task State).</summary>
public sealed class TaskDefinition(StateFields fields) : StateDefinition(fields)
{
    public override StateType Type => StateType.Task;

    public required TaskResource Resource { get; init; }

    public ValueField? TimeoutSeconds { get; init; }

    public ValueField? HeartbeatSeconds { get; init; }

    public Template? Credentials { get; init; }

    protected override IEnumerable<string> OwnVariables() =>
        VariablesOf(TimeoutSeconds, HeartbeatSeconds).Concat(Credentials?.Variables() ?? []);
}

/// <summary>Choice (States Language, Choice State).</summary>
public sealed class ChoiceDefinition(StateFields fields) : StateDefinition(fields)
{
    public override StateType Type => StateType.Choice;

    public required IReadOnlyList<ChoiceBranch> Choices { get; init; }

    public string? Default { get; init; }

    protected override IEnumerable<string> OwnVariables() => Choices.SelectMany(choice => choice.Variables());
}

/// <summary>Wait (States Language, Wait State). Exactly one of the two is there.</summary>
public sealed class WaitDefinition(StateFields fields) : StateDefinition(fields)
{
    public override StateType Type => StateType.Wait;

    public ValueField? Seconds { get; init; }

    public ValueField? Timestamp { get; init; }

    protected override IEnumerable<string> OwnVariables() => VariablesOf(Seconds, Timestamp);
}

/// <summary>Succeed (States Language, Succeed State).</summary>
public sealed class SucceedDefinition(StateFields fields) : StateDefinition(fields)
{
    public override StateType Type => StateType.Succeed;
}

/// <summary>Fail (States Language, Fail State).</summary>
public sealed class FailDefinition(StateFields fields) : StateDefinition(fields)
{
    public override StateType Type => StateType.Fail;

    public ValueField? Error { get; init; }

    public ValueField? Cause { get; init; }

    protected override IEnumerable<string> OwnVariables() => VariablesOf(Error, Cause);
}

/// <summary>Parallel (States Language, Parallel State).</summary>
public sealed class ParallelDefinition(StateFields fields) : StateDefinition(fields)
{
    public override StateType Type => StateType.Parallel;

    public required IReadOnlyList<StateMachineDefinition> Branches { get; init; }

    public override IReadOnlyList<StateMachineDefinition> Inner => Branches;
}

/// <summary>Map (States Language, Map State), inline or distributed.</summary>
public sealed class MapDefinition(StateFields fields) : StateDefinition(fields)
{
    public override StateType Type => StateType.Map;

    public required StateMachineDefinition Processor { get; init; }

    /// <summary>Whether each item is an execution of its own.</summary>
    public bool IsDistributed { get; init; }

    /// <summary>Whether items' executions are EXPRESS.</summary>
    public bool IsExpress { get; init; }

    public string? Label { get; init; }

    /// <summary>ItemsPath, or $ where there is none.</summary>
    public PathField ItemsPath { get; init; } = PathField.Whole;

    /// <summary>Items of JSONata.</summary>
    public Template? Items { get; init; }

    /// <summary>ItemSelector, or Parameters of old definitions.</summary>
    public Template? ItemSelector { get; init; }

    public ValueField? MaxConcurrency { get; init; }

    public ValueField? ToleratedFailureCount { get; init; }

    public ValueField? ToleratedFailurePercentage { get; init; }

    public ItemReaderDefinition? Reader { get; init; }

    public ItemBatcherDefinition? Batcher { get; init; }

    public ResultWriterDefinition? Writer { get; init; }

    /// <summary>The writer, or how results are put together without one.</summary>
    public ResultWriterDefinition Results => Writer ?? ResultWriterDefinition.None;

    public override IReadOnlyList<StateMachineDefinition> Inner => [Processor];

    protected override IEnumerable<string> OwnVariables() =>
        VariablesOf(
            MaxConcurrency, ToleratedFailureCount, ToleratedFailurePercentage, Reader?.MaxItems,
            Batcher?.MaxItemsPerBatch, Batcher?.MaxInputBytesPerBatch)
        .Concat(ItemsPath.Path?.Variable is { } variable ? [variable] : [])
        .Concat(new[] { Items, ItemSelector, Reader?.Parameters, Batcher?.BatchInput, Writer?.Parameters }
            .OfType<Template>().SelectMany(template => template.Variables()));
}

/// <summary>A path that may be null, which stands for an empty object, or for leaving a result out.</summary>
public sealed record PathField(string Name, JsonPath? Path)
{
    public static PathField Whole { get; } = new("", JsonPath.Parse("$"));

    public static PathField Null { get; } = new("", null);

    public bool IsWhole => Path is { Text: "$" };
}
