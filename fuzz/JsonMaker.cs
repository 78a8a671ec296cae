using System.Text;

namespace Analemma.Fuzz;

/// <summary>Makes JSON texts, and then breaks most of them, byte by byte.</summary>
internal sealed class JsonMaker(ulong seed) : ICases
{
    private static readonly string[] Scalars =
    [
        "null", "true", "false", "0", "-0", "1", "1.0", "-1.5e-7", "1e400", "123456789012345678901234567890",
        "9223372036854775807", "9223372036854775808", "\"\"", "\"a\"", "\"\\u00e9\\n\"", "\"\\ud83d\\ude00\"",
        "\"\\ud800\"", "\"é\"", "\"😀\"", "[]", "{}",
    ];

    private static readonly string[] Names = ["a", "b", "a", "", "\\u0061", "é", "long name of something"];

    private static readonly byte[] Bytes =
    [
        .. Encoding.UTF8.GetBytes("{}[],:\"\\/ \n\t0123456789+-.eEtrufalsn"),
        0, 0x7F, 0x80, 0xC3, 0xED, 0xA0, 0xF4, 0xFF,
    ];

    public byte[] Make(ulong number, int partsMax)
    {
        FuzzRandom random = new(seed, number);
        StringBuilder text = new();
        Value(text, ref random, 0);
        List<byte> bytes = [.. Encoding.UTF8.GetBytes(text.ToString())];
        for (var times = random.Below(4); times > 0 && bytes.Count > 0; times--)
        {
            var at = random.Below(bytes.Count);
            if (random.OneIn(3))
            {
                bytes.RemoveAt(at);
            }
            else if (random.OneIn(2))
            {
                bytes[at] = random.Pick(Bytes);
            }
            else
            {
                bytes.Insert(at, random.Pick(Bytes));
            }
        }

        return [.. bytes];
    }

    private static void Value(StringBuilder text, ref FuzzRandom random, int depth)
    {
        var kind = depth > 6 ? 0 : random.Below(3);
        if (kind == 0)
        {
            text.Append(random.Pick(Scalars));
            return;
        }

        text.Append(kind == 1 ? '[' : '{');
        for (var i = random.Below(5); i > 0; i--)
        {
            if (kind == 2)
            {
                text.Append('"').Append(random.Pick(Names)).Append("\":");
            }

            Value(text, ref random, depth + 1);
            text.Append(i > 1 ? "," : "");
        }

        text.Append(kind == 1 ? ']' : '}');
    }
}
