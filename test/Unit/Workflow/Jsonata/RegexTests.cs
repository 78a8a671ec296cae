using Analemma.Workflow.Jsonata;

namespace Analemma.Unit.Tests.Workflow.Jsonata;

/// <summary>JavaScript's regular expressions, as node gives them.</summary>
public sealed class RegexTests
{
    [Theory]
    [InlineData("'ab\\ncd'", "/^cd$/m", "cd", 3)]
    [InlineData("'ab\\rcd'", "/^cd$/m", "cd", 3)]
    [InlineData("'ab\\n'", "/b$/", null, 0)]
    [InlineData("'a\\u2028b'", "/a.b/", null, 0)]
    [InlineData("'ABC'", "/b/i", "B", 1)]
    [InlineData("'٣3'", "/\\d/", "3", 1)]
    [InlineData("'éa'", "/\\w/", "a", 1)]
    [InlineData("'éa'", "/\\ba/", "a", 1)]
    [InlineData("'a\\u00a0b'", "/a\\sb/", "a\u00a0b", 0)]
    [InlineData("'a\\ufeffb'", "/a\\Sb/", null, 0)]
    [InlineData("'abab'", "/(a)(b)\\1\\2/", "abab", 0)]
    [InlineData("'xx'", "/(?<c>x)\\k<c>/", "xx", 0)]
    [InlineData("'b'", "/(a)?b\\1/", "b", 0)]
    [InlineData("'a{,2}'", "/a{,2}/", "a{,2}", 0)]
    [InlineData("'aa'", "/a{2}/", "aa", 0)]
    [InlineData("'a]b'", "/[\\]]/", "]", 1)]
    [InlineData("'[x'", "/[\\[x]+/", "[x", 0)]
    [InlineData("'a-z'", "/[\\w-]+/", "a-z", 0)]
    [InlineData("'b-'", "/[a\\-z]/", "-", 1)]
    [InlineData("'x'", "/[^]/", "x", 0)]
    [InlineData("'x'", "/[]/", null, 0)]
    [InlineData("'foobar'", "/foo(?=bar)/", "foo", 0)]
    [InlineData("'foobar'", "/(?<!x)bar/", "bar", 3)]
    [InlineData("'a/b'", "/a\\/b/", "a/b", 0)]
    [InlineData("'A'", "/\\x41/", "A", 0)]
    [InlineData("'A'", "/\\u0041/", "A", 0)]
    [InlineData("'a b#c'", "/a b#c/", "a b#c", 0)]
    [InlineData("'\\b'", "/[\\b]/", "\b", 0)]
    [InlineData("'aaa'", "/a+?/", "a", 0)]
    public void A_match_is_what_javascript_finds(string text, string pattern, string? match, int index)
    {
        var found = JsonataExpression.Compile($"$match({text}, {pattern}, 1)").Evaluate(default, new FixedHost());

        Assert.Equal(match, found["match"].TryGetString(out var value) ? value : null);
        Assert.Equal(index, found.IsUndefined ? 0 : found["index"].AsDouble());
    }

    [Theory]
    [InlineData("/(/")]
    [InlineData("/a)/")]
    [InlineData("/[a/")]
    [InlineData("/a**/")]
    [InlineData("/(?i)a/")]
    [InlineData("/(?>a)/")]
    [InlineData("/[b-a]/")]
    [InlineData("/a{3,1}/")]
    [InlineData("/\\")]
    public void What_is_none_is_a_syntax_error(string pattern) =>
        Assert.Contains(
            Assert.Throws<JsonataException>(() => JsonataExpression.Compile(pattern)).Code,
            "S0302 S0303",
            StringComparison.Ordinal);

    [Fact]
    public void A_group_that_took_no_part_is_null() =>
        Assert.Equal(
            "[null,\"b\"]",
            JsonataExpression.Compile("$match('b', /(a)?(b)/).groups").Evaluate(default, new FixedHost()).ToString());
}
