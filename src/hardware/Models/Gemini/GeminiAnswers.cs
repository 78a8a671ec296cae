using Analemma.Models.Calls;
using Analemma.Models.Http;
using Microsoft.Extensions.AI;

namespace Analemma.Models.Gemini;

/// <summary>What Gemini answers, as ours.</summary>
internal sealed class GeminiAnswers
{
    private int _calls;

    public ChatResponseUpdate Read(GeminiAnswer answer)
    {
        if (answer.Error is { } error)
        {
            throw ErrorReasons.Fault(null, ErrorAnswer.Read(error), null);
        }

        var candidate = answer.Candidates is { Count: > 0 } candidates ? candidates[0] : null;
        if (candidate is null && answer.PromptFeedback?.BlockReason is { } block)
        {
            throw new ProviderFault(ModelCallReason.ContentBlocked, $"the prompt was blocked ({block})");
        }

        var contents = (candidate?.Content?.Parts ?? [])
            .Select(part => Content(part, answer))
            .OfType<AIContent>()
            .ToList();
        if (answer.UsageMetadata is { } usage)
        {
            contents.Add(new UsageContent(Usage(usage)));
        }

        return new ChatResponseUpdate(ChatRole.Assistant, contents)
        {
            FinishReason = Finish(candidate),
            ModelId = answer.ModelVersion,
            ResponseId = answer.ResponseId,
            MessageId = answer.ResponseId,
        };
    }

    private static UsageDetails Usage(GeminiUsage usage) => new()
    {
        InputTokenCount = Sum(usage.PromptTokenCount, usage.ToolUsePromptTokenCount),
        OutputTokenCount = Sum(usage.CandidatesTokenCount, usage.ThoughtsTokenCount),
        TotalTokenCount = usage.TotalTokenCount,
        CachedInputTokenCount = usage.CachedContentTokenCount,
        ReasoningTokenCount = usage.ThoughtsTokenCount,
    };

    private static long? Sum(long? count, long? more) =>
        count is null && more is null ? null : long.CreateSaturating((Int128)(count ?? 0) + (more ?? 0));

    private AIContent? Content(GeminiPart part, GeminiAnswer answer)
    {
        AIContent? content = part switch
        {
            { FunctionCall: { } call } => Call(call, answer),
            { Thought: true } => new TextReasoningContent(part.Text) { ProtectedData = part.ThoughtSignature },
            { Text: { } text } => new TextContent(text),
            { InlineData: { } blob } => new DataContent(Convert.FromBase64String(blob.Data), blob.MimeType),
            _ => null,
        };
        if (content is not (null or TextReasoningContent) && part.ThoughtSignature is { } signature)
        {
            content.AdditionalProperties = new() { [GeminiRequests.SignatureKey] = signature };
        }

        return content;
    }

    private FunctionCallContent Call(GeminiFunctionCall call, GeminiAnswer answer)
    {
        var name = call.Name
            ?? throw new ProviderFault(ModelCallReason.MalformedAnswer, "a function call has no name");
        var id = call.Id ?? $"{GeminiRequests.OwnIdPrefix}{answer.ResponseId ?? "call"}-{_calls}";
        _calls++;
        return new FunctionCallContent(id, name, call.Args is { } args ? ToolJson.Parse(args) : []);
    }

    /// <summary>https://ai.google.dev/api/generate-content#FinishReason</summary>
    private ChatFinishReason? Finish(GeminiCandidate? candidate) => candidate?.FinishReason switch
    {
        null or "FINISH_REASON_UNSPECIFIED" => null,
        "STOP" => _calls > 0 ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
        "MAX_TOKENS" => ChatFinishReason.Length,
        "SAFETY" or "RECITATION" or "LANGUAGE" or "BLOCKLIST" or "PROHIBITED_CONTENT" or "SPII" or "IMAGE_SAFETY" =>
            ChatFinishReason.ContentFilter,
        "MALFORMED_FUNCTION_CALL" or "UNEXPECTED_TOOL_CALL" => throw new ProviderFault(
            ModelCallReason.MalformedAnswer,
            $"the model's function call is invalid ({candidate.FinishMessage ?? candidate.FinishReason})"),
        var other => new ChatFinishReason(other.ToLowerInvariant()),
    };
}
