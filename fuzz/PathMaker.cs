using System.Text;

namespace Analemma.Fuzz;

/// <summary>
/// Makes paths and calls of intrinsic functions with an input each: by the grammar, and then now and then broken. The
/// text, a byte of zero, the input as JSON.
/// </summary>
internal sealed class PathMaker(ulong seed) : ICases
{
    private static readonly string[] Starts = ["$", "$", "$", "$$", "$v", "", "a", "$$$"];

    private static readonly string[] Steps =
    [
        ".a", ".b", "['a']", "[\"b\"]", "['a','b']", ".*", "[*]", "..a", "..*", "[0]", "[-1]", "[0,2]",
        "[1:3]", "[:-1]",
        "[::2]", "[?(@.a > 1)]", "[?(@.a && @.b)]", "[?(@.a =~ /a+b/i)]", "[?(@.a in ['x', 'y'])]", "[?(!@.a)]",
        "[?(@ == $.b)]", "[?(@.a size 2)]", "[?(@..a empty true)]", "[99999999999999999999]", "[-2147483649]",
        "[2147483647:]", "['\\u0061']", "['é😀']", "[]", "[?()]", "[?(@.a =~ /(a|aa)+$/)]", "..['a']..", "._a-b", ".$",
    ];

    private static readonly string[] Ends =
    [
        "", "", "", ".length()", ".sum()", ".min()", ".max()", ".avg()", ".stddev()", ".keys()", ".first()",
        ".index(0)",
        ".concat('a')", ".append(1)", ".nothing()",
    ];

    private static readonly string[] Calls =
    [
        "States.Format('{} {}', _, _)", "States.Array(_, _)", "States.ArrayPartition(_, 2)",
        "States.ArrayRange(1, 9, 2)",
        "States.ArrayRange(0, 99999999999, 1)", "States.ArrayContains(_, _)", "States.ArrayGetItem(_, 1)",
        "States.ArrayLength(_)", "States.ArrayUnique(_)", "States.Base64Encode(_)", "States.Base64Decode(_)",
        "States.Hash(_, 'SHA-256')", "States.JsonMerge(_, _, false)", "States.StringToJson(_)",
        "States.JsonToString(_)",
        "States.MathRandom(1, 5)", "States.MathAdd(_, 9223372036854775807)", "States.StringSplit(_, ',')",
        "States.UUID()", "States.Format('{}', 'it\\'s \\{\\}', _)", "States.Nothing(_)",
    ];

    private static readonly string[] Arguments =
        ["$.a", "$.b[0]", "$$", "$v.x", "1", "-1.5e9", "'text'", "null", "true", "1e999", "$..a", "''"];

    private readonly JsonMaker _inputs = new(seed);

    public byte[] Make(ulong number, int partsMax)
    {
        FuzzRandom random = new(seed ^ 0x50415448, number);
        StringBuilder text = new();
        if (random.OneIn(3))
        {
            Call(text, ref random, 0);
        }
        else
        {
            text.Append(random.Pick(Starts));
            for (var steps = random.Below(7); steps > 0; steps--)
            {
                text.Append(random.Pick(Steps));
            }

            text.Append(random.Pick(Ends));
        }

        for (var times = random.OneIn(3) ? random.Below(4) : 0; times > 0 && text.Length > 0; times--)
        {
            var at = random.Below(text.Length);
            switch (random.Below(3))
            {
                case 0:
                    text.Remove(at, 1);
                    break;
                case 1:
                    text[at] = (char)(1 + random.Below(0x24F));
                    break;
                default:
                    text.Insert(at, text[random.Below(text.Length)]);
                    break;
            }
        }

        return [.. Encoding.UTF8.GetBytes(text.ToString()), 0, .. _inputs.Make(number, 1)];
    }

    private static void Call(StringBuilder text, ref FuzzRandom random, int depth)
    {
        var form = random.Pick(Calls);
        foreach (var character in form)
        {
            if (character != '_')
            {
                text.Append(character);
            }
            else if (depth < 4 && random.OneIn(4))
            {
                Call(text, ref random, depth + 1);
            }
            else
            {
                text.Append(random.Pick(Arguments));
            }
        }
    }
}
