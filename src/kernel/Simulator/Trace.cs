using System.Globalization;

namespace Analemma.Simulator;

/// <summary>The last things that happened in a world, for the report of a run that failed.</summary>
internal sealed class Trace(SimulatedClock clock)
{
    private const int LinesMax = 60;
    private const int LineCharsMax = 400;

    private readonly Queue<(long Step, long Ticks, string What, object? About)> _lines = new();
    private readonly long _start = clock.Ticks;

    public long Step { get; set; }

    public void Add(string what, object? about = null)
    {
        _lines.Enqueue((Step, clock.Ticks, what, about));
        if (_lines.Count > LinesMax)
        {
            _lines.Dequeue();
        }
    }

    public IReadOnlyList<string> Lines() =>
    [
        .. _lines.Select(line => string.Create(
            CultureInfo.InvariantCulture,
            $"{line.Step,6} {(line.Ticks - _start) / 10_000.0,12:F3} ms  {line.What} {Shorten(line.About)}")),
    ];

    private static string? Shorten(object? about) =>
        about?.ToString() is { Length: > LineCharsMax } text ? text[..LineCharsMax] + "…" : about?.ToString();
}

/// <summary>Something that must be true of every world is not.</summary>
public sealed class ViolationException(string invariant, string detail) : Exception($"{invariant}: {detail}")
{
    public string Invariant { get; } = invariant;

    internal static void Unless(bool holds, string invariant, string detail)
    {
        if (!holds)
        {
            throw new ViolationException(invariant, detail);
        }
    }
}
