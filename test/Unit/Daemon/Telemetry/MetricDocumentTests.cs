using Analemma.Abi.Syscalls;
using Analemma.Daemon.Telemetry.Export;
using Analemma.Daemon.Telemetry.Instruments;
using Analemma.Daemon.Telemetry.Store;
using Analemma.Unit.Tests.Abi;

namespace Analemma.Unit.Tests.Daemon.Telemetry;

/// <summary>docs/guide/observability.md has every metric there is, and none that there is not.</summary>
public sealed class MetricDocumentTests
{
    [Fact]
    public void The_table_is_what_the_code_has()
    {
        var text = File.ReadAllText(Path.Combine(RepositoryFolder.Root, "docs", "guide", "observability.md"));
        var rows = text[text.IndexOf("## Every metric", StringComparison.Ordinal)..].Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal));

        Assert.Equal(MetricSpecs.All.Select(Row), rows);
    }

    [Fact]
    public void Every_spec_is_in_the_list_once_and_has_no_more_attributes_than_a_series_keeps()
    {
        var fields = typeof(MetricSpecs).GetFields().Select(field => field.GetValue(null)).OfType<MetricSpec>();
        Assert.Equal(fields.ToHashSet(), MetricSpecs.All.ToHashSet());
        Assert.Equal(MetricSpecs.All.Count, MetricSpecs.All.Select(spec => spec.Name).Distinct().Count());
        Assert.All(MetricSpecs.All, spec => Assert.True(spec.Attributes.Length <= SeriesKey.AttributesMax, spec.Name));
        Assert.All(MetricSpecs.All, spec => Assert.Equal(spec.Bounds.Order(), spec.Bounds));
        Assert.All(MetricSpecs.All, spec => Assert.Equal(spec.Kind is MetricKind.Histogram, spec.Bounds.Length > 0));
    }

    private static string Row(MetricSpec spec)
    {
        var family = new MetricFamily(spec.Name, spec.Kind) { Unit = spec.Unit };
        var prometheus = PrometheusText.NameOf(family) + (spec.Kind is MetricKind.Counter ? "_total" : "");
        var unit = spec.Unit.Length > 0 ? $"`{spec.Unit}`" : "";
        var attributes = string.Join(", ", spec.Attributes.Select(name => $"`{name}`"));
        var kind = spec.Kind.ToString().ToLowerInvariant();
        return $"| `{spec.Name}` | {kind} | {unit} | {attributes} | `{prometheus}` | {spec.Description} |";
    }
}
