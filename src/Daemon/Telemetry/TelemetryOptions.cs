using System.Net;

namespace Analemma.Daemon.Telemetry;

/// <summary>Where metrics and traces go, understood.</summary>
internal sealed record TelemetryOptions
{
    /// <summary>Where Prometheus finds metrics; null for nowhere.</summary>
    public IPEndPoint? Prometheus { get; init; }

    /// <summary>A collector is named, by <see cref="Otlp"/> or by the standard variables.</summary>
    public bool HasOtlp { get; init; }

    /// <summary>The collector's base URL; null for what the standard variables say.</summary>
    public Uri? Otlp { get; init; }

    /// <summary>Names of agents that have series of their own.</summary>
    public int AgentsMax { get; init; } = 100;
}
