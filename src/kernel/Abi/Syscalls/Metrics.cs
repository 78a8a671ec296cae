using System.Text.Json.Serialization;

namespace Analemma.Abi.Syscalls;

/// <summary>
/// Everything that the kernel counts and measures, for clients on the host; an agent sees its own sandbox alone. The
/// names are those of docs/guide/observability.md, the same as over OTLP and, spelled its way, for Prometheus.
/// </summary>
public sealed record Metrics : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Metrics;
}

/// <summary>The figures now.</summary>
/// <param name="At">When they were read.</param>
/// <param name="Families">By name; one without a series has not been measured yet.</param>
public sealed record MetricsReply(DateTimeOffset At, IReadOnlyList<MetricFamily> Families) : Reply
{
    /// <summary>The machine's use; for an agent, that of its sandbox.</summary>
    public MachineUse Machine { get; init; } = new();
}

/// <summary>What a metric is.</summary>
[JsonConverter(typeof(EnumNames<MetricKind>))]
public enum MetricKind
{
    /// <summary>Only grows, from 0 at the start of the kernel.</summary>
    [JsonStringEnumMemberName("counter")]
    Counter,
    /// <summary>A value as of now.</summary>
    [JsonStringEnumMemberName("gauge")]
    Gauge,
    /// <summary>Observations, counted by size.</summary>
    [JsonStringEnumMemberName("histogram")]
    Histogram,
}

/// <summary>One metric with all its series.</summary>
public sealed record MetricFamily(string Name, MetricKind Kind)
{
    /// <summary>Of UCUM, such as <c>s</c>, <c>By</c> and <c>{token}</c>.</summary>
    public string Unit { get; init; } = "";

    /// <summary>One sentence.</summary>
    public string Description { get; init; } = "";

    /// <summary>One for each set of attributes.</summary>
    public IReadOnlyList<MetricSeries> Series { get; init; } = [];
}

/// <summary>The figures of one set of attributes.</summary>
public sealed record MetricSeries(IReadOnlyDictionary<string, string> Attributes)
{
    /// <summary>Of a counter or gauge.</summary>
    public double? Value { get; init; }

    /// <summary>Of a histogram: how many observations.</summary>
    public long? Count { get; init; }

    /// <summary>Of a histogram: their sum.</summary>
    public double? Sum { get; init; }

    /// <summary>
    /// Of a histogram: how many lie above the bound before and not above the bound; one more than there are bounds.
    /// </summary>
    public IReadOnlyList<long>? Buckets { get; init; }

    /// <summary>Of a histogram: the upper bounds of its buckets but the last, which has none.</summary>
    public IReadOnlyList<double>? Bounds { get; init; }
}

/// <summary>How a machine, or a sandbox, is used.</summary>
public sealed record MachineUse
{
    /// <summary>Processors that it may use; for a sandbox its quota, which may be a fraction.</summary>
    public double Cpus { get; init; }

    /// <summary>Of the machine: runnable tasks over 1, 5 and 15 minutes, as /proc/loadavg has them.</summary>
    public IReadOnlyList<double> LoadAverage { get; init; } = [];

    /// <summary>Of a sandbox: CPU time used.</summary>
    public long? CpuMs { get; init; }

    /// <summary>Memory that there is; for a sandbox its limit.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Memory that can still be had.</summary>
    public long MemoryAvailableBytes { get; init; }
}
