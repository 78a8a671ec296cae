using Analemma.Abi.Syscalls;
using Analemma.Daemon.Telemetry.Export;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Daemon.Telemetry;

public sealed class PrometheusTextTests
{
    private static readonly MetricFamily Counter = new("a.calls", MetricKind.Counter)
    {
        Unit = "{call}",
        Description = "Calls.",
        Series = [new MetricSeries(new Dictionary<string, string> { ["who.is"] = "x" }) { Value = 3 }],
    };

    private static readonly MetricFamily Histogram = new("a.took", MetricKind.Histogram)
    {
        Unit = "s",
        Description = "Times.",
        Series =
        [
            new MetricSeries(new Dictionary<string, string>())
            {
                Count = 3,
                Sum = 4.5,
                Buckets = [1, 2, 0],
                Bounds = [1, 2.5],
            },
        ],
    };

    [Fact]
    public void The_text_format_is_what_Prometheus_documents() => Assert.Equal(
        """
        # HELP a_calls_total Calls.
        # TYPE a_calls_total counter
        a_calls_total{who_is="x"} 3
        # HELP a_took_seconds Times.
        # TYPE a_took_seconds histogram
        a_took_seconds_bucket{le="1"} 1
        a_took_seconds_bucket{le="2.5"} 3
        a_took_seconds_bucket{le="+Inf"} 3
        a_took_seconds_sum 4.5
        a_took_seconds_count 3

        """,
        PrometheusText.Write([Counter, Histogram], openMetrics: false));

    [Fact]
    public void OpenMetrics_names_families_without_suffix_says_units_and_marks_the_end() => Assert.Equal(
        """
        # HELP a_calls Calls.
        # TYPE a_calls counter
        a_calls_total{who_is="x"} 3
        # HELP a_took_seconds Times.
        # TYPE a_took_seconds histogram
        # UNIT a_took_seconds seconds
        a_took_seconds_bucket{le="1.0"} 1
        a_took_seconds_bucket{le="2.5"} 3
        a_took_seconds_bucket{le="+Inf"} 3
        a_took_seconds_sum 4.5
        a_took_seconds_count 3
        # EOF

        """,
        PrometheusText.Write([Counter, Histogram], openMetrics: true));

    [Fact]
    public void Whatever_a_label_or_description_holds_is_read_back() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonNull<string>>(),
        ArbMap.Default.ArbFor<NonNull<string>>(),
        (label, help) =>
        {
            for (var openMetrics = false; ; openMetrics = true)
            {
                var family = Counter with
                {
                    Description = help.Get,
                    Series = [new MetricSeries(new Dictionary<string, string> { ["l"] = label.Get }) { Value = 1 }],
                };
                var read = PrometheusReader.Read(PrometheusText.Write([family], openMetrics), openMetrics);
                Assert.Equal(label.Get, Assert.Single(read.Samples).Labels["l"]);
                Assert.Equal(help.Get, Assert.Single(read.Helps).Value);
                if (openMetrics)
                {
                    return;
                }
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Hard_labels_are_escaped()
    {
        const string Hard = "a\\b\"c\nd\\n{},=";
        var family = Counter with
        {
            Series = [new MetricSeries(new Dictionary<string, string> { ["l"] = Hard }) { Value = 1 }],
        };
        var text = PrometheusText.Write([family], openMetrics: false);
        Assert.Contains("""{l="a\\b\"c\nd\\n{},="} 1""", text, StringComparison.Ordinal);
        Assert.Equal(Hard, PrometheusReader.Read(text, openMetrics: false).Samples[0].Labels["l"]);
    }

    [Theory]
    [InlineData("a_total{l=\"x\"y\"} 1\n")]
    [InlineData("a_total{l=\"x\\z\"} 1\n")]
    [InlineData("a_total one\n")]
    [InlineData("a_total 1")]
    [InlineData("b_total 1\n")]
    [InlineData("a_total 1\n# TYPE h histogram\nh_bucket{le=\"1\"} 3\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n")]
    [InlineData("a_total 1\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 2\n")]
    public void The_reader_finds_fault_with_what_is_wrong(string wrong) => Assert.Throws<FormatException>(
        () => PrometheusReader.Read($"# TYPE a_total counter\n{wrong}", openMetrics: false));
}
