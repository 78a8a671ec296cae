namespace Analemma.Cli.Fleets;

/// <summary>One thing that is wrong with a file, and where.</summary>
/// <param name="Line">Counted from 1.</param>
/// <param name="Column">Counted from 1.</param>
/// <param name="Path">Such as <c>agents.collector.limits.memory</c>; empty for the whole.</param>
/// <param name="Message">What was found.</param>
/// <param name="Hint">What to write instead, where that is known.</param>
internal sealed record FileProblem(long Line, long Column, string Path, string Message, string? Hint = null);

/// <summary>Where something stands in a file.</summary>
internal readonly record struct Place(long Line, long Column);
