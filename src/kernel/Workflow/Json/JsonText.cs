using System.Globalization;
using System.Text;

namespace Analemma.Workflow.Json;

/// <summary>
/// Strings between JSON and memory. A surrogate alone, which JSON's escapes can say and UTF-8 cannot, is kept, and
/// written as its escape (well-formed JSON.stringify, ECMA-262 §25.5.2.3).
/// </summary>
internal static class JsonText
{
    /// <summary>A string's inner bytes, which a reader has checked for syntax.</summary>
    /// <exception cref="DecoderFallbackException">They are not UTF-8.</exception>
    public static string Unescape(ReadOnlySpan<byte> raw, UTF8Encoding strict)
    {
        StringBuilder text = new(raw.Length);
        while (!raw.IsEmpty)
        {
            var plain = raw.IndexOf((byte)'\\');
            if (plain < 0)
            {
                return text.Append(strict.GetString(raw)).ToString();
            }

            text.Append(strict.GetString(raw[..plain]));
            var escape = raw[plain + 1];
            raw = raw[(plain + 2)..];
            if (escape == (byte)'u')
            {
                text.Append((char)ushort.Parse(raw[..4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                raw = raw[4..];
                continue;
            }

            text.Append(escape switch
            {
                (byte)'b' => '\b',
                (byte)'f' => '\f',
                (byte)'n' => '\n',
                (byte)'r' => '\r',
                (byte)'t' => '\t',
                _ => (char)escape,
            });
        }

        return text.ToString();
    }
}
