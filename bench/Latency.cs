using System.Globalization;

namespace Analemma.Bench;

/// <summary>Median and 99th percentile, in microseconds.</summary>
internal readonly record struct Latency(double P50, double P99)
{
    public static Latency Of(double[] samples)
    {
        Array.Sort(samples);
        return new Latency(Rank(samples, 0.5), Rank(samples, 0.99));
    }

    // Nearest rank: the least sample that at least this part of all are no larger than.
    private static double Rank(double[] sorted, double part) => sorted[(int)Math.Ceiling(sorted.Length * part) - 1];

    /// <summary>Of several runs the middle one: where two processes are put makes a run fast or slow.</summary>
    public static Latency Middle(IEnumerable<Latency> runs)
    {
        var sorted = runs.OrderBy(run => run.P50).ToList();
        return sorted[sorted.Count / 2];
    }

    /// <summary>As our own measuring programs print it.</summary>
    public static Latency Parse(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return new Latency(
            double.Parse(parts[0], CultureInfo.InvariantCulture), double.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{P50:F3} {P99:F3}");
}
