using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Analemma.Models;

/// <summary>
/// How many tokens something is, roughly: one for four bytes of UTF-8, which is the providers' own rule of thumb
/// (https://ai.google.dev/gemini-api/docs/tokens). For reservations, and where a provider reports nothing.
/// </summary>
public static class TokenEstimate
{
    private const int BytesPerToken = 4;

    /// <summary>Roles and separators around each message.</summary>
    private const int TokensPerMessage = 4;

    /// <summary>What Gemini charges for a small image, and the least of the three.</summary>
    private const int TokensPerImage = 258;

    /// <summary>Of a text.</summary>
    public static long Of(string text) => (Encoding.UTF8.GetByteCount(text) + BytesPerToken - 1) / BytesPerToken;

    /// <summary>Of a prompt with its instructions and tools.</summary>
    public static long Of(IEnumerable<ChatMessage> messages, ChatOptions? options = null) =>
        messages.Sum(message => TokensPerMessage + Of(message.Contents))
        + Of(options?.Instructions ?? "")
        + (options?.Tools ?? []).OfType<AIFunctionDeclaration>().Sum(Of)
        + Of((options?.ResponseFormat as ChatResponseFormatJson)?.Schema?.GetRawText() ?? "");

    /// <summary>Of what a message holds.</summary>
    public static long Of(IEnumerable<AIContent> contents) => contents.Sum(content => content switch
    {
        TextContent text => Of(text.Text),
        TextReasoningContent thought => Of(thought.Text),
        FunctionCallContent call => Of(call.Name) + Of(Json(call.Arguments)),
        FunctionResultContent result => Of(result.Result as string ?? Json(result.Result)),
        DataContent or UriContent => TokensPerImage,
        _ => 0,
    });

    private static long Of(AIFunctionDeclaration tool) =>
        Of(tool.Name) + Of(tool.Description) + Of(tool.JsonSchema.GetRawText());

    private static string Json(object? value) =>
        JsonSerializer.Serialize(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(object)));
}
