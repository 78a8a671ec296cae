namespace Analemma.Workflow.Jsonata;

/// <summary>Which functions and errors an expression has.</summary>
public enum JsonataProfile
{
    /// <summary>The language as its reference implementation has it, with $eval.</summary>
    Jsonata,

    /// <summary>
    /// As AWS Step Functions has it: no $eval; $partition, $range, $hash, $random(seed), $uuid, $parse.
    /// </summary>
    StepFunctions,
}

/// <summary>
/// What one evaluation may use. All of them are counted, none is measured by a clock, so that an expression that
/// fails fails always.
/// </summary>
public sealed record JsonataLimits
{
    public static JsonataLimits Default { get; } = new();

    /// <summary>
    /// Nodes that are evaluated, values that are gone through and, in part, characters that are copied. Ten million
    /// take about half a second.
    /// </summary>
    public long StepsMax { get; init; } = 10_000_000;

    /// <summary>Nodes within nodes, calls included: 500 is about 160 calls of a plain recursive function.</summary>
    public int DepthMax { get; init; } = 1000;

    /// <summary>Values in one sequence.</summary>
    public int SequenceMax { get; init; } = 10_000_000;

    /// <summary>UTF-16 characters of one string.</summary>
    public int StringMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// About how many bytes the result may take when it is written. Small values can be long: those that hold the same
    /// part many times over.
    /// </summary>
    public int ResultMax { get; init; } = 64 * 1024 * 1024;

    /// <summary>Levels of the result: as many as are read again by default.</summary>
    public int ResultDepthMax { get; init; } = Json.JsonLimits.Default.DepthMax;

    /// <summary>UTF-16 characters of the expression itself.</summary>
    public int ExpressionMax { get; init; } = 1024 * 1024;
}
