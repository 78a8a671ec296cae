using System.Text.Json;
using Analemma.Kernel.Tools;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Kernel.Tools;

/// <summary>What the kernel finds wrong with arguments before their server is bothered.</summary>
public sealed class SchemaCheckTests
{
    private static readonly string[] Types = ["string", "number", "integer", "boolean", "object", "array", "null"];

    [Theory]
    [InlineData("""{"type":"integer"}""", "1.0", "")]
    [InlineData("""{"type":"integer"}""", "1e3", "")]
    [InlineData("""{"type":"integer"}""", "1.5", "x must be integer, not 1.5")]
    [InlineData("""{"type":["string","null"]}""", "1", "x must be string or null, not 1")]
    [InlineData("""{"enum":["a",{"b":1}]}""", """{"b":1.0}""", "")]
    [InlineData("""{"enum":["a","b"]}""", "\"c\"", "x must be one of \"a\", \"b\", not \"c\"")]
    [InlineData("""{"const":7}""", "8", "x must be 7, not 8")]
    [InlineData("""{"minimum":1,"maximum":5}""", "0", "x must be at least 1")]
    [InlineData("""{"minimum":1,"maximum":5}""", "6", "x must be at most 5")]
    [InlineData("""{"minLength":2}""", "\"a\"", "x must be at least 2 characters long")]
    [InlineData("""{"maxItems":1}""", "[1,2]", "x must be at most 1 items long")]
    [InlineData(
        """{"items":{"type":"string"}}""", "[\"a\",1,[]]", "x[1] must be string, not 1; x[2] must be string, not []")]
    [InlineData("""{"properties":{"a":{"required":["b"]}}}""", """{"a":{"c":1}}""", "x.a.b is missing")]
    [InlineData("""{"required":["a","b"]}""", """{"b":1}""", "x.a is missing")]
    [InlineData("""{"additionalProperties":false}""", """{"b":1}""", "x.b is not known")]
    [InlineData("""{"additionalProperties":{"type":"string"}}""", """{"b":1}""", "x.b must be string, not 1")]
    [InlineData("""{"additionalProperties":false,"patternProperties":{"^b":{}}}""", """{"b":1}""", "")]
    [InlineData(
        """{"type":"no-such-type","required":7,"properties":[],"enum":3,"minimum":"x","items":true}""", "[1]", "")]
    [InlineData("true", "1", "")]
    [InlineData("""{"$ref":"#/x","anyOf":[{"type":"string"}]}""", "1", "")]
    public void What_is_wrong_is_said_with_its_path(string schema, string value, string problems) =>
        Assert.Equal(problems, string.Join("; ", Problems(schema, value)));

    [Fact]
    public void There_are_ten_problems_at_most_and_no_depth_is_too_deep()
    {
        var many = string.Join(',', Enumerable.Range(0, 1_000).Select(i => $"\"f{i}\":{i}"));
        Assert.InRange(Problems("""{"additionalProperties":false}""", $"{{{many}}}").Count, 10, 10);
        Assert.InRange(
            Problems("""{"items":{"type":"string"}}""", $"[{string.Join(',', new int[1_000])}]").Count, 10, 1_000);
        var deep = string.Concat(Enumerable.Repeat("""{"items":""", 60)) + "{}" + new string('}', 60);
        Assert.Empty(Problems(deep, new string('[', 60) + new string(']', 60)));
    }

    /// <summary>Against a reading of `type` of its own.</summary>
    [Fact]
    public void Types_are_told_apart_for_any_value() => Prop.ForAll(
        Gen.Elements("1", "1.5", "-0.0", "\"a\"", "true", "null", "[]", "{}", "1e300", "123456789012345678901234567890")
            .SelectMany(value => Gen.Elements(Types).Select(type => (Value: value, Type: type))).ToArbitrary(),
        pair => Problems($$"""{"type":"{{pair.Type}}"}""", pair.Value).Count == 0 == Fits(pair.Type, pair.Value))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void A_schema_whatever_it_is_breaks_nothing() => Prop.ForAll(
        Json().Two().ToArbitrary(),
        pair => Problems(pair.Item1, pair.Item2) is not null)
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Functions_of_tools_are_names_that_every_model_takes_and_no_two_are_the_same() => Prop.ForAll(
        Gen.Elements(
            "read", "réad", "a.b", "a_b", "a/b", new string('x', 64), new string('x', 65), new string('x', 128))
            .ListOf().ToArbitrary(),
        tools =>
        {
            HashSet<string> taken = new(StringComparer.Ordinal);
            var names = tools.Select((tool, i) => FunctionNames.Of(i % 2 == 0 ? "fs" : "fs-2", tool, taken)).ToList();
            return names.Distinct(StringComparer.Ordinal).Count() == names.Count
                && names.All(name => name.Length is > 0 and <= 64
                    && name.All(each => char.IsAsciiLetterOrDigit(each) || each is '_' or '-'));
        })
        .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("fs/*", "fs", "read", true)]
    [InlineData("fs/read", "fs", "read", true)]
    [InlineData("fs/read", "fs", "*", false)]
    [InlineData("fs/*", "fs", "*", true)]
    [InlineData("fs/*", "f", "s/read", false)]
    [InlineData("fs/re", "fs", "read", false)]
    [InlineData("fs/a/b", "fs", "a/b", true)]
    [InlineData("*/read", "fs", "read", false)]
    [InlineData("fs", "fs", "read", false)]
    public void A_right_covers_what_it_says(string pattern, string server, string tool, bool covers) =>
        Assert.Equal(covers, ToolPattern.Covers([pattern], server, tool));

    private static IReadOnlyList<string> Problems(string schema, string value) =>
        SchemaCheck.Problems(Parse(schema), Parse(value), "x");

    private static JsonElement Parse(string text) =>
        JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 128 }).RootElement;

    private static bool Fits(string type, string value) => (type, value[0]) switch
    {
        ("string", '"') or ("boolean", 't') or ("null", 'n') or ("array", '[') or ("object", '{') => true,
        ("number", >= '0' and <= '9' or '-') => true,
        ("integer", >= '0' and <= '9' or '-') => value != "1.5",
        _ => false,
    };

    /// <summary>Of the words of JSON Schema, put together as they come.</summary>
    private static Gen<string> Json() => Gen.Sized(size => Json(Math.Min(size, 8)));

    private static Gen<string> Json(int size)
    {
        var leaf = Gen.Elements("1", "-2.5", "\"object\"", "\"integer\"", "\"a\"", "true", "false", "null", "[]", "{}");
        if (size <= 0)
        {
            return leaf;
        }

        var below = Json(size / 2);
        var field = Gen.Elements(
            "type", "properties", "required", "items", "additionalProperties", "enum", "const", "minimum", "a")
            .SelectMany(name => below.Select(value => $"\"{name}\":{value}"));
        return Gen.OneOf(
            leaf,
            below.ListOf(2).Select(items => $"[{string.Join(',', items)}]"),
            field.ListOf(3).Select(fields => $"{{{string.Join(',', fields.DistinctBy(each => each.Split(':')[0]))}}}"));
    }
}
