using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata;

namespace Analemma.Unit.Tests.Workflow.Jsonata;

/// <summary>What the official suite does not ask: errors' places, the host, the profiles, names.</summary>
public sealed class ExpressionTests
{
    [Theory]
    [InlineData("1 +", "S0207", 3, "(end)")]
    [InlineData("a b", "S0201", 3, "b")]
    [InlineData("[1, 2", "S0203", 5, "(end)")]
    [InlineData("(1; 2", "S0203", 5, "(end)")]
    [InlineData("{'a' 1}", "S0202", 6, "1")]
    [InlineData("'abc", "S0101", 4, null)]
    [InlineData("'\\q'", "S0103", 2, "q")]
    [InlineData("a ! b", "S0204", 3, "!")]
    [InlineData("/a(/", "S0302", 4, null)]
    [InlineData("/(?a)/", "S0303", 6, "(?a)")]
    [InlineData("%.a", "S0217", 1, "parent")]
    [InlineData("a.1", "S0213", 3, null)]
    public void A_syntax_error_has_a_place(string text, string code, int position, string? token)
    {
        var wrong = Assert.Throws<JsonataException>(() => JsonataExpression.Compile(text));

        Assert.Equal((code, position, token), (wrong.Code, wrong.Position, wrong.Token));
        Assert.DoesNotContain("{{", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1 + 'a'", "T2002", 3, "The right side of the \"+\" operator must evaluate to a number")]
    [InlineData("'a' < 1", "T2009", 5,
        "The values \"a\" and 1 either side of operator \"<\" must be of the same data type")]
    [InlineData("$uppercase(5)", "T0410", 11, "Argument 1 of function \"uppercase\" does not match function signature")]
    [InlineData("$nothing(5)", "T1006", 9, "Attempted to invoke a non-function")]
    [InlineData("uppercase('a')", "T1005", 10, "Attempted to invoke a non-function. Did you mean $uppercase?")]
    [InlineData("$number('x')", "D3030", 8, "Unable to cast value to a number: \"x\"")]
    [InlineData("-'a'", "D1002", 1, "Cannot negate a non-numeric value: \"a\"")]
    public void An_error_of_evaluation_has_a_place_and_the_words_of_the_reference(
        string text, string code, int position, string message)
    {
        var wrong = Assert.Throws<JsonataException>(() => Evaluate(text));

        Assert.Equal((code, position, message), (wrong.Code, wrong.Position, wrong.Message));
    }

    [Fact]
    public void Time_stands_still_within_an_evaluation_and_chance_comes_from_the_host()
    {
        Assert.Equal(FixedHost.Now, Evaluate("$millis()").AsDouble());
        Assert.True(Evaluate("$now() = $fromMillis($millis())").IsTrue);
        Assert.Equal(new FixedHost(7).NextRandom(), Evaluate("$random()", host: new FixedHost(7)).AsDouble());
        Assert.Equal(
            Evaluate("$shuffle([1..50])", host: new FixedHost(7)),
            Evaluate("$shuffle([1..50])", host: new FixedHost(7)));
        Assert.NotEqual(Evaluate("[1..50]"), Evaluate("$shuffle([1..50])", host: new FixedHost(7)));
    }

    [Fact]
    public void Variables_of_the_caller_are_seen_and_hide_functions()
    {
        Dictionary<string, JsonValue> variables = new() { ["states"] = JsonValue.Parse("{\"input\":{\"a\":3}}") };

        Assert.Equal(3, Evaluate("$states.input.a", variables: variables).AsDouble());
        variables["sum"] = 5;
        Assert.Equal(5, Evaluate("$sum", variables: variables).AsDouble());
        Assert.Equal(6, Evaluate("($sum := 6; $sum)", variables: variables).AsDouble());
    }

    [Fact]
    public void Names_that_an_expression_does_not_bind_itself_are_told()
    {
        var expression = JsonataExpression.Compile(
            "($a := $b; function($c) { $c + $d })(1) & a@$e.(b#$g)[$g = $sum($h)] & $ & $$");

        Assert.Equal(["$", "b", "d", "h", "sum"], expression.FreeNames.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Integers_are_handed_on_exactly()
    {
        var input = JsonValue.Parse("{\"n\":9007199254740993,\"big\":123456789012345678901234567890}");

        Assert.Equal("[9007199254740993,123456789012345678901234567890]",
            JsonataExpression.Compile("[n, big]").Evaluate(input, new FixedHost()).ToString());
        Assert.Equal("3", Evaluate("1.5 * 2").ToString(JsonWriteOptions.Service));
    }

    [Theory]
    [InlineData("$partition([1..5], 2)", "[[1,2],[3,4],[5]]")]
    [InlineData("$partition([], 2)", "[]")]
    [InlineData("$range(1, 9, 2)", "[1,3,5,7,9]")]
    [InlineData("$range(5, 1, -2)", "[5,3,1]")]
    [InlineData("$range(1, 5, -1)", "[]")]
    [InlineData("$range(0.9, 4.9, 2.5)", "[0,2,4]")]
    [InlineData("$partition([1..3], 2.9)", "[[1,2],[3]]")]
    [InlineData("$hash('input data', 'SHA-1')", "\"aaff4a450a104cd177d28d18d74485e8cae074b7\"")]
    [InlineData("$hash('', 'MD5')", "\"d41d8cd98f00b204e9800998ecf8427e\"")]
    [InlineData("$parse('{\"a\":[1,2.0]}')", "{\"a\":[1,2]}")]
    [InlineData("'[1]' ~> $parse", "[1]")]
    [InlineData("$random(5) = $random(5) and $random(5) != $random(6)", "true")]
    [InlineData("$exists($eval)", "false")]
    public void The_services_functions_are_there(string text, string expected) =>
        Assert.Equal(expected, Evaluate(text, JsonataProfile.StepFunctions).ToString());

    [Theory]
    [InlineData("$eval('1')", "T1006")]
    [InlineData("$partition([1], 0)", "T0410")]
    [InlineData("$partition([1], 0.5)", "T0410")]
    [InlineData("$range(0, 1, 0.25)", "T0410")]
    [InlineData("$range(1, 2, 0)", "T0410")]
    [InlineData("$range(1, 1e300, 1)", "D2015")]
    [InlineData("$hash('a', 'SHA-3')", "T0410")]
    [InlineData("$parse('{')", "D3142")]
    public void What_the_services_functions_refuse_has_a_code(string text, string code) =>
        Assert.Equal(code, Assert.Throws<JsonataException>(() => Evaluate(text, JsonataProfile.StepFunctions)).Code);

    [Fact]
    public void The_language_as_such_has_none_of_the_services_functions() =>
        Assert.Equal("[]", Evaluate("[$partition, $range, $hash, $uuid, $parse]").ToString());

    [Fact]
    public void One_expression_may_be_evaluated_on_many_threads_at_once()
    {
        var expression = JsonataExpression.Compile("$sum(items[kind = 'b'].(price * count)) & $string(items[0])");
        var inputs = Enumerable.Range(0, 8).Select(i => JsonValue.Parse(
            $"{{\"items\":[{{\"kind\":\"a\",\"price\":1}},{{\"price\":{i},\"count\":2,\"kind\":\"b\"}}]}}")).ToArray();
        var expected = inputs.Select(input => expression.Evaluate(input, new FixedHost())).ToArray();

        Parallel.For(0, 20_000, i =>
            Assert.Equal(expected[i % 8], expression.Evaluate(inputs[i % 8], new FixedHost())));
    }

    private static JsonValue Evaluate(
        string text,
        JsonataProfile profile = JsonataProfile.Jsonata,
        FixedHost? host = null,
        Dictionary<string, JsonValue>? variables = null) =>
        JsonataExpression.Compile(text, profile).Evaluate(default, host ?? new FixedHost(), variables);
}
