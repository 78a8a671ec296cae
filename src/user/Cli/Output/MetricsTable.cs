using System.Globalization;
using Analemma.Abi.Syscalls;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>Metrics as <c>metrics</c> shows them: a line a series, of histograms their count and mean.</summary>
internal static class MetricsTable
{
    private static readonly string[] Columns =
        ["METRIC", "ATTRIBUTES", "VALUE", "COUNT", "MEAN", "P95 AT MOST", "UNIT"];

    public static IRenderable Render(MetricsReply metrics)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var column in Columns)
        {
            table.AddColumn(new TableColumn(column) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        foreach (var family in metrics.Families)
        {
            foreach (var series in family.Series)
            {
                table.AddRow([.. Cells(family, series).Select(cell => new Text(cell))]);
            }
        }

        return table;
    }

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
