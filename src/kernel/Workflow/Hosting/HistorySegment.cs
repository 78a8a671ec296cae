namespace Analemma.Workflow.Hosting;

/// <summary>A part of a history that goes on for ever, from its first record to the next part.</summary>
/// <param name="Sequence">Of its first record.</param>
/// <param name="FirstEvent">The id of its first event.</param>
/// <param name="At">When it began: when the one before it ended.</param>
public readonly record struct HistorySegment(long Sequence, long FirstEvent, DateTimeOffset At);
