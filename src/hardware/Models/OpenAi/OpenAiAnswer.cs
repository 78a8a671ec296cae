using Analemma.Models.Calls;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using ChatFinishReason = Microsoft.Extensions.AI.ChatFinishReason;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Analemma.Models.OpenAi;

/// <summary>The package's answers as ours.</summary>
internal static class OpenAiAnswer
{
    public static ChatResponse Read(ChatCompletion completion)
    {
        var contents = completion.Content.Select(Content).OfType<AIContent>()
            .Concat(completion.ToolCalls.Select(call =>
                ToolJson.Call(call.Id, call.FunctionName, call.FunctionArguments.ToString())))
            .ToList();
        var isRefusal = !string.IsNullOrEmpty(completion.Refusal);
        if (isRefusal)
        {
            contents.Add(new ErrorContent(completion.Refusal) { ErrorCode = "refusal" });
        }

        return new ChatResponse(new ChatMessage(ChatRole.Assistant, contents) { MessageId = completion.Id })
        {
            ResponseId = completion.Id,
            ModelId = completion.Model,
            FinishReason = isRefusal ? ChatFinishReason.ContentFilter : Finish(completion.FinishReason),
            Usage = completion.Usage is { } usage ? Usage(usage) : null,
        };
    }

    public static AIContent? Content(ChatMessageContentPart part) => part.Kind switch
    {
        ChatMessageContentPartKind.Text => new TextContent(part.Text),
        ChatMessageContentPartKind.Refusal => new ErrorContent(part.Refusal) { ErrorCode = "refusal" },
        _ => null,
    };

    public static ChatFinishReason Finish(OpenAI.Chat.ChatFinishReason reason) => reason switch
    {
        OpenAI.Chat.ChatFinishReason.Stop => ChatFinishReason.Stop,
        OpenAI.Chat.ChatFinishReason.Length => ChatFinishReason.Length,
        OpenAI.Chat.ChatFinishReason.ContentFilter => ChatFinishReason.ContentFilter,
        OpenAI.Chat.ChatFinishReason.ToolCalls or OpenAI.Chat.ChatFinishReason.FunctionCall =>
            ChatFinishReason.ToolCalls,
        _ => new ChatFinishReason(reason.ToString()),
    };

    public static UsageDetails Usage(ChatTokenUsage usage) => new()
    {
        InputTokenCount = usage.InputTokenCount,
        OutputTokenCount = usage.OutputTokenCount,
        TotalTokenCount = usage.TotalTokenCount,
        CachedInputTokenCount = usage.InputTokenDetails?.CachedTokenCount,
        ReasoningTokenCount = usage.OutputTokenDetails?.ReasoningTokenCount,
    };
}
