using System.Diagnostics;
using Analemma.Daemon.Sockets;
using Analemma.Daemon.Telemetry.Instruments;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Daemon.Telemetry;

/// <summary>
/// Spans of attempts at a provider, as OpenTelemetry's conventions for generative AI 1.42.0 want them (span
/// <c>gen_ai.inference.client</c>): named <c>chat {model}</c> or <c>embeddings {model}</c>. What was asked and answered
/// is never in them.
/// </summary>
internal static class GenAiSpans
{
    /// <summary>What an attempt does, in the words of the conventions.</summary>
    public static string Operation(StartModelCall start) => start.Embed is null ? "chat" : "embeddings";

    public static Activity? Begin(StartModelCall start, SyscallCall caller, string agent)
    {
        if (!CallSpans.Source.HasListeners())
        {
            return null;
        }

        var span = CallSpans.Source.StartActivity(
            $"{Operation(start)} {start.ProviderModel}", ActivityKind.Client, caller.Span?.Context ?? default);
        if (span is null)
        {
            return null;
        }

        var request = start.Request;
        span.SetTag("gen_ai.operation.name", Operation(start));
        span.SetTag("gen_ai.provider.name", Names.GenAiProvider(start.Provider));
        span.SetTag("gen_ai.request.model", start.ProviderModel);
        if (start.Embed is { } embed)
        {
            span.SetTag("gen_ai.embeddings.dimension.count", embed.Dimensions);
        }
        else
        {
            span.SetTag("gen_ai.request.max_tokens", start.OutputTokensMax);
            span.SetTag("gen_ai.output.type", request.ResponseSchema is null ? "text" : "json");
        }

        span.SetTag("gen_ai.agent.name", agent);
        if (request.Temperature is { } temperature)
        {
            span.SetTag("gen_ai.request.temperature", temperature);
        }

        if (request.Stream == true)
        {
            span.SetTag("gen_ai.request.stream", true);
        }

        span.SetTag("analemma.attempt", start.Attempt);
        if (start.IsHedge)
        {
            span.SetTag("analemma.hedge", true);
        }

        if (start.WaitTicks is { } wait)
        {
            span.SetTag("analemma.queue.wait", TimeSpan.FromTicks(wait).TotalSeconds);
        }

        return span;
    }

    public static void End(Activity? span, ModelResult result, string? model, TimeSpan? firstChunk)
    {
        if (span is null)
        {
            return;
        }

        span.SetTag("gen_ai.usage.input_tokens", result.InputTokens);
        span.SetTag("gen_ai.usage.output_tokens", result.OutputTokens);
        if (model is not null)
        {
            span.SetTag("gen_ai.response.model", model);
        }

        if (firstChunk is { } first)
        {
            span.SetTag("gen_ai.response.time_to_first_chunk", first.TotalSeconds);
        }

        if (result.FinishReason is { } reason)
        {
            span.SetTag("gen_ai.response.finish_reasons", new[] { reason });
        }

        if (result.Failure is { } failure)
        {
            // The kind alone: a message may quote what a provider said of the request.
            span.SetTag("error.type", Names.Of(failure.Kind));
            span.SetStatus(ActivityStatusCode.Error);
        }
    }
}
