using System.Diagnostics;
using Analemma.Daemon.Sockets;
using Analemma.Daemon.Telemetry.Instruments;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Daemon.Telemetry;

/// <summary>One attempt at a provider, watched from its request to its end.</summary>
internal sealed class AttemptTrace(
    KernelMeter meter, StartModelCall start, SyscallCall caller, TimeProvider time) : IDisposable
{
    private const int ModelCharsMax = 200;

    private readonly long _began = time.GetTimestamp();
    private readonly Activity? _span = GenAiSpans.Begin(start, caller, start.Agent);
    private long _latest;
    private TimeSpan? _firstChunk;
    private string? _model;

    /// <summary>The model that the provider says answers, if it says so.</summary>
    public void Answers(string? model) =>
        _model = model?.Length > ModelCharsMax ? model[..ModelCharsMax] : model ?? _model;

    /// <summary>A piece of a streamed answer has come.</summary>
    public void Chunk()
    {
        var now = time.GetTimestamp();
        if (_firstChunk is null)
        {
            _firstChunk = time.GetElapsedTime(_began, now);
            meter.GenAi.FirstChunk(start, _firstChunk.Value);
        }
        else
        {
            meter.GenAi.NextChunk(start, time.GetElapsedTime(_latest, now));
        }

        _latest = now;
    }

    public void Ended(ModelResult result)
    {
        meter.GenAi.Ended(start, result, time.GetElapsedTime(_began));
        meter.AttemptEnded(start, result);
        GenAiSpans.End(_span, result, _model, _firstChunk);
    }

    public void Dispose() => _span?.Dispose();
}
