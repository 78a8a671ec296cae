using System.Text;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Jsonata.Functions;

/// <summary>Base64 and percent-encoding, as ECMA-262 §19.2.6 has it.</summary>
internal static class Encodings
{
    private const string Unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()";
    private const string Reserved = ";/?:@&=+$,#";

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Of characters as bytes: what is above 255 loses its upper half.</summary>
    public static JsonValue Base64Encode(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var text = call.Text(0);
        call.Run.SpendText(text.Length * 2L);
        return Convert.ToBase64String(Array.ConvertAll(text.ToCharArray(), character => (byte)(character & 0xFF)));
    }

    /// <summary>Forgiving: what is not of the alphabet is passed over, and nothing follows a padding.</summary>
    public static JsonValue Base64Decode(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        StringBuilder decoded = new();
        var (bits, count) = (0, 0);
        foreach (var character in call.Text(0))
        {
            if (character == '=')
            {
                break;
            }

            var value = SextetOf(character);
            if (value < 0)
            {
                continue;
            }

            bits = ((bits << 6) | value) & 0xFFFFF;
            count += 6;
            if (count >= 8)
            {
                count -= 8;
                decoded.Append((char)((bits >> count) & 0xFF));
            }
        }

        return decoded.ToString();
    }

    public static JsonValue EncodeUrlComponent(in Call call) => Encode(call, Unreserved, "encodeUrlComponent");

    public static JsonValue EncodeUrl(in Call call) => Encode(call, Unreserved + Reserved, "encodeUrl");

    public static JsonValue DecodeUrlComponent(in Call call) => Decode(call, "", "decodeUrlComponent");

    public static JsonValue DecodeUrl(in Call call) => Decode(call, Reserved, "decodeUrl");

    private static int SextetOf(char character) => character switch
    {
        >= 'A' and <= 'Z' => character - 'A',
        >= 'a' and <= 'z' => character - 'a' + 26,
        >= '0' and <= '9' => character - '0' + 52,
        '+' or '-' => 62,
        '/' or '_' => 63,
        _ => -1,
    };

    private static JsonValue Encode(in Call call, string plain, string function)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var text = call.Text(0);
        call.Run.SpendText(text.Length * 3L);
        StringBuilder encoded = new(text.Length);
        try
        {
            foreach (var octet in Strict.GetBytes(text))
            {
                if (octet < 128 && plain.Contains((char)octet, StringComparison.Ordinal))
                {
                    encoded.Append((char)octet);
                }
                else
                {
                    encoded.Append('%').Append(Convert.ToHexString([octet]));
                }
            }
        }
        catch (EncoderFallbackException)
        {
            throw Malformed(text, function);
        }

        return encoded.ToString();
    }

    private static JsonValue Decode(in Call call, string kept, string function)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var text = call.Text(0);
        StringBuilder decoded = new(text.Length);
        for (var i = 0; i < text.Length;)
        {
            if (text[i] != '%')
            {
                decoded.Append(text[i++]);
                continue;
            }

            var start = i;
            var bytes = Octets(text, ref i, function);
            var character = Character(bytes, text, function);
            decoded.Append(character.Length == 1 && kept.Contains(character, StringComparison.Ordinal)
                ? text[start..i]
                : character);
        }

        return decoded.ToString();
    }

    /// <summary>The bytes of one character: as many as the first one says.</summary>
    private static byte[] Octets(string text, ref int at, string function)
    {
        var first = Octet(text, ref at, function);
        var count = first switch
        {
            < 0x80 => 1,
            >= 0xC2 and < 0xE0 => 2,
            >= 0xE0 and < 0xF0 => 3,
            >= 0xF0 and < 0xF5 => 4,
            _ => throw Malformed(text, function),
        };
        var octets = new byte[count];
        octets[0] = first;
        for (var i = 1; i < count; i++)
        {
            octets[i] = Octet(text, ref at, function);
        }

        return octets;
    }

    private static byte Octet(string text, ref int at, string function)
    {
        if (at + 2 >= text.Length || text[at] != '%'
            || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2]))
        {
            throw Malformed(text, function);
        }

        at += 3;
        return Convert.FromHexString(text.AsSpan(at - 2, 2))[0];
    }

    private static string Character(byte[] octets, string text, string function)
    {
        try
        {
            return Strict.GetString(octets);
        }
        catch (DecoderFallbackException)
        {
            throw Malformed(text, function);
        }
    }

    private static JsonataException Malformed(string text, string function) =>
        new("D3140", text) { Text = function };
}
