using System.Buffers.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Policy;

/// <summary>When an image is one that models take.</summary>
internal static class ImageRules
{
    /// <summary>Base64 of the bytes that tell the formats apart.</summary>
    private const int MagicChars = 16;

    private static readonly string[] Types = ["image/png", "image/jpeg", "image/webp", "image/gif"];

    public static IEnumerable<string> Problems(string field, IReadOnlyList<ImagePart>? images)
    {
        if (images?.Count > Limits.ImagesMax)
        {
            yield return $"{field} has {images.Count} items; at most {Limits.ImagesMax}";
        }

        for (var i = 0; i < images?.Count; i++)
        {
            if (images[i] is not { } image || !Types.Contains(image.MimeType, StringComparer.Ordinal))
            {
                yield return $"{field}[{i}].mime_type must be one of {string.Join(", ", Types)}";
            }
            else if (image.Data is not { Length: > 0 } data || !Base64.IsValid(data))
            {
                yield return $"{field}[{i}].data is not base64";
            }
            else if (Looks(data) is { } type && type != image.MimeType)
            {
                yield return $"{field}[{i}].mime_type is {image.MimeType}, and data is {type}";
            }
        }
    }

    /// <summary>The first image beyond the limit; for what is well-formed.</summary>
    public static SysError? TooLarge(Syscall syscall)
    {
        var (prompt, messages) = syscall switch
        {
            Think think => (think.Images, think.Messages),
            ConversationOpen open => (null, open.Messages),
            ConversationAppend append => (null, append.Messages),
            _ => (null, null),
        };
        var fields = new[] { (Field: "images", Images: prompt) }.Concat((messages ?? []).Select(
            (message, i) => (Field: $"messages[{i}].images", message.Images)));
        foreach (var (field, images) in fields)
        {
            for (var i = 0; i < images?.Count; i++)
            {
                var bytes = (long)images[i].Data.TrimEnd('=').Length * 3 / 4;
                if (bytes > Limits.ImageBytesMax)
                {
                    return new SysError(
                        SysErrorCode.TooLarge,
                        $"{field}[{i}] has {bytes} bytes; at most {Limits.ImageBytesMax}",
                        "send a smaller image")
                    {
                        Reason = "image_too_large",
                    };
                }
            }
        }

        return null;
    }

    /// <summary>By the first bytes, as the formats' specifications have them; null for what is none of them.</summary>
    private static string? Looks(string data)
    {
        var text = data.Length > MagicChars ? data[..MagicChars] : data;
        Span<byte> bytes = stackalloc byte[MagicChars];
        if (!Convert.TryFromBase64String(text, bytes, out var count))
        {
            return null;
        }

        ReadOnlySpan<byte> magic = bytes[..count];
        return magic.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47])
            ? "image/png"
            : magic.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? "image/jpeg"
            : magic.StartsWith("GIF8"u8) ? "image/gif"
            : magic.StartsWith("RIFF"u8) && magic.Length >= 12 && magic[8..].StartsWith("WEBP"u8) ? "image/webp"
            : null;
    }
}
