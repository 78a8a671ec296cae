using System.Text.Json;
using Analemma.Models.Calls;
using Microsoft.Extensions.AI;

namespace Analemma.Models.Gemini;

/// <summary>Our messages and options as a request for generateContent.</summary>
internal static class GeminiRequests
{
    /// <summary>Where a call's signature is kept, to be sent back with it, as thinking models demand.</summary>
    internal const string SignatureKey = AnswerLabels.CallSignature;

    /// <summary>Ids that we made because the model gave none; they mean nothing to it.</summary>
    internal const string OwnIdPrefix = "analemma-";

    public static GeminiRequest Of(IEnumerable<ChatMessage> messages, ChatOptions options)
    {
        var list = messages.ToList();
        var tools = GeminiTools.Of(options);
        return new GeminiRequest
        {
            Contents = Contents(list),
            SystemInstruction = SystemInstruction(list, options),
            Tools = tools,
            ToolConfig = tools is null ? null : GeminiTools.Config(options.ToolMode),
            GenerationConfig = Config(options),
        };
    }

    private static GeminiContent? SystemInstruction(List<ChatMessage> messages, ChatOptions options)
    {
        var texts = messages.Where(message => message.Role == ChatRole.System).Select(message => message.Text)
            .Prepend(options.Instructions ?? "")
            .Where(text => text.Length > 0)
            .Select(text => new GeminiPart { Text = text })
            .ToList();
        return texts.Count == 0 ? null : new GeminiContent { Parts = texts };
    }

    private static List<GeminiContent> Contents(List<ChatMessage> messages)
    {
        // A response names its function, which only the call knows.
        var names = messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()
            .GroupBy(call => call.CallId)
            .ToDictionary(calls => calls.Key, calls => calls.Last().Name, StringComparer.Ordinal);
        return [.. messages
            .Where(message => message.Role != ChatRole.System)
            .Select(message => new GeminiContent
            {
                Role = message.Role == ChatRole.Assistant ? "model" : "user",
                Parts = [.. message.Contents.Select(content => Part(content, names)).OfType<GeminiPart>()],
            })
            .Where(content => content.Parts!.Count > 0)];
    }

    private static GeminiPart? Part(AIContent content, Dictionary<string, string> names) => content switch
    {
        TextContent text => new GeminiPart { Text = text.Text, ThoughtSignature = Signature(content) },
        // A thought is sent back for its signature; without one it is of no use.
        TextReasoningContent { ProtectedData: { Length: > 0 } signature } thought =>
            new GeminiPart { Text = thought.Text, Thought = true, ThoughtSignature = signature },
        FunctionCallContent call => new GeminiPart
        {
            FunctionCall = new(Id(call.CallId), call.Name, ToolJson.Arguments(call)),
            ThoughtSignature = Signature(content),
        },
        FunctionResultContent result => new GeminiPart { FunctionResponse = Response(result, names) },
        DataContent data => new GeminiPart { InlineData = new(data.MediaType, data.Base64Data.ToString()) },
        UriContent uri => new GeminiPart { FileData = new(uri.MediaType, uri.Uri.AbsoluteUri) },
        TextReasoningContent or UsageContent or ErrorContent => null,
        _ => throw new ProviderFault(
            ModelCallReason.BadRequest, $"Gemini takes text, images, files and tools, not {content.GetType().Name}"),
    };

    private static GeminiFunctionResponse Response(FunctionResultContent result, Dictionary<string, string> names)
    {
        if (!names.TryGetValue(result.CallId, out var name))
        {
            throw new ProviderFault(
                ModelCallReason.BadRequest, $"the tool result for call \"{result.CallId}\" has no such call before it");
        }

        var value = ToolJson.Element(result.Result);
        return new(Id(result.CallId), name, value.ValueKind == JsonValueKind.Object ? value : Wrap(value));
    }

    /// <summary>The field is an object; the API documents the keys "output" and "error" for the rest.</summary>
    private static JsonElement Wrap(JsonElement value) =>
        ToolJson.Element(new Dictionary<string, object?> { ["output"] = value });

    private static string? Id(string callId) =>
        callId.StartsWith(OwnIdPrefix, StringComparison.Ordinal) ? null : callId;

    private static string? Signature(AIContent content) =>
        content.AdditionalProperties?.TryGetValue(SignatureKey, out var value) is true ? value?.ToString() : null;

    private static GeminiGenerationConfig Config(ChatOptions options)
    {
        var json = options.ResponseFormat as ChatResponseFormatJson;
        var schema = json?.Schema is { } given ? GeminiSchema.TryConvert(given) : null;
        return new GeminiGenerationConfig
        {
            Temperature = options.Temperature,
            TopP = options.TopP,
            TopK = options.TopK,
            MaxOutputTokens = options.MaxOutputTokens,
            StopSequences = options.StopSequences is { Count: > 0 } stops ? [.. stops] : null,
            PresencePenalty = options.PresencePenalty,
            FrequencyPenalty = options.FrequencyPenalty,
            Seed = options.Seed,
            ResponseMimeType = json is null ? null : "application/json",
            ResponseSchema = schema,
            ResponseJsonSchema = schema is null ? json?.Schema : null,
            ThinkingConfig = Thinking(options),
        };
    }

    /// <summary>
    /// Gemini 3 has levels, Gemini 2.5 budgets of tokens; each refuses the other's
    /// (https://ai.google.dev/gemini-api/docs/thinking).
    /// </summary>
    private static GeminiThinking? Thinking(ChatOptions options)
    {
        if (options.Reasoning is not { } reasoning)
        {
            return null;
        }

        var hasBudget = options.ModelId!.Contains("gemini-2.", StringComparison.Ordinal);
        bool? include = reasoning.Output is ReasoningOutput.Summary or ReasoningOutput.Full ? true : null;
        return hasBudget ? new(Budget(reasoning.Effort), null, include) : new(null, Level(reasoning.Effort), include);
    }

    private static int? Budget(ReasoningEffort? effort) => effort switch
    {
        ReasoningEffort.None => 0,
        ReasoningEffort.Low => 1024,
        ReasoningEffort.Medium => 8192,
        ReasoningEffort.High or ReasoningEffort.ExtraHigh => 24_576,
        _ => null,
    };

    private static string? Level(ReasoningEffort? effort) => effort switch
    {
        ReasoningEffort.None => "minimal",
        ReasoningEffort.Low => "low",
        ReasoningEffort.Medium => "medium",
        ReasoningEffort.High or ReasoningEffort.ExtraHigh => "high",
        _ => null,
    };
}
