using System.Globalization;
using Analemma.Abi.Syscalls;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>Metrics as <c>metrics</c> shows them: a line a series, of histograms their count and mean.</summary>
internal static class MetricsTable
{
    private static readonly Column[] Columns =
    [
        new("METRIC"), new("ATTRIBUTES") { MayBeCut = true }, new("VALUE"), new("COUNT", 2), new("MEAN", 3),
        new("P95 AT MOST", 1), new("UNIT", 4),
    ];

    public static IRenderable Render(MetricsReply metrics, int width) => PlainTable.Render(
        Columns, metrics.Families.SelectMany(family => family.Series.Select(series => Cells(family, series))), width);

    /// <summary>The bound of the bucket in which that quantile lies; infinite when it is the last.</summary>
    public static double Quantile(MetricSeries series, double quantile)
    {
        var wanted = quantile * series.Count ?? 0;
        long below = 0;
        for (var i = 0; i < series.Bounds!.Count; i++)
        {
            below += series.Buckets![i];
            if (below >= wanted)
            {
                return series.Bounds[i];
            }
        }

        return double.PositiveInfinity;
    }

    private static string[] Cells(MetricFamily family, MetricSeries series)
    {
        var attributes = string.Join(", ", series.Attributes.Select(pair => $"{pair.Key}={pair.Value}"));
        return family.Kind is MetricKind.Histogram
            ?
            [
                family.Name, attributes, "", Number(series.Count ?? 0), Number((series.Sum ?? 0) / (series.Count ?? 1)),
                Number(Quantile(series, 0.95)), family.Unit,
            ]
            : [family.Name, attributes, Number(series.Value ?? 0), "", "", "", family.Unit];
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "beyond",
        _ when value == Math.Floor(value) => value.ToString("0", CultureInfo.InvariantCulture),
        _ => value.ToString("G4", CultureInfo.InvariantCulture),
    };
}
