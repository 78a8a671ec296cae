using System.Text;
using Analemma.Models.Calls;
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
    public static long Of(string text) => Tokens(Bytes(text));

    /// <summary>Of a prompt with its instructions and tools.</summary>
    public static long Of(IEnumerable<ChatMessage> messages, ChatOptions? options = null) =>
        messages.Sum(message => TokensPerMessage + Of(message.Contents))
        + Of(options?.Instructions ?? "")
        + (options?.Tools ?? []).OfType<AIFunctionDeclaration>().Sum(Of)
        + Of((options?.ResponseFormat as ChatResponseFormatJson)?.Schema?.GetRawText() ?? "");

    /// <summary>Of what a message holds.</summary>
    public static long Of(IEnumerable<AIContent> contents)
    {
        // Rounded once: an answer that came in a thousand pieces is as long as the same in one.
        var (bytes, images) = (0L, 0L);
        foreach (var content in contents)
        {
            bytes += content switch
            {
                TextContent text => Bytes(text.Text),
                TextReasoningContent thought => Bytes(thought.Text),
                FunctionCallContent call => Bytes(call.Name) + Bytes(ToolJson.Arguments(call).GetRawText()),
                FunctionResultContent result => Bytes(ToolJson.Write(result.Result)),
                _ => 0,
            };
            images += content is DataContent or UriContent ? 1 : 0;
        }

        return Tokens(bytes) + (images * TokensPerImage);
    }

    private static long Of(AIFunctionDeclaration tool) =>
        Of(tool.Name) + Of(tool.Description) + Of(tool.JsonSchema.GetRawText());

    private static long Bytes(string text) => Encoding.UTF8.GetByteCount(text);

    private static long Tokens(long bytes) => (bytes + BytesPerToken - 1) / BytesPerToken;
}
