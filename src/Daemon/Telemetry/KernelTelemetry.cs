using System.Net;
using System.Net.Sockets;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Sockets;
using Analemma.Daemon.Telemetry.Export;
using Analemma.Daemon.Telemetry.Instruments;
using Analemma.Daemon.Telemetry.Store;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Telemetry;

/// <summary>All that measures one kernel, put together, and where it goes.</summary>
internal sealed class KernelTelemetry : IAsyncDisposable
{
    private readonly TelemetryOptions _options;
    private readonly string _version;
    private readonly TimeProvider _time;
    private readonly FigureSource _figures;
    private readonly MetricStore _store;
    private PrometheusEndpoint? _prometheus;
    private IDisposable? _otlp;

    public KernelTelemetry(TelemetryOptions options, string version, TimeProvider time)
    {
        (_options, _version, _time) = (options, version, time);
        Meter = new KernelMeter(version, options.AgentsMax);
        _figures = new FigureSource(time);
        _store = new MetricStore(Meter.Meter, MetricSpecs.All);
    }

    public KernelMeter Meter { get; }

    public MetricsRunner Runner(CallTable calls, BackgroundTasks tasks) =>
        new(_store, _figures, calls, tasks, _time);

    /// <summary>The kernel can be asked now: whoever is configured to be shown metrics is.</summary>
    /// <exception cref="IOException">The endpoint's address cannot be had.</exception>
    public void Open(
        KernelLoop loop,
        SyscallServer server,
        Func<(int Created, int Preloaded)> pool,
        MetricsRunner runner,
        ILogger log)
    {
        _figures.Open(loop, server.NextCallId);
        KernelGauges.OfKernel(Meter, _figures);
        KernelGauges.OfDaemon(Meter, loop, server, pool, _time);
        if (_options.Prometheus is { } address)
        {
            _prometheus = Serve(address, runner);
            log.MetricsServed($"http://{_prometheus.Address}/metrics");
        }

        if (_options.HasOtlp)
        {
            _otlp = OtlpExport.Start(_options.Otlp, _version);
        }
    }

    private PrometheusEndpoint Serve(IPEndPoint address, MetricsRunner runner)
    {
        try
        {
            return new PrometheusEndpoint(address, runner.CollectAsync, _time);
        }
        catch (SocketException refused)
        {
            throw new IOException($"telemetry.prometheus: nobody can listen on {address}: {refused.Message}", refused);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_prometheus is not null)
        {
            await _prometheus.DisposeAsync();
        }

        _otlp?.Dispose();
        _figures.Close();
        _store.Dispose();
        Meter.Dispose();
    }
}
