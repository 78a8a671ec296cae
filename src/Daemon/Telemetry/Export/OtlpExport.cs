using System.Runtime.CompilerServices;
using Analemma.Daemon.Telemetry.Instruments;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Analemma.Daemon.Telemetry.Export;

// OTLP
//
// OpenTelemetry's own SDK and exporter. Nothing of them is loaded unless a collector is named: by telemetry.otlp, or by
// the standard variables (OTEL_EXPORTER_OTLP_ENDPOINT and the rest), which the SDK reads itself. Both exporters have
// threads of their own and bounded queues: a collector that is down or slow costs spans, which are dropped, and nothing
// else. Not even the end of the kernel waits for it longer than FlushMaxMs.

/// <summary>Sends metrics and traces to a collector.</summary>
internal sealed class OtlpExport : IDisposable
{
    private const int FlushMaxMs = 2_000;

    private readonly TracerProvider _traces;
    private readonly MeterProvider _metrics;

    private OtlpExport(Uri? endpoint, string version)
    {
        var resource = ResourceBuilder.CreateEmpty()
            .AddService("analemma", serviceVersion: version, autoGenerateServiceInstanceId: true)
            .AddTelemetrySdk()
            .AddEnvironmentVariableDetector();
        _traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource(KernelMeter.Name)
            .AddOtlpExporter(options => Point(options, endpoint, "v1/traces"))
            .Build();
        _metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(KernelMeter.Name)
            .AddOtlpExporter((options, _) => Point(options, endpoint, "v1/metrics"))
            .Build();
    }

    /// <param name="endpoint">The collector's base URL; null for what the standard variables say.</param>
    /// <param name="version">Of the kernel.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static IDisposable Start(Uri? endpoint, string version) => new OtlpExport(endpoint, version);

    public void Dispose()
    {
        Parallel.Invoke(() => _traces.Shutdown(FlushMaxMs), () => _metrics.Shutdown(FlushMaxMs));
        _traces.Dispose();
        _metrics.Dispose();
    }

    // The protocol's own default is HTTP with protobuf (OTLP exporter specification); this SDK's is gRPC.
    private static void Point(OtlpExporterOptions options, Uri? endpoint, string path)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL")))
        {
            options.Protocol = OtlpExportProtocol.HttpProtobuf;
        }

        if (endpoint is not null)
        {
            options.Protocol = OtlpExportProtocol.HttpProtobuf;
            options.Endpoint = new Uri($"{endpoint.AbsoluteUri.TrimEnd('/')}/{path}");
        }
    }
}
