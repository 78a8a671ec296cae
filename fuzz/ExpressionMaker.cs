using System.Text;

namespace Analemma.Fuzz;

/// <summary>
/// Makes JSONata expressions with an input each: by the grammar, so that most of them run, and then now and then
/// broken. The text, a byte of zero, the input as JSON.
/// </summary>
internal sealed class ExpressionMaker(ulong seed) : ICases
{
    private const int DepthMax = 5;

    private static readonly string[] Names = ["a", "b", "c", "d", "items", "`a b`", "\"c\""];

    private static readonly string[] Literals =
    [
        "0", "1", "2", "-1", "0.1", "3.14159", "1e3", "100", "true", "false", "null", "''", "'a'", "'b c'", "'éß'",
        "\"2018-01-02\"", "[]", "{}", "[1, 2, 3]", "['b', 'a']", "[1..4]", "{'a': 1, 'b': 'x'}", "[[1], [2, 3]]",
    ];

    private static readonly string[] Infix =
    [
        "+", "-", "*", "/", "%", "&", "=", "!=", "<", "<=", ">", ">=", "and", "or", "in", "?:", "??", ".", ".", ".",
    ];

    /// <summary>Functions whose result depends on their arguments alone; _ stands for one.</summary>
    private static readonly string[] Calls =
    [
        "$sum(_)", "$count(_)", "$max(_)", "$min(_)", "$average(_)", "$string(_)", "$substring(_, 1)",
        "$substring(_, -2, 1)", "$substringBefore(_, 'a')", "$substringAfter(_, 'b')", "$lowercase(_)",
        "$uppercase(_)", "$length(_)", "$trim(_)", "$pad(_, 5)", "$pad(_, -5, '#')", "$contains(_, 'a')",
        "$contains(_, /[a-c]/)", "$split(_, ' ')", "$split(_, /b/)", "$join(_, '-')", "$match(_, /a(.)?/)",
        "$replace(_, 'a', 'z')", "$replace(_, /[ab]/, '<$0>')", "$number(_)", "$abs(_)", "$floor(_)", "$ceil(_)",
        "$round(_)", "$round(_, 1)", "$power(_, 2)", "$sqrt(_)", "$formatNumber(_, '#,##0.00')", "$formatBase(_, 2)",
        "$formatInteger(_, 'w')", "$formatInteger(_, '#,##0')", "$boolean(_)", "$not(_)", "$exists(_)", "$append(_, _)",
        "$reverse(_)", "$sort(_)", "$distinct(_)", "$zip(_, _)", "$keys(_)", "$lookup(_, 'a')", "$spread(_)",
        "$merge(_)", "$type(_)", "$map(_, function($v, $i) { _ })", "$filter(_, function($v) { _ })",
        "$reduce(_, function($x, $y) { _ })", "$single(_, function($v) { _ })", "$each(_, function($v, $k) { _ })",
        "$sift(_, function($v, $k) { _ })", "$sort(_, function($l, $r) { $l > $r })", "$base64encode(_)",
        "$encodeUrlComponent(_)", "$fromMillis(_)", "$fromMillis(_, '[Y]-[M01]-[D01] [FNn] [W]')", "$toMillis(_)",
        "$clone(_)", "$map(_, $string)", "$map(_, $uppercase)", "_ ~> $string", "_ ~> $append(_)",
    ];

    private static readonly string[] Forms =
    [
        "(_)", "[_]", "[_, _]", "{'k': _}", "{'k': _, 'l': _}", "_[_]", "_[0]", "_[-1]", "_[]", "_[_ > 1]",
        "_ ? _ : _", "_ ? _", "($x := _; _)", "($f := function($x) { _ }; $f(_))", "(function($x, $y) { _ })(_, _)",
        "_.{'k': _}", "_{$string(_): _}", "_^(_)", "_^(>a, <b)", "_.*", "_.**", "*", "**", "$", "$$", "$v", "$x", "-_",
        "items@$i.b", "items#$i.[a, $i]",
        "items@$i.items@$j[$i.a = $j.a].{'x': $i.a}", "items.b.%.a", "items.(a & b)",
        "_ ~> |_|{'z': _}|", "_ ~> |items|{}, 'a'|", "[_.._]", "_.[_]", "_.(_)", "items.a",
        "$substring(?, 0, 2)($string(_))",
    ];

    private static readonly string[] Debris =
    [
        "(", ")", "[", "]", "{", "}", "'", "\"", "`", "$", "%", "@", "#", "^", "|", "~>", ":=", "?", ":", ";", ",",
        "..", "**", "/", "//", "/*", "\\", "\\u", "function", "function(", "λ", "<a<n>:n>", "0", "1e999",
        "\u0000", "\ud83d",
    ];

    private static readonly string[] Inputs =
    [
        "null", "5", "\"a b\"", "[]", "{}", "[1,2,3]", "[\"b\",\"a\"]", "{\"a\":1,\"b\":\"x\",\"c\":[1,2,{\"a\":3}]}",
        "{\"a b\":{\"c\":[[1],[2,[3]]]},"
            + "\"items\":[{\"a\":2,\"b\":\"y\"},{\"a\":1,\"b\":\"z\",\"c\":null},{\"b\":[1]}]}",
        "[{\"a\":1,\"items\":[{\"a\":1,\"b\":2}]},{\"a\":\"1\",\"d\":true},[{\"a\":0.5}]]",
        "{\"items\":[{\"a\":3,\"b\":\"é\",\"items\":[{\"a\":3}]},"
            + "{\"a\":1,\"b\":\"b\"},{\"a\":2}],\"d\":{\"d\":{\"d\":-1}}}",
    ];

    /// <summary>Whether none is to be broken.</summary>
    public bool OnlyWhole { get; init; }

    public byte[] Make(ulong number, int partsMax)
    {
        FuzzRandom random = new(seed, number);
        StringBuilder text = new();
        Expression(text, ref random, 0);
        if (!OnlyWhole && random.OneIn(3))
        {
            Break(text, ref random);
        }

        return [.. Encoding.UTF8.GetBytes(text.ToString()), 0, .. Encoding.UTF8.GetBytes(random.Pick(Inputs))];
    }

    private static void Expression(StringBuilder text, ref FuzzRandom random, int depth)
    {
        switch (depth >= DepthMax ? random.Below(2) : random.Below(8))
        {
            case 0:
                text.Append(random.Pick(Names));
                break;
            case 1:
                text.Append(random.Pick(Literals));
                break;
            case 2 or 3:
                Fill(text, random.Pick(Calls), ref random, depth);
                break;
            case 4:
                Expression(text, ref random, depth + 1);
                text.Append(' ').Append(random.Pick(Infix)).Append(' ');
                Expression(text, ref random, depth + 1);
                break;
            case 5:
                text.Append(random.Pick(Names)).Append('.');
                text.Append(random.Pick(Names));
                break;
            default:
                Fill(text, random.Pick(Forms), ref random, depth);
                break;
        }
    }

    private static void Fill(StringBuilder text, string form, ref FuzzRandom random, int depth)
    {
        foreach (var character in form)
        {
            if (character == '_')
            {
                Expression(text, ref random, depth + 1);
            }
            else
            {
                text.Append(character);
            }
        }
    }

    private static void Break(StringBuilder text, ref FuzzRandom random)
    {
        for (var times = 1 + random.Below(3); times > 0; times--)
        {
            var at = random.Below(text.Length + 1);
            switch (random.Below(4))
            {
                case 0:
                    text.Remove(at, Math.Min(text.Length - at, 1 + random.Below(4)));
                    break;
                case 1:
                    text.Insert(at, text.ToString(at, Math.Min(text.Length - at, random.Below(20))));
                    break;
                default:
                    text.Insert(at, random.Pick(Debris));
                    break;
            }
        }
    }
}
