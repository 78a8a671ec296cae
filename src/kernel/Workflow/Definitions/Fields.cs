using Analemma.Workflow.Intrinsics;
using Analemma.Workflow.Json;
using Analemma.Workflow.Paths;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Definitions;

/// <summary>A field that is a literal, or comes from a path, a call or an expression.</summary>
public sealed class ValueField
{
    /// <summary>As the definition has it: Seconds or SecondsPath.</summary>
    public required string Name { get; init; }

    /// <summary>Undefined when it must be computed.</summary>
    public JsonValue Literal { get; init; }

    public JsonPath? Path { get; init; }

    public IntrinsicCall? Call { get; init; }

    public Template? Expression { get; init; }

    /// <summary>The name without Path at its end.</summary>
    public string BaseName =>
        Path is not null || Call is not null ? Name[..^"Path".Length] : Name;

    internal IEnumerable<string> Variables()
    {
        var paths = Path is not null ? [Path] : Call?.Paths() ?? [];
        return paths.Select(path => path.Variable).OfType<string>().Concat(Expression?.Variables() ?? []);
    }
}

/// <summary>One of Retry (States Language, Retrying after error).</summary>
public sealed record Retrier(IReadOnlyList<string> ErrorEquals)
{
    /// <summary>Before the first retry.</summary>
    public long IntervalSeconds { get; init; } = 1;

    public long MaxAttempts { get; init; } = 3;

    public double BackoffRate { get; init; } = 2.0;

    public long? MaxDelaySeconds { get; init; }

    /// <summary>JitterStrategy FULL: anything between nothing and the interval.</summary>
    public bool HasFullJitter { get; init; }
}

/// <summary>One of Catch (States Language, Catching errors).</summary>
public sealed record Catcher(IReadOnlyList<string> ErrorEquals, string Next)
{
    public PathField ResultPath { get; init; } = PathField.Whole;

    /// <summary>Output of JSONata.</summary>
    public Template? Output { get; init; }

    public Template? Assign { get; init; }
}

/// <summary>One of Choices: a rule, or a condition of JSONata.</summary>
public sealed class ChoiceBranch
{
    public ChoiceRule? Rule { get; init; }

    public Template? Condition { get; init; }

    public required string Next { get; init; }

    public Template? Assign { get; init; }

    public Template? Output { get; init; }

    internal IEnumerable<string> Variables() =>
        (Rule?.Variables() ?? []).Concat(
            new[] { Condition, Assign, Output }.OfType<Template>().SelectMany(template => template.Variables()));
}

/// <summary>ItemReader of a distributed Map.</summary>
public sealed class ItemReaderDefinition
{
    public required TaskResource Resource { get; init; }

    /// <summary>Parameters or Arguments.</summary>
    public Template? Parameters { get; init; }

    /// <summary>JSON, JSONL, CSV, MANIFEST or PARQUET; null when the resource lists things.</summary>
    public string? InputType { get; init; }

    /// <summary>FIRST_ROW or GIVEN.</summary>
    public string? CsvHeaderLocation { get; init; }

    public IReadOnlyList<string> CsvHeaders { get; init; } = [];

    /// <summary>One character.</summary>
    public string CsvDelimiter { get; init; } = ",";

    public ValueField? MaxItems { get; init; }

    /// <summary>What a manifest's files are; ATHENA_DATA or S3_INVENTORY.</summary>
    public string? ManifestType { get; init; }

    /// <summary>A path within the file's JSON to the array.</summary>
    public string? ItemsPointer { get; init; }

    /// <summary>Transformation LOAD_AND_FLATTEN: what is listed is read.</summary>
    public bool LoadsObjects { get; init; }

    /// <summary>Whether the file names the files that have the items.</summary>
    public bool IsManifest => InputType == "MANIFEST" || ManifestType is not null;
}

/// <summary>ItemBatcher of a distributed Map.</summary>
public sealed class ItemBatcherDefinition
{
    public Template? BatchInput { get; init; }

    public ValueField? MaxItemsPerBatch { get; init; }

    public ValueField? MaxInputBytesPerBatch { get; init; }
}

/// <summary>ResultWriter of a distributed Map.</summary>
public sealed class ResultWriterDefinition
{
    /// <summary>What there is without one: outputs, of those that failed all that is told of them.</summary>
    public static ResultWriterDefinition None { get; } = new() { Transformation = "COMPACT" };

    public TaskResource? Resource { get; init; }

    public Template? Parameters { get; init; }

    /// <summary>NONE, COMPACT or FLATTEN.</summary>
    public string Transformation { get; init; } = "NONE";

    /// <summary>JSON or JSONL.</summary>
    public string OutputType { get; init; } = "JSON";
}
