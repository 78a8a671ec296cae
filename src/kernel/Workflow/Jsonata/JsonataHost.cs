namespace Analemma.Workflow.Jsonata;

/// <summary>
/// What an expression may ask of the world. The caller keeps what it answered, if a replay must agree.
/// </summary>
public interface IJsonataHost
{
    /// <summary>Milliseconds since 1970 in UTC; asked once for an evaluation.</summary>
    long NowMillis { get; }

    /// <summary>At least 0, less than 1.</summary>
    double NextRandom();

    /// <summary>A UUID of version 4 in its usual notation.</summary>
    string NextUuid();
}
