using System.Globalization;
using System.Text;

namespace Analemma.Kernel.Network;

/// <summary>
/// Paths in the one form that is compared and sent, so that a server sees what a rule saw: RFC 3986 section 6.2.2, that
/// is unreserved characters decoded, other escapes in upper case, dot segments gone. What is still ambiguous after that
/// (an escaped slash beside dots, dots before a semicolon) is refused.
/// </summary>
internal static class UrlPath
{
    private const string AllowedRaw = "/:@!$&'()*+,;=-._~[]{}|^`\"<>";

    /// <summary>Null, with the reason, when it has no such form.</summary>
    public static string? Canonical(string path, out string? problem)
    {
        problem = null;
        if (path.Length == 0)
        {
            return "/";
        }

        if (Normalise(path, AllowedRaw, out problem) is not { } normal)
        {
            return null;
        }

        if (Array.Find(normal.Split('/'), IsAmbiguous) is { } odd)
        {
            problem = $"the path has a segment {odd}, which servers read in more than one way";
            return null;
        }

        return RemoveDots(normal);
    }

    /// <summary>A query: the same escapes, and no dots to remove.</summary>
    public static string? CanonicalQuery(string query, out string? problem) =>
        Normalise(query, AllowedRaw + "?\\", out problem);

    private static string? Normalise(string text, string allowed, out string? problem)
    {
        problem = null;
        var normal = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var character = text[i];
            if (character == '%')
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                {
                    problem = "a % is not followed by two hexadecimal digits";
                    return null;
                }

                Append(normal, byte.Parse(
                    text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 2;
            }
            else if (char.IsAsciiLetterOrDigit(character) || allowed.Contains(character, StringComparison.Ordinal))
            {
                if (IsSafe(character))
                {
                    normal.Append(character);
                }
                else
                {
                    AppendEscape(normal, (byte)character);
                }
            }
            else if (!char.IsAscii(character))
            {
                var length = char.IsHighSurrogate(character) && i + 1 < text.Length ? 2 : 1;
                foreach (var part in Encoding.UTF8.GetBytes(text.Substring(i, length)))
                {
                    AppendEscape(normal, part);
                }

                i += length - 1;
            }
            else
            {
                problem = character is > ' ' and < '\x7F'
                    ? $"it has a {character}, which must be written as %{(int)character:X2}"
                    : "it has a space or a control character";
                return null;
            }
        }

        return normal.ToString();
    }

    /// <summary>Characters that RFC 3986 lets stand as they are; the others are sent escaped.</summary>
    private static bool IsSafe(char character) =>
        character is not ('[' or ']' or '{' or '}' or '|' or '\\' or '^' or '`' or '"' or '<' or '>');

    private static void Append(StringBuilder normal, byte decoded)
    {
        var character = (char)decoded;
        if (char.IsAsciiLetterOrDigit(character) || character is '-' or '.' or '_' or '~')
        {
            normal.Append(character);
        }
        else
        {
            AppendEscape(normal, decoded);
        }
    }

    private static void AppendEscape(StringBuilder normal, byte value) =>
        normal.Append(CultureInfo.InvariantCulture, $"%{value:X2}");

    private static bool IsAmbiguous(string segment)
    {
        // Never in UTF-8: an overlong form of something else.
        if (segment.Contains("%C0", StringComparison.Ordinal) || segment.Contains("%C1", StringComparison.Ordinal))
        {
            return true;
        }

        var hidden = segment.Contains("%2F", StringComparison.Ordinal)
            || segment.Contains("%5C", StringComparison.Ordinal)
            || segment.Contains("%00", StringComparison.Ordinal)
            || segment.Contains("%25", StringComparison.Ordinal);
        if (hidden && (segment.Contains("..", StringComparison.Ordinal)
            || segment.Contains("%252E", StringComparison.OrdinalIgnoreCase)
            || segment.Contains("%00", StringComparison.Ordinal)))
        {
            return true;
        }

        var name = segment.Split(';')[0];
        return segment.Contains(';', StringComparison.Ordinal) && name is "." or "..";
    }

    /// <summary>RFC 3986 section 5.2.4, on an absolute path.</summary>
    private static string RemoveDots(string path)
    {
        List<string> kept = [];
        var segments = path.Split('/')[1..];
        for (var i = 0; i < segments.Length; i++)
        {
            var isLast = i == segments.Length - 1;
            switch (segments[i])
            {
                case ".." when kept.Count > 0:
                    kept.RemoveAt(kept.Count - 1);
                    break;
                case "." or "..":
                    break;
                default:
                    kept.Add(segments[i]);
                    continue;
            }

            if (isLast)
            {
                kept.Add("");
            }
        }

        return "/" + string.Join('/', kept);
    }
}
