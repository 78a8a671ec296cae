using System.Text.Json;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Conversations;

namespace Analemma.Kernel.Models;

/// <summary>
/// Tells whether an agent asks the same again. 64 bits, the same on every machine; whoever makes two requests collide
/// on purpose only stops itself.
/// </summary>
internal static class RequestHash
{
    private const ulong Offset = 0xCBF29CE484222325;
    private const ulong Prime = 0x9E3779B97F4A7C15;
    private const int ImageSamples = 4_096;

    /// <summary>The same question again in a conversation that went on is not the same.</summary>
    public static ulong Of(Think request, ConversationTurn? turn)
    {
        var hash = Of(request);
        return turn is { Input.Messages: var said }
            ? Mix(Mix(hash, (ulong)turn.Conversation), said.Count == 0 ? 0 : (ulong)said[^1].Body)
            : hash;
    }

    public static ulong Of(Think request)
    {
        var hash = Text(Text(Text(Offset, request.Model), request.Prompt), request.SystemInstruction);
        foreach (var message in request.Messages ?? [])
        {
            hash = Text(Text(Mix(hash, (ulong)message.Role), message.Content), message.ToolCallId);
            foreach (var call in message.ToolCalls ?? [])
            {
                hash = Json(Text(Text(hash, call.Id), call.Name), call.Arguments);
            }

            hash = Images(hash, message.Images);
        }

        foreach (var tool in request.Tools ?? [])
        {
            hash = Json(Text(Text(hash, tool.Name), tool.Description), tool.Parameters);
        }

        hash = Mix(Text(hash, request.ToolChoice), unchecked((ulong)(request.Seed ?? 0)));
        return Images(Json(hash, request.ResponseSchema), request.Images);
    }

    /// <summary>Samples of each image: they are large, and the kernel has one writer.</summary>
    private static ulong Images(ulong hash, IReadOnlyList<ImagePart>? images)
    {
        foreach (var image in images ?? [])
        {
            var step = 1 + (image.Data.Length / ImageSamples);
            for (var at = 0; at < image.Data.Length; at += step)
            {
                hash = Mix(hash, image.Data[at]);
            }

            hash = Mix(hash, (ulong)image.Data.Length);
        }

        return hash;
    }

    private static ulong Json(ulong hash, JsonElement? json) => Text(hash, json?.GetRawText());

    private static ulong Text(ulong hash, string? text)
    {
        if (text is null)
        {
            return Mix(hash, ulong.MaxValue);
        }

        var at = 0;
        for (; at + 4 <= text.Length; at += 4)
        {
            hash = Mix(hash, text[at] | ((ulong)text[at + 1] << 16)
                | ((ulong)text[at + 2] << 32) | ((ulong)text[at + 3] << 48));
        }

        for (; at < text.Length; at++)
        {
            hash = Mix(hash, text[at]);
        }

        return Mix(hash, (ulong)text.Length);
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        unchecked
        {
            hash = (hash ^ value) * Prime;
            return hash ^ (hash >> 29);
        }
    }
}
