using System.Collections.Concurrent;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Telemetry.Instruments;

namespace Analemma.Daemon.Telemetry.Store;

/// <summary>One metric's series, at most so many; what is beyond is added up in one.</summary>
internal sealed class StoredMetric(MetricSpec spec)
{
    /// <summary>As OpenTelemetry's SDKs limit and call it: sdk specification, cardinality limits.</summary>
    private const int SeriesMax = 2_000;

    private const string OverflowName = "otel.metric.overflow";

    private readonly ConcurrentDictionary<SeriesKey, StoredSeries> _series = new();
    private StoredSeries? _overflow;

    public MetricSpec Spec => spec;

    /// <summary>Its values are given anew with each look.</summary>
    public bool IsObserved { get; set; }

    public void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = Series(SeriesKey.Of(spec.Attributes, tags));
        if (IsObserved)
        {
            series.Set(value);
        }
        else
        {
            series.Add(value);
        }
    }

    /// <summary>What is not observed this time is not there any more.</summary>
    public void BeginLook()
    {
        if (IsObserved)
        {
            _series.Clear();
        }
    }

    public MetricFamily Family()
    {
        var series = _series.OrderBy(pair => pair.Key).Select(pair => pair.Value.Read(pair.Key.Named(spec.Attributes)));
        if (_overflow is { } overflow)
        {
            series = series.Append(overflow.Read(new Dictionary<string, string> { [OverflowName] = "true" }));
        }

        return new MetricFamily(spec.Name, spec.Kind)
        {
            Unit = spec.Unit,
            Description = spec.Description,
            Series = [.. series],
        };
    }

    private StoredSeries Series(SeriesKey key)
    {
        if (_series.TryGetValue(key, out var found))
        {
            return found;
        }

        if (_series.Count < SeriesMax)
        {
            return _series.GetOrAdd(key, static (_, spec) => new StoredSeries(spec), spec);
        }

        return _overflow ?? Interlocked.CompareExchange(ref _overflow, new StoredSeries(spec), null) ?? _overflow;
    }
}

/// <summary>The values of a metric's attributes, in the order of its spec; null for one that is absent.</summary>
internal readonly record struct SeriesKey(string? First, string? Second, string? Third, string? Fourth)
    : IComparable<SeriesKey>
{
    public const int AttributesMax = 4;

    public static SeriesKey Of(string[] names, ReadOnlySpan<KeyValuePair<string, object?>> tags) => new(
        Value(names, 0, tags), Value(names, 1, tags), Value(names, 2, tags), Value(names, 3, tags));

    public int CompareTo(SeriesKey other)
    {
        var order = string.CompareOrdinal(First, other.First);
        order = order != 0 ? order : string.CompareOrdinal(Second, other.Second);
        order = order != 0 ? order : string.CompareOrdinal(Third, other.Third);
        return order != 0 ? order : string.CompareOrdinal(Fourth, other.Fourth);
    }

    public IReadOnlyDictionary<string, string> Named(string[] names)
    {
        string?[] values = [First, Second, Third, Fourth];
        return names.Zip(values)
            .Where(pair => pair.Second is not null)
            .ToDictionary(pair => pair.First, pair => pair.Second!, StringComparer.Ordinal);
    }

    private static string? Value(string[] names, int at, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (at >= names.Length)
        {
            return null;
        }

        // Recorded in the order of the spec, most often.
        if (at < tags.Length && tags[at].Key == names[at])
        {
            return tags[at].Value?.ToString();
        }

        foreach (var tag in tags)
        {
            if (tag.Key == names[at])
            {
                return tag.Value?.ToString();
            }
        }

        return null;
    }
}

/// <summary>The figures of one series. Read as a whole: a histogram's count is always that of its buckets.</summary>
internal sealed class StoredSeries(MetricSpec spec)
{
    private readonly Lock _gate = new();
    private readonly long[]? _buckets = spec.Kind is MetricKind.Histogram ? new long[spec.Bounds.Length + 1] : null;
    private double _sum;
    private long _count;

    public void Set(double value)
    {
        lock (_gate)
        {
            _sum = value;
        }
    }

    public void Add(double value)
    {
        lock (_gate)
        {
            _sum += value;
            if (_buckets is not null)
            {
                _buckets[BucketOf(value)]++;
                _count++;
            }
        }
    }

    public MetricSeries Read(IReadOnlyDictionary<string, string> attributes)
    {
        lock (_gate)
        {
            return _buckets is null
                ? new MetricSeries(attributes) { Value = _sum }
                : new MetricSeries(attributes)
                {
                    Count = _count,
                    Sum = _sum,
                    Buckets = [.. _buckets],
                    Bounds = spec.Bounds,
                };
        }
    }

    /// <summary>A bound belongs to the bucket below it.</summary>
    private int BucketOf(double value)
    {
        var at = Array.BinarySearch(spec.Bounds, value);
        return at >= 0 ? at : ~at;
    }
}
