using System.Globalization;
using System.Text;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Telemetry.Export;

/// <summary>
/// Metrics as text for Prometheus: its exposition format 0.0.4, or OpenMetrics 1.0.0. Names are mapped as
/// OpenTelemetry's specification "Prometheus and OpenMetrics Compatibility" has it: dots become underscores, units are
/// spelled out at the end, counters end in <c>_total</c>.
/// </summary>
internal static class PrometheusText
{
    public const string PlainType = "text/plain; version=0.0.4; charset=utf-8";

    public const string OpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    public static string Write(IReadOnlyList<MetricFamily> families, bool openMetrics)
    {
        var text = new StringBuilder(16 * 1024);
        foreach (var family in families.Where(family => family.Series.Count > 0))
        {
            Append(text, family, openMetrics);
        }

        return (openMetrics ? text.Append("# EOF\n") : text).ToString();
    }

    /// <summary>The metric's name without the suffixes of its samples.</summary>
    public static string NameOf(MetricFamily family)
    {
        var name = family.Name.Replace('.', '_');
        return UnitOf(family) is { } unit && !name.EndsWith($"_{unit}", StringComparison.Ordinal)
            ? $"{name}_{unit}" : name;
    }

    private static string? UnitOf(MetricFamily family) => family.Unit switch
    {
        "s" => "seconds",
        "By" => "bytes",
        _ => null,
    };

    private static void Append(StringBuilder text, MetricFamily family, bool openMetrics)
    {
        var name = NameOf(family);
        var isCounter = family.Kind is MetricKind.Counter;
        var sample = isCounter ? $"{name}_total" : name;
        var header = openMetrics ? name : sample;
        text.Append(CultureInfo.InvariantCulture, $"# HELP {header} {Escaped(family.Description, openMetrics)}\n");
        text.Append(CultureInfo.InvariantCulture, $"# TYPE {header} {Words(family.Kind)}\n");
        if (openMetrics && UnitOf(family) is { } unit)
        {
            text.Append(CultureInfo.InvariantCulture, $"# UNIT {header} {unit}\n");
        }

        foreach (var series in family.Series)
        {
            if (family.Kind is MetricKind.Histogram)
            {
                AppendHistogram(text, name, series, openMetrics);
            }
            else
            {
                AppendSample(text, sample, series.Attributes, null, Number(series.Value ?? 0));
            }
        }
    }

    private static void AppendHistogram(StringBuilder text, string name, MetricSeries series, bool openMetrics)
    {
        var (buckets, bounds) = (series.Buckets!, series.Bounds!);
        long below = 0;
        for (var i = 0; i < buckets.Count; i++)
        {
            below += buckets[i];
            var bound = i < bounds.Count ? Bound(bounds[i], openMetrics) : "+Inf";
            AppendSample(
                text, $"{name}_bucket", series.Attributes, bound, below.ToString(CultureInfo.InvariantCulture));
        }

        AppendSample(text, $"{name}_sum", series.Attributes, null, Number(series.Sum ?? 0));
        AppendSample(
            text, $"{name}_count", series.Attributes, null, below.ToString(CultureInfo.InvariantCulture));
    }

    private static void AppendSample(
        StringBuilder text, string name, IReadOnlyDictionary<string, string> labels, string? bound, string value)
    {
        text.Append(name);
        var separator = '{';
        foreach (var (label, content) in labels)
        {
            text.Append(separator).Append(label.Replace('.', '_')).Append("=\"");
            text.Append(Escaped(content, quotes: true)).Append('"');
            separator = ',';
        }

        if (bound is not null)
        {
            text.Append(separator).Append("le=\"").Append(bound).Append('"');
            separator = ',';
        }

        text.Append(separator == ',' ? "} " : " ").Append(value).Append('\n');
    }

    private static string Escaped(string text, bool quotes)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>OpenMetrics wants every bound to look like a floating-point number.</summary>
    private static string Bound(double bound, bool openMetrics)
    {
        var text = Number(bound);
        return openMetrics && text.All(char.IsAsciiDigit) ? $"{text}.0" : text;
    }

    private static string Words(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Gauge => "gauge",
        MetricKind.Histogram => "histogram",
    };
}
