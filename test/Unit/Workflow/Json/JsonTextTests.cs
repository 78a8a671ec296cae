using System.Globalization;
using System.Text;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Workflow.Json;

/// <summary>Between text and values.</summary>
public sealed class JsonTextTests
{
    [Theory]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("\"\"")]
    [InlineData("[1,[2,{\"a\":[]}],\"x\",null,false]")]
    [InlineData("{\"b\":1,\"a\":{\"c\":[{\"d\":1},{\"d\":2}]}}")]
    [InlineData("9223372036854775807")]
    [InlineData("-9223372036854775808")]
    [InlineData("123456789012345678901234567890")]
    [InlineData("1e400")]
    [InlineData("\"\\ud800 alone\"")]
    [InlineData("\"😀é\\u0001\\n\\\"\\\\/\"")]
    public void What_is_read_is_written_as_it_was(string text) =>
        Assert.Equal(text, JsonValue.Parse(text).ToString());

    [Theory]
    [InlineData("1.0", "1", "1.0")]
    [InlineData("0.0", "0", "0.0")]
    [InlineData("1.50", "1.5", "1.5")]
    [InlineData("1e21", "1e+21", "1.0E21")]
    [InlineData("1e20", "100000000000000000000", "1.0E20")]
    [InlineData("123456789.5", "123456789.5", "1.234567895E8")]
    [InlineData("1234567.5", "1234567.5", "1234567.5")]
    [InlineData("0.000001", "0.000001", "1.0E-6")]
    [InlineData("1.5e-7", "1.5e-7", "1.5E-7")]
    [InlineData("-2.5E-10", "-2.5e-10", "-2.5E-10")]
    [InlineData("0.001", "0.001", "0.001")]
    [InlineData("5e-324", "5e-324", "4.9E-324")]
    [InlineData("1.7976931348623157e308", "1.7976931348623157e+308", "1.7976931348623157E308")]
    public void Doubles_are_written_as_the_style_has_them(string text, string javaScript, string java)
    {
        var value = JsonValue.Parse(text);

        Assert.Equal(javaScript, value.ToString());
        if (text != "5e-324")
        {
            // The one double for which Java gives two digits where one is enough.
            Assert.Equal(java, value.ToString(JsonWriteOptions.Service));
        }
    }

    [Theory]
    [InlineData("", JsonTextProblem.Syntax)]
    [InlineData("[1,]", JsonTextProblem.Syntax)]
    [InlineData("{\"a\":1,}", JsonTextProblem.Syntax)]
    [InlineData("[1] 2", JsonTextProblem.Syntax)]
    [InlineData("{\"a\"", JsonTextProblem.Syntax)]
    [InlineData("01", JsonTextProblem.Syntax)]
    [InlineData("NaN", JsonTextProblem.Syntax)]
    [InlineData("// a", JsonTextProblem.Syntax)]
    [InlineData("\"\t\"", JsonTextProblem.Syntax)]
    [InlineData("\"\\x\"", JsonTextProblem.Syntax)]
    public void What_is_no_json_is_refused_with_a_place(string text, JsonTextProblem problem)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        Assert.False(JsonValue.TryParse(utf8, JsonLimits.Default, out var value, out var error));

        Assert.True(value.IsUndefined);
        Assert.Equal(problem, error.Problem);
        Assert.Equal(1, error.Line);
        Assert.InRange(error.Column, 1, text.Length + 1);
    }

    [Fact]
    public void A_place_counts_lines()
    {
        var wrong = Assert.Throws<JsonTextException>(() => JsonValue.Parse("{\n  \"a\": 1,\n  \"b\": x\n}"));

        Assert.Equal((3, 8), (wrong.Error.Line, wrong.Error.Column));
        Assert.EndsWith("(line 3, column 8)", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_refused()
    {
        byte[] text = [.. "{\"a\":\""u8, 0xC3, 0x28, .. "\"}"u8];

        Assert.False(JsonValue.TryParse(text, JsonLimits.Default, out _, out var error));
        Assert.Equal(JsonTextProblem.InvalidUtf8, error.Problem);
        Assert.Equal(6, error.Column);
    }

    [Theory]
    [InlineData('[', ']')]
    [InlineData('{', '}')]
    public void A_hundred_thousand_levels_are_refused(char open, char close)
    {
        var level = open == '[' ? "[" : "{\"a\":";
        var text = string.Concat(Enumerable.Repeat(level, 100_000)) + "1" + new string(close, 100_000);

        Assert.False(JsonValue.TryParse(Encoding.UTF8.GetBytes(text), JsonLimits.Widest, out _, out var error));
        Assert.Equal(JsonTextProblem.TooDeep, error.Problem);
    }

    [Fact]
    public void The_deepest_that_is_allowed_is_taken()
    {
        JsonLimits limits = new(1024, 20);
        var deepest = new string('[', 20) + new string(']', 20);

        Assert.Equal(deepest, JsonValue.Parse(deepest, limits).ToString());
        var wrong = Assert.Throws<JsonTextException>(() => JsonValue.Parse($"[{deepest}]", limits));
        Assert.Equal(JsonTextProblem.TooDeep, wrong.Error.Problem);
    }

    [Fact]
    public void Text_beyond_the_limit_is_refused_before_it_is_read()
    {
        JsonLimits limits = new(BytesMax: 4, DepthMax: 10);

        Assert.Equal("1234", JsonValue.Parse("1234", limits).ToString());
        var wrong = Assert.Throws<JsonTextException>(() => JsonValue.Parse("12345", limits));
        Assert.Equal(JsonTextProblem.TooLarge, wrong.Error.Problem);
    }

    [Fact]
    public void A_number_of_a_thousand_digits_is_the_longest()
    {
        var longest = new string('9', JsonLimits.NumberCharsMax);

        Assert.Equal(longest, JsonValue.Parse(longest).ToString());
        var wrong = Assert.Throws<JsonTextException>(() => JsonValue.Parse(longest + "9"));
        Assert.Equal(JsonTextProblem.NumberTooLong, wrong.Error.Problem);
    }

    [Fact]
    public void Of_two_members_with_one_name_the_last_counts() =>
        Assert.Equal("{\"a\":3,\"b\":2}", JsonValue.Parse("{\"a\":1,\"b\":2,\"a\":3}").ToString());

    [Fact]
    public void A_name_may_be_escaped_empty_or_long()
    {
        var longName = new string('n', 5000);
        var value = JsonValue.Parse($"{{\"\\u0061b\":1,\"\":2,\"{longName}\":3}}");

        Assert.Equal(1, value["ab"].AsDouble());
        Assert.Equal(2, value[""].AsDouble());
        Assert.Equal(3, value[longName].AsDouble());
    }

    [Fact]
    public void Indented_text_looks_as_javascript_has_it() =>
        Assert.Equal(
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}",
            JsonValue.Parse("{\"a\":[1,{}],\"b\":[]}").ToString(new JsonWriteOptions(Indent: 2)));

    [Fact]
    public void A_value_nested_too_deep_by_a_program_is_an_error_not_an_overflow()
    {
        JsonValue value = 1;
        for (var i = 0; i < 200_000; i++)
        {
            value = JsonArray.Of(value);
        }

        JsonValue other = JsonArray.Of(JsonValue.Parse(value[0][0].IsArray ? "[1]" : "1"));
        Assert.Throws<JsonDepthException>(() => value.ToUtf8());
        Assert.Throws<JsonDepthException>(() => value.GetHashCode());
        Assert.False(value.Equals(other));
    }

    [Fact]
    public void Any_double_comes_back_from_both_styles()
    {
        var random = new Random(20261126);
        for (var i = 0; i < 100_000; i++)
        {
            var number = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (!double.IsFinite(number))
            {
                continue;
            }

            var value = JsonValue.FromWritten(number);
            var javaScript = double.Parse(value.ToString(), CultureInfo.InvariantCulture);
            var java = double.Parse(value.ToString(JsonWriteOptions.Service), CultureInfo.InvariantCulture);
            Assert.Equal((number, number), (javaScript, java));
        }
    }

    [Fact]
    public void A_value_is_longer_than_what_it_is_written_to_be_less_one()
    {
        Random random = new(68);
        for (var n = 0; n < 2_000; n++)
        {
            var value = AnyValue(random, 4);
            var length = value.ToUtf8(JsonWriteOptions.Service).Length;
            foreach (var limit in (int[])[length - 1, length, length + 1, length * 3, length * 20])
            {
                Assert.Equal(length > limit, value.IsLongerThan(limit, JsonWriteOptions.Service));
            }
        }
    }

    [Fact]
    public void What_was_written_before_changes_no_limit()
    {
        var value = JsonValue.From(new string('x', 1_500));
        Assert.Equal(1_502, value.ToUtf8().Length);
        Assert.Throws<JsonSizeException>(() => value.ToUtf8(new JsonWriteOptions { BytesMax = 1_501 }));
        Assert.Equal(1_502, value.ToUtf8(new JsonWriteOptions { BytesMax = 1_502 }).Length);
    }

    private static JsonValue AnyValue(Random random, int depth) => random.Next(depth > 0 ? 9 : 6) switch
    {
        0 => JsonValue.Null,
        1 => random.Next(2) == 0,
        2 => random.NextInt64(long.MinValue, long.MaxValue),
        3 => random.NextDouble() * 1e20,
        4 => "\u0001\u0002\"\\é€",
        5 => new string('x', random.Next(40)),
        6 => JsonArray.Of([.. Enumerable.Range(0, random.Next(5)).Select(_ => AnyValue(random, depth - 1))]),
        _ => JsonObject.Of([.. Enumerable.Range(0, random.Next(5)).Select(i =>
            ($"name\n{i}", AnyValue(random, depth - 1)))]),
    };
}
