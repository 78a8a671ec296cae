using System.Globalization;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Definitions;

/// <summary>What is wrong with a number, in the service's words; null when nothing is.</summary>
internal static class Bounds
{
    /// <summary>A whole number.</summary>
    public static string? Whole(JsonValue value, long min, long max = long.MaxValue) =>
        !value.TryGetInt64(out var whole) ? "Expected value of type Integer"
        : whole < min ? FormattableString.Invariant($"Minimum value is {min}")
        : whole > max ? FormattableString.Invariant($"Maximum value is {max}")
        : null;

    /// <summary>Any number.</summary>
    public static string? Number(JsonValue value, double min, double max = double.MaxValue) =>
        !value.TryGetDouble(out var number) ? "Expected value of type Number"
        : number < min ? $"Minimum value is {Text(min)}"
        : number > max ? $"Maximum value is {Text(max)}"
        : null;

    private static string Text(double bound) => bound.ToString("0.0", CultureInfo.InvariantCulture);
}
