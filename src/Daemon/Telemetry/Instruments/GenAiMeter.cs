using System.Diagnostics.Metrics;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Daemon.Telemetry.Instruments;

/// <summary>
/// The metrics of OpenTelemetry's conventions for clients of generative AI. Each attempt is one operation: what is
/// retried is several.
/// </summary>
internal sealed class GenAiMeter(KernelMeter meter)
{
    private readonly Histogram<double> _tokens = meter.Histogram(MetricSpecs.GenAiTokens);
    private readonly Histogram<double> _duration = meter.Histogram(MetricSpecs.GenAiDuration);
    private readonly Histogram<double> _firstChunk = meter.Histogram(MetricSpecs.GenAiFirstChunk);
    private readonly Histogram<double> _nextChunk = meter.Histogram(MetricSpecs.GenAiNextChunk);

    public void FirstChunk(StartModelCall start, TimeSpan took) =>
        _firstChunk.Record(took.TotalSeconds, Operation(start), Provider(start), Model(start));

    public void NextChunk(StartModelCall start, TimeSpan took)
    {
        if (_nextChunk.Enabled)
        {
            _nextChunk.Record(took.TotalSeconds, Operation(start), Provider(start), Model(start));
        }
    }

    public void Ended(StartModelCall start, ModelResult result, TimeSpan took)
    {
        var (provider, model) = (Provider(start), Model(start));
        if (result.Failure is { } failure)
        {
            var error = KernelMeter.Tag("error.type", Names.Of(failure.Kind));
            _duration.Record(took.TotalSeconds, Operation(start), provider, model, error);
            return;
        }

        _duration.Record(took.TotalSeconds, Operation(start), provider, model);
        _tokens.Record(
            result.InputTokens, Operation(start), provider, KernelMeter.Tag("gen_ai.token.type", "input"), model);
        if (start.Embed is null)
        {
            _tokens.Record(
                result.OutputTokens, Operation(start), provider, KernelMeter.Tag("gen_ai.token.type", "output"), model);
        }
    }

    private static KeyValuePair<string, object?> Operation(StartModelCall start) =>
        KernelMeter.Tag("gen_ai.operation.name", GenAiSpans.Operation(start));

    private static KeyValuePair<string, object?> Provider(StartModelCall start) =>
        KernelMeter.Tag("gen_ai.provider.name", Names.GenAiProvider(start.Provider));

    private static KeyValuePair<string, object?> Model(StartModelCall start) =>
        KernelMeter.Tag("gen_ai.request.model", start.ProviderModel);
}
