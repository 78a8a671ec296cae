using System.Collections.Concurrent;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Telemetry.Instruments;

namespace Analemma.Daemon.Telemetry.Store;

/// <summary>One metric's series, at most so many; what is beyond is added up in one.</summary>
internal sealed class StoredMetric(MetricSpec spec)
{
    /// <summary>As OpenTelemetry's SDKs limit and call it: sdk specification, cardinality limits.</summary>
    private const int SeriesMax = 2_000;

    /// <summary>Series that were told of last, found without looking into their attributes.</summary>
    private const int RecentMax = 8;

    private const string OverflowName = "otel.metric.overflow";

    private readonly ConcurrentDictionary<SeriesKey, StoredSeries> _series = new();
    private readonly Recent?[] _recent = new Recent?[RecentMax];
    private StoredSeries? _overflow;
    private int _nextRecent;

    public MetricSpec Spec => spec;

    /// <summary>Its values are given anew with each look.</summary>
    public bool IsObserved { get; set; }

    public void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (IsObserved)
        {
            Series(SeriesKey.Of(spec.Attributes, tags)).Set(value);
            return;
        }

        foreach (var recent in _recent)
        {
            if (recent is not null && recent.Is(tags))
            {
                recent.Series.Add(value);
                return;
            }
        }

        var series = Series(SeriesKey.Of(spec.Attributes, tags));
        series.Add(value);
        _recent[(uint)Interlocked.Increment(ref _nextRecent) % RecentMax] = new Recent(tags.ToArray(), series);
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

    /// <summary>The very same names and values mean the same series: a look that costs no hash.</summary>
    private sealed record Recent(KeyValuePair<string, object?>[] Tags, StoredSeries Series)
    {
        public bool Is(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags.Length != Tags.Length)
            {
                return false;
            }

            for (var i = 0; i < tags.Length; i++)
            {
                if (!ReferenceEquals(tags[i].Value, Tags[i].Value) || !ReferenceEquals(tags[i].Key, Tags[i].Key))
                {
                    return false;
                }
            }

            return true;
        }
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
