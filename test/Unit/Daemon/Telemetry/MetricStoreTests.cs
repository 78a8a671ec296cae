using System.Diagnostics.Metrics;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Telemetry.Instruments;
using Analemma.Daemon.Telemetry.Store;

namespace Analemma.Unit.Tests.Daemon.Telemetry;

public sealed class MetricStoreTests : IDisposable
{
    private static readonly MetricSpec Calls = new("calls", MetricKind.Counter, "{call}", "Calls.", "who", "how");
    private static readonly MetricSpec Took = new("took", MetricKind.Histogram, "s", "Times.") { Bounds = [1, 2] };
    private static readonly MetricSpec Level = new("level", MetricKind.Gauge, "By", "Level.", "of");

    private readonly Meter _meter = new("test");
    private readonly MetricStore _store;

    public MetricStoreTests() => _store = new MetricStore(_meter, [Calls, Took, Level]);

    public void Dispose()
    {
        _store.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void Counters_add_up_by_their_attributes_whatever_their_order()
    {
        var counter = _meter.CreateCounter<long>("calls");
        counter.Add(2, new("who", "a"), new("how", "x"));
        counter.Add(3, new KeyValuePair<string, object?>("how", "x"), new("who", "a"));
        counter.Add(5, new KeyValuePair<string, object?>("who", "b"));

        var series = Family("calls").Series;
        Assert.Equal([5.0, 5.0], series.Select(one => one.Value!.Value));
        Assert.Equal(["a", "x"], series[0].Attributes.Values);
        Assert.Equal(["b"], series[1].Attributes.Values);
    }

    [Fact]
    public void A_bound_belongs_to_the_bucket_below_it()
    {
        var histogram = _meter.CreateHistogram<double>("took");
        foreach (var value in new[] { 0.5, 1, 1.5, 2, 3 })
        {
            histogram.Record(value);
        }

        var series = Assert.Single(Family("took").Series);
        Assert.Equal([2, 2, 1], series.Buckets!);
        Assert.Equal((5, 8.0), (series.Count!.Value, series.Sum!.Value));
    }

    [Fact]
    public void What_is_observed_no_more_is_gone()
    {
        string[] now = ["a", "b"];
        _meter.CreateObservableGauge(
            "level", () => now.Select(of => new Measurement<double>(1, new KeyValuePair<string, object?>("of", of))));

        Assert.Equal(2, Family("level").Series.Count);
        now = ["b"];
        Assert.Equal("b", Assert.Single(Family("level").Series).Attributes["of"]);
    }

    [Fact]
    public void Series_without_end_share_one()
    {
        var counter = _meter.CreateCounter<long>("calls");
        for (var i = 0; i < 5_000; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("who", $"agent-{i}"));
        }

        var series = Family("calls").Series;
        Assert.Equal(2_001, series.Count);
        Assert.Equal(5_000, series.Sum(one => one.Value));
        Assert.Equal("true", series[^1].Attributes["otel.metric.overflow"]);
    }

    [Fact]
    public async Task Nothing_is_lost_or_torn_while_somebody_collects()
    {
        var counter = _meter.CreateCounter<long>("calls");
        var histogram = _meter.CreateHistogram<double>("took");
        var adding = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                counter.Add(1, new KeyValuePair<string, object?>("who", "a"));
                histogram.Record(1.5);
            }
        })));
        double before = 0;
        while (!adding.IsCompleted)
        {
            var seen = Family("calls").Series.Sum(one => one.Value!.Value);
            Assert.True(seen >= before, $"a counter went from {before} to {seen}");
            before = seen;
            foreach (var took in Family("took").Series)
            {
                Assert.Equal(took.Count, took.Buckets!.Sum());
                Assert.Equal(1.5 * took.Count!.Value, took.Sum!.Value);
            }
        }

        await adding;
        Assert.Equal(80_000, Family("calls").Series.Sum(one => one.Value));
        Assert.Equal(80_000, Family("took").Series.Sum(one => one.Count));
    }

    [Fact]
    public void Instruments_of_other_meters_and_other_names_are_passed_over()
    {
        using Meter other = new("test");
        other.CreateCounter<long>("calls").Add(1);
        _meter.CreateCounter<long>("unheard").Add(1);
        Assert.All(_store.Collect(), family => Assert.Empty(family.Series));
    }

    private MetricFamily Family(string name) => _store.Collect().Single(family => family.Name == name);
}
