using System.Diagnostics.Metrics;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Telemetry.Instruments;

namespace Analemma.Daemon.Telemetry.Store;

/// <summary>Listens to the kernel's meter from the start, and adds up: what METRICS and Prometheus show.</summary>
internal sealed class MetricStore : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _collecting = new();
    private readonly Dictionary<string, StoredMetric> _metrics;

    /// <param name="meter">Instruments that it gets later are listened to as well.</param>
    /// <param name="specs">Those to keep; others of the meter are passed over.</param>
    public MetricStore(Meter meter, IEnumerable<MetricSpec> specs)
    {
        _metrics = specs.ToDictionary(spec => spec.Name, spec => new StoredMetric(spec), StringComparer.Ordinal);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter) && _metrics.TryGetValue(instrument.Name, out var metric))
            {
                metric.IsObserved = instrument.IsObservable;
                listener.EnableMeasurementEvents(instrument, metric);
            }
        };
        _listener.SetMeasurementEventCallback<long>(
            static (_, value, tags, state) => ((StoredMetric)state!).Take(value, tags));
        _listener.SetMeasurementEventCallback<double>(
            static (_, value, tags, state) => ((StoredMetric)state!).Take(value, tags));
        _listener.Start();
    }

    /// <summary>All metrics now, by name. Whoever measures meanwhile is not held up for it.</summary>
    public IReadOnlyList<MetricFamily> Collect()
    {
        lock (_collecting)
        {
            foreach (var metric in _metrics.Values)
            {
                metric.BeginLook();
            }

            _listener.RecordObservableInstruments();
            return
            [
                .. _metrics.Values.OrderBy(metric => metric.Spec.Name, StringComparer.Ordinal)
                    .Select(metric => metric.Family()),
            ];
        }
    }

    public void Dispose() => _listener.Dispose();
}
