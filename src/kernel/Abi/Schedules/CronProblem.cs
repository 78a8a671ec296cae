namespace Analemma.Abi.Schedules;

/// <summary>What is wrong with a schedule.</summary>
/// <param name="Field">
/// The field that is wrong: <c>minute</c>, <c>hour</c>, <c>day of month</c>, <c>month</c> or <c>day of week</c>; empty
/// when it is the whole.
/// </param>
/// <param name="Message">What was found.</param>
/// <param name="Hint">What to write instead.</param>
public sealed record CronProblem(string Field, string Message, string Hint)
{
    /// <inheritdoc/>
    public override string ToString() => Field.Length == 0 ? Message : $"{Field}: {Message}";
}
