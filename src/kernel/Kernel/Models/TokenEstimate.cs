using System.Text;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Models;

/// <summary>
/// How many tokens a request has, without the model's tokenizer: what is likely, for queues and rates; and the most
/// that it can be, for budgets. A token has at least one byte of UTF-8.
/// </summary>
public readonly record struct TokenEstimate(long Likely, long Most)
{
    private const int BytesPerToken = 4;

    /// <summary>For role markers and the like, of every provider known.</summary>
    private const int PerMessageMost = 16;

    private const int PerMessageLikely = 4;

    private const int PerImageLikely = 1_024;

    public TokenEstimate Plus(TokenEstimate other) => new(Likely + other.Likely, Most + other.Most);

    /// <summary>One message of a conversation.</summary>
    public static TokenEstimate Of(ChatMessage message) =>
        Of(new Think { Messages = [message] }).Minus(Of(new Think()));

    internal static TokenEstimate Sum(IEnumerable<Conversations.MessageRef> messages) =>
        messages.Aggregate(default(TokenEstimate), (sum, message) => sum.Plus(message.Estimate));

    private TokenEstimate Minus(TokenEstimate other) => new(Likely - other.Likely, Most - other.Most);

    public static TokenEstimate Of(Think request)
    {
        long bytes = Bytes(request.Prompt) + Bytes(request.SystemInstruction) + Bytes(request.ResponseSchema);
        long images = request.Images?.Count ?? 0;
        long messages = 2;
        foreach (var message in request.Messages ?? [])
        {
            messages++;
            bytes += Bytes(message.Content) + Bytes(message.ToolCallId);
            images += message.Images?.Count ?? 0;
            foreach (var call in message.ToolCalls ?? [])
            {
                messages++;
                bytes += Bytes(call.Id) + Bytes(call.Name) + Bytes(call.Arguments) + Bytes(call.Signature);
            }
        }

        foreach (var tool in request.Tools ?? [])
        {
            messages++;
            bytes += Bytes(tool.Name) + Bytes(tool.Description) + Bytes(tool.Parameters);
        }

        return new TokenEstimate(
            (bytes / BytesPerToken) + (messages * PerMessageLikely) + (images * PerImageLikely),
            bytes + (messages * PerMessageMost) + (images * Limits.ImageTokensMax));
    }

    private static long Bytes(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);

    private static long Bytes(JsonElement? json) => json is { } some ? Bytes(some.GetRawText()) : 0;
}
