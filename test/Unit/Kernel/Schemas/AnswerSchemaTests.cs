using System.Text.Json;
using Analemma.Kernel.Schemas;

namespace Analemma.Unit.Tests.Kernel.Schemas;

/// <summary>What the subset of JSON Schema, draft 2020-12, accepts and what it says to the rest.</summary>
public sealed class AnswerSchemaTests
{
    [Theory]
    [InlineData("""{"type":"object"}""", "{}", "[]", "type")]
    [InlineData("""{"type":["string","null"]}""", "null", "1", "type")]
    [InlineData("""{"type":"integer"}""", "1.0", "1.5", "type")]
    [InlineData("""{"type":"number"}""", "1e300", "\"1\"", "type")]
    [InlineData("""{"type":"string","nullable":true}""", "null", "1", "type")]
    [InlineData("""{"enum":["a",1,null]}""", "1.0", "\"b\"", "enum")]
    [InlineData("""{"const":{"a":[1,2]}}""", """{"a":[1,2]}""", """{"a":[2,1]}""", "const")]
    [InlineData("""{"required":["a"]}""", """{"a":null}""", """{"b":1}""", "required")]
    [InlineData("""{"properties":{"a":{"type":"string"}}}""", """{"a":"x","b":1}""", """{"a":1}""", "type", "/a")]
    [InlineData("""{"properties":{"a":{}},"additionalProperties":false}""", """{"a":1}""", """{"c":1}""",
        "additionalProperties")]
    [InlineData("""{"properties":{"a":{}},"additionalProperties":{"type":"string"}}""", """{"a":1,"b":"x"}""",
        """{"b":1}""", "type", "/b")]
    [InlineData("""{"patternProperties":{"^x-":{"type":"number"}},"additionalProperties":false}""", """{"x-a":1}""",
        """{"x-a":""}""", "type", "/x-a")]
    [InlineData("""{"propertyNames":{"maxLength":2}}""", """{"ab":1}""", """{"abc":1}""", "propertyNames")]
    [InlineData("""{"minProperties":1}""", """{"a":1}""", "{}", "minProperties")]
    [InlineData("""{"maxProperties":1}""", """{"a":1}""", """{"a":1,"b":1}""", "maxProperties")]
    [InlineData("""{"dependentRequired":{"a":["b"]}}""", """{"b":1}""", """{"a":1}""", "dependentRequired")]
    [InlineData("""{"items":{"type":"string"}}""", """["a"]""", """["a",1]""", "type", "/1")]
    [InlineData("""{"prefixItems":[{"type":"string"}],"items":{"type":"number"}}""", """["a",1]""", """["a","b"]""",
        "type", "/1")]
    [InlineData("""{"contains":{"const":1},"maxContains":1}""", "[1,2]", "[1,1]", "contains")]
    [InlineData("""{"minItems":1}""", "[1]", "[]", "minItems")]
    [InlineData("""{"maxItems":1}""", "[1]", "[1,2]", "maxItems")]
    [InlineData("""{"uniqueItems":true}""", "[1,2]", "[1,1.0]", "uniqueItems")]
    [InlineData("""{"minimum":1}""", "1", "0.9999999999999999", "minimum")]
    [InlineData("""{"maximum":1}""", "1", "1.0000000000000001", "maximum")]
    [InlineData("""{"exclusiveMinimum":1}""", "2", "1", "exclusiveMinimum")]
    [InlineData("""{"exclusiveMaximum":1}""", "0", "1", "exclusiveMaximum")]
    [InlineData("""{"multipleOf":0.1}""", "0.3", "0.35", "multipleOf")]
    [InlineData("""{"anyOf":[{"type":"string"},{"minimum":5}]}""", "7", "3", "anyOf")]
    [InlineData("""{"oneOf":[{"type":"number"},{"minimum":5}]}""", "3", "7", "oneOf")]
    [InlineData("""{"allOf":[{"minimum":1},{"maximum":2}]}""", "1.5", "3", "maximum")]
    [InlineData("""{"not":{"type":"string"}}""", "1", "\"a\"", "not")]
    [InlineData("""{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}""",
        """{"a":1,"b":1}""", """{"a":1}""", "required")]
    [InlineData("""{"$ref":"#/$defs/a~1b","$defs":{"a/b":{"type":"string"}}}""", "\"a\"", "1", "type")]
    [InlineData("""{"type":"object","properties":{"next":{"$ref":"#"}},"required":["v"]}""",
        """{"v":1,"next":{"v":2}}""", """{"v":1,"next":{}}""", "required", "/next")]
    [InlineData("""{"properties":{"a":false}}""", """{"b":1}""", """{"a":1}""", "false", "/a")]
    [InlineData("""{"title":"t","x-note":1,"default":[],"$schema":"s","minLength":1}""", "\"a\"", "\"\"", "minLength")]
    public void A_keyword_lets_one_value_through_and_tells_what_is_wrong_with_another(
        string schema, string fits, string? breaks, string? rule, string pointer = "")
    {
        var compiled = Compile(schema);
        Assert.Empty(compiled.Check(JsonElement.Parse(fits)));
        if (breaks is not null)
        {
            var wrong = Assert.Single(compiled.Check(JsonElement.Parse(breaks)));
            Assert.Equal((pointer, rule), (wrong.Pointer, wrong.Rule));
        }
    }

    [Theory]
    [InlineData("""{"minLength":2}""", "\"🌊🌊\"", "\"🌊\"", "minLength")]
    [InlineData("""{"maxLength":1}""", "\"🌊\"", "\"ab\"", "maxLength")]
    [InlineData("""{"pattern":"^[a-z]+$"}""", "\"abc\"", "\"abc\\n\"", "pattern")]
    [InlineData("""{"pattern":"^\\d{2}$"}""", "\"42\"", "\"٤٢\"", "pattern")]
    [InlineData("""{"pattern":"^[\\w.]+/$"}""", "\"a.b/\"", "\"é/\"", "pattern")]
    [InlineData("""{"format":"date-time"}""", "\"2026-11-26T07:00:00.5Z\"", "\"2026-11-26 25:00:00Z\"", "format")]
    [InlineData("""{"format":"date"}""", "\"2028-02-29\"", "\"2026-02-29\"", "format")]
    [InlineData("""{"format":"time"}""", "\"07:00:00+01:00\"", "\"07:00\"", "format")]
    [InlineData("""{"format":"duration"}""", "\"P1DT2H\"", "\"P1DT\"", "format")]
    [InlineData("""{"format":"email"}""", "\"a@b.example\"", "\"a.example\"", "format")]
    [InlineData("""{"format":"uri"}""", "\"https://a.example/b?c\"", "\"/b\"", "format")]
    [InlineData("""{"format":"uuid"}""", "\"6f7e0e3a-8f5b-4c1d-9a6e-0d2b1c3a4f5e\"", "\"6f7e\"", "format")]
    [InlineData("""{"format":"ipv4"}""", "\"127.0.0.1\"", "\"127.0.0.256\"", "format")]
    [InlineData("""{"format":"ipv6"}""", "\"fe80::1\"", "\"1::2::3\"", "format")]
    [InlineData("""{"format":"ipv6"}""", "\"::ffff:1.2.3.4\"", "\"1:2:3:4:5:6:7\"", "format")]
    [InlineData("""{"format":"hostname"}""", "\"a-b.example\"", "\"-a.example\"", "format")]
    [InlineData("""{"format":"of-no-standard"}""", "\"x\"", null, null)]
    public void Text_is_held_to_length_pattern_and_format(string schema, string fits, string? breaks, string? rule) =>
        A_keyword_lets_one_value_through_and_tells_what_is_wrong_with_another(schema, fits, breaks, rule);

    [Theory]
    [InlineData("1", "", "type")]
    [InlineData("""{"type":"text"}""", "/type", "type")]
    [InlineData("""{"type":5}""", "/type", "type")]
    [InlineData("""{"properties":[]}""", "/properties", "properties")]
    [InlineData("""{"properties":{"a/b":7}}""", "/properties/a~1b", "type")]
    [InlineData("""{"required":"a"}""", "/required", "required")]
    [InlineData("""{"enum":[]}""", "/enum", "enum")]
    [InlineData("""{"anyOf":[]}""", "/anyOf", "anyOf")]
    [InlineData("""{"minLength":-1}""", "/minLength", "minLength")]
    [InlineData("""{"minimum":"1"}""", "/minimum", "minimum")]
    [InlineData("""{"multipleOf":0}""", "/multipleOf", "multipleOf")]
    [InlineData("""{"pattern":"("}""", "/pattern", "pattern")]
    [InlineData("""{"pattern":"(?=a)b"}""", "/pattern", "pattern")]
    [InlineData("""{"pattern":"((a{100}){100}){100}"}""", "/pattern", "pattern")]
    [InlineData("""{"items":[{}]}""", "/items", "items")]
    [InlineData("""{"$ref":"https://a.example/s.json"}""", "/$ref", "$ref")]
    [InlineData("""{"$ref":"#/$defs/missing"}""", "/$ref", "$ref")]
    [InlineData("""{"unevaluatedProperties":false}""", "/unevaluatedProperties", "unevaluatedProperties")]
    [InlineData("""{"requierd":["a"]}""", "/requierd", "requierd")]
    public void A_schema_that_is_none_is_told_by_pointer_and_keyword(string schema, string pointer, string rule)
    {
        Assert.False(AnswerSchema.TryCompile(JsonElement.Parse(schema), out _, out var problems));
        var problem = Assert.Single(problems);
        Assert.Equal((pointer, rule), (problem.Pointer, problem.Rule));
    }

    [Fact]
    public void All_flaws_of_an_answer_are_told_up_to_five()
    {
        var schema = Compile("""{"required":["a","b","c","d","e","f","g"],"properties":{"z":{"type":"number"}}}""");
        Assert.Equal(SchemaLimits.ViolationsMax, schema.Check(JsonElement.Parse("""{"z":"z"}""")).Count);
    }

    [Fact]
    public void A_flaw_is_told_in_few_words_whatever_names_the_answer_has()
    {
        var schema = Compile("""{"additionalProperties":{"additionalProperties":false}}""");
        var name = new string('n', 100_000);

        var wrong = Assert.Single(schema.Check(JsonSerializer.SerializeToElement(
            new Dictionary<string, object> { [name] = new Dictionary<string, int> { [name] = 1 } })));

        Assert.StartsWith("/nnn", wrong.Pointer, StringComparison.Ordinal);
        Assert.InRange(wrong.Pointer.Length + wrong.Message.Length, 1, 2_100);
    }

    [Fact]
    public void A_choice_that_fits_none_tells_the_nearest()
    {
        var schema = Compile("""
            {"anyOf":[{"type":"string"},{"type":"object","properties":{"a":{"properties":{"b":{"const":1}}}}}]}
            """);
        var wrong = Assert.Single(schema.Check(JsonElement.Parse("""{"a":{"b":2}}""")));
        Assert.Contains("/a/b: must be 1", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"$ref":"#"}""")]
    [InlineData("""{"allOf":[{"$ref":"#"}]}""")]
    [InlineData("""{"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/a"}]}},"$ref":"#/$defs/a"}""")]
    public void A_schema_that_never_ends_is_given_up(string schema) =>
        Assert.NotEmpty(Compile(schema).Check(JsonElement.Parse("1")));

    [Fact]
    public void A_pattern_that_would_take_another_engine_forever_takes_linear_time()
    {
        var schema = Compile("""{"pattern":"^(a+)+$"}""");
        Assert.Single(schema.Check(JsonSerializer.SerializeToElement(new string('a', 100_000) + "!")));
    }

    [Fact]
    public void A_schema_deeper_or_larger_than_the_limit_is_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("""{"not":""", 70)) + "{}" + new string('}', 70);
        Assert.False(AnswerSchema.TryCompile(
            JsonDocument.Parse(deep, new JsonDocumentOptions { MaxDepth = 200 }).RootElement, out _, out _));
        var large = JsonSerializer.SerializeToElement(new { description = new string('a', SchemaLimits.CharsMax) });
        Assert.False(AnswerSchema.TryCompile(large, out _, out _));
    }

    private static IAnswerSchema Compile(string schema)
    {
        Assert.True(
            AnswerSchema.TryCompile(JsonElement.Parse(schema), out var compiled, out var problems),
            string.Join('\n', problems));
        return compiled;
    }
}
