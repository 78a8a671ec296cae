using System.Globalization;
using System.Net;
using Analemma.Daemon.Telemetry;

namespace Analemma.Daemon.Configuration.Sections;

/// <summary>The <c>[telemetry]</c> section of the machine file: who is shown metrics and traces.</summary>
internal sealed record TelemetrySection
{
    private const int AgentsMost = 1_000;

    /// <summary>OpenTelemetry's own, of which any one names a collector.</summary>
    private static readonly string[] EndpointVariables =
    [
        "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    ];

    [Setting("Address and port where Prometheus finds metrics, such as `127.0.0.1:9464`; a port alone is on loopback. "
        + "Empty: nowhere.")]
    public string Prometheus { get; init; } = "";

    [Setting("Base URL of a collector for metrics and traces by OTLP over HTTP, such as `http://127.0.0.1:4318`.",
        DefaultText = "none, or what `OTEL_EXPORTER_OTLP_ENDPOINT` and the other standard variables say")]
    public string Otlp { get; init; } = "";

    [Setting("Names of agents that metrics keep apart; all others share `_other`.")]
    public int AgentsMax { get; init; } = 100;

    public TelemetryOptions ToOptions(Func<string, string?> environment) => new()
    {
        Prometheus = Prometheus.Length > 0 ? Address(Prometheus) : null,
        Otlp = Otlp.Length > 0 ? new Uri(Otlp) : null,
        HasOtlp = !IsDisabled(environment)
            && (Otlp.Length > 0 || EndpointVariables.Any(name => environment(name) is { Length: > 0 })),
        AgentsMax = AgentsMax,
    };

    public IEnumerable<string> Problems()
    {
        if (Prometheus.Length > 0 && Address(Prometheus) is null)
        {
            yield return $"telemetry.prometheus is '{Prometheus}'; it must be ADDRESS:PORT, such as 127.0.0.1:9464";
        }

        if (Otlp.Length > 0 && !(Uri.TryCreate(Otlp, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
        {
            yield return $"telemetry.otlp is '{Otlp}'; it must be a URL, such as http://127.0.0.1:4318";
        }

        if (AgentsMax is < 0 or > AgentsMost)
        {
            yield return $"telemetry.agents_max is {AgentsMax}; it must be 0 to {AgentsMost}";
        }
    }

    /// <summary>A bind address other than loopback must be written out.</summary>
    private static IPEndPoint? Address(string text)
    {
        if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return new IPEndPoint(IPAddress.Loopback, port);
        }

        var named = text.StartsWith("localhost:", StringComparison.Ordinal) ? $"127.0.0.1:{text[10..]}" : text;
        return named.Contains(':', StringComparison.Ordinal) && !named.EndsWith(']')
            && IPEndPoint.TryParse(named, out var address) && HasPort(named) ? address : null;
    }

    /// <summary>An IPv6 address has colons too; its port comes after a bracket.</summary>
    private static bool HasPort(string text) =>
        text.StartsWith('[') ? text.Contains("]:", StringComparison.Ordinal) : text.Count(sign => sign == ':') == 1;

    private static bool IsDisabled(Func<string, string?> environment) =>
        string.Equals(environment("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase);
}
