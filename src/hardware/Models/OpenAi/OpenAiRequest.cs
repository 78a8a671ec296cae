using Analemma.Models.Calls;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;
using ChatResponseFormat = OpenAI.Chat.ChatResponseFormat;

namespace Analemma.Models.OpenAi;

/// <summary>Our messages and options as the package's.</summary>
/// <param name="isOpenAi">Whether it is OpenAI itself, which has its own name for the limit on tokens.</param>
internal sealed class OpenAiRequest(bool isOpenAi)
{
    public static List<OpenAI.Chat.ChatMessage> Messages(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        var list = messages.SelectMany(Of).ToList();
        if (!string.IsNullOrWhiteSpace(options?.Instructions))
        {
            list.Insert(0, new SystemChatMessage(options.Instructions));
        }

        return list;
    }

    public ChatCompletionOptions Options(ChatOptions options)
    {
        var own = new ChatCompletionOptions
        {
            Temperature = options.Temperature,
            TopP = options.TopP,
            FrequencyPenalty = options.FrequencyPenalty,
            PresencePenalty = options.PresencePenalty,
            ResponseFormat = Format(options.ResponseFormat),
        };
        LimitTokens(own, options.MaxOutputTokens);
        foreach (var stop in options.StopSequences ?? [])
        {
            own.StopSequences.Add(stop);
        }

#pragma warning disable OPENAI001 // The package calls these experimental; the API does not.
        own.Seed = options.Seed;
        own.ReasoningEffortLevel = Effort(options.Reasoning?.Effort);
#pragma warning restore OPENAI001
        AddTools(own, options);
        return own;
    }

    private static IEnumerable<OpenAI.Chat.ChatMessage> Of(ChatMessage message)
    {
        if (message.Role == ChatRole.System)
        {
            return [new SystemChatMessage(message.Text)];
        }

        if (message.Role == ChatRole.Assistant)
        {
            return [Assistant(message)];
        }

        // Tool results may come in a message of the role tool or among what a user says.
        IEnumerable<OpenAI.Chat.ChatMessage> results = message.Contents.OfType<FunctionResultContent>()
            .Select(result => new ToolChatMessage(result.CallId, ToolJson.Write(result.Result)));
        var parts = message.Contents.Select(Part).OfType<ChatMessageContentPart>().ToList();
        return parts.Count == 0 ? results : results.Append(new UserChatMessage(parts));
    }

    private static AssistantChatMessage Assistant(ChatMessage message)
    {
        var calls = message.Contents.OfType<FunctionCallContent>()
            .Select(call => ChatToolCall.CreateFunctionToolCall(
                call.CallId, call.Name, BinaryData.FromString(ToolJson.Arguments(call).GetRawText())))
            .ToList();
        if (calls.Count == 0)
        {
            return new AssistantChatMessage(message.Text);
        }

        var assistant = new AssistantChatMessage(calls);
        if (message.Text.Length > 0)
        {
            assistant.Content.Add(ChatMessageContentPart.CreateTextPart(message.Text));
        }

        return assistant;
    }

    private static ChatMessageContentPart? Part(AIContent content) => content switch
    {
        TextContent text => ChatMessageContentPart.CreateTextPart(text.Text),
        DataContent data when data.HasTopLevelMediaType("image") =>
            ChatMessageContentPart.CreateImagePart(BinaryData.FromBytes(data.Data), data.MediaType),
        UriContent uri when uri.HasTopLevelMediaType("image") => ChatMessageContentPart.CreateImagePart(uri.Uri),
        FunctionResultContent or TextReasoningContent or UsageContent or ErrorContent => null,
        DataContent data => throw Inexpressible($"data of type {data.MediaType}"),
        _ => throw Inexpressible(content.GetType().Name),
    };

    private static ProviderFault Inexpressible(string what) =>
        new(ModelCallReason.BadRequest, $"chat completions take text and images here, not {what}");

    private static ChatResponseFormat? Format(Microsoft.Extensions.AI.ChatResponseFormat? format) => format switch
    {
        ChatResponseFormatJson { Schema: { } schema } json => ChatResponseFormat.CreateJsonSchemaFormat(
            json.SchemaName ?? "answer",
            BinaryData.FromString(schema.GetRawText()),
            json.SchemaDescription,
            IsStrict(json)),
        ChatResponseFormatJson => ChatResponseFormat.CreateJsonObjectFormat(),
        _ => null,
    };

    /// <summary>
    /// Strict mode refuses a schema that leaves a property optional or open
    /// (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas), so it is asked only of others.
    /// </summary>
    private static bool IsStrict(ChatResponseFormatJson json) =>
        json.Schema is { } schema
        && schema.TryGetProperty("additionalProperties", out var open)
        && open.ValueKind == System.Text.Json.JsonValueKind.False
        && schema.TryGetProperty("properties", out var properties)
        && schema.TryGetProperty("required", out var required)
        && properties.EnumerateObject().Count() == required.GetArrayLength();

#pragma warning disable OPENAI001
    private static ChatReasoningEffortLevel? Effort(ReasoningEffort? effort) => effort switch
    {
        // Typed: the package turns a bare null into a level without a value.
        null => (ChatReasoningEffortLevel?)null,
        ReasoningEffort.None => ChatReasoningEffortLevel.None,
        ReasoningEffort.Low => ChatReasoningEffortLevel.Low,
        ReasoningEffort.Medium => ChatReasoningEffortLevel.Medium,
        _ => ChatReasoningEffortLevel.High,
    };
#pragma warning restore OPENAI001

    private static void AddTools(ChatCompletionOptions own, ChatOptions options)
    {
        foreach (var tool in (options.Tools ?? []).OfType<AIFunctionDeclaration>())
        {
            own.Tools.Add(ChatTool.CreateFunctionTool(
                tool.Name, tool.Description, BinaryData.FromString(tool.JsonSchema.GetRawText())));
        }

        if (own.Tools.Count > 0)
        {
            own.ToolChoice = options.ToolMode switch
            {
                NoneChatToolMode => ChatToolChoice.CreateNoneChoice(),
                RequiredChatToolMode { RequiredFunctionName: { } name } => ChatToolChoice.CreateFunctionChoice(name),
                RequiredChatToolMode => ChatToolChoice.CreateRequiredChoice(),
                AutoChatToolMode => ChatToolChoice.CreateAutoChoice(),
                _ => null,
            };
            own.AllowParallelToolCalls = options.AllowMultipleToolCalls;
        }
    }

    /// <summary>OpenAI deprecated max_tokens, which is all that several compatible servers know.</summary>
    private void LimitTokens(ChatCompletionOptions own, int? most)
    {
        if (isOpenAi || most is null)
        {
            own.MaxOutputTokenCount = most;
            return;
        }

#pragma warning disable SCME0001 // The package's way to send a field that it has no property for.
        own.Patch.Set("$.max_tokens"u8, most.Value);
#pragma warning restore SCME0001
    }
}
