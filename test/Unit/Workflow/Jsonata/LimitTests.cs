using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata;

namespace Analemma.Unit.Tests.Workflow.Jsonata;

/// <summary>Whatever an expression does, it ends, and with an error that has a code.</summary>
public sealed class LimitTests
{
    private const string Doubled = "$reduce([1..60], function($a, $i) { ";

    private static readonly JsonataLimits Limits = new()
    {
        StepsMax = 2_000_000,
        SequenceMax = 500_000,
        StringMax = 1_000_000,
    };

    [Theory]
    [InlineData("($f := function() { $f() }; $f())", "D1012")]
    [InlineData("($f := function($n) { $n % 2 = 0 ? $g($n + 1) : $f($n + 1) }; $g := $f; $f(0))", "D1012")]
    [InlineData("($f := function($n) { 1 + $f($n + 1) }; $f(0))", "D1011")]
    [InlineData("($f := function($n) { [$f($n + 1)] }; $f(0))", "D1011")]
    [InlineData("[1..500000].[1..500000]", "D1012 D2015")]
    [InlineData("$map([1..10000], function($x) { $map([1..10000], function($y) { $y }) })", "D1012")]
    [InlineData(Doubled + "$a & $a }, 'x')", "D1014")]
    [InlineData(Doubled + "$append($a, $a) }, [1])", "D1012 D2015")]
    [InlineData("$string(" + Doubled + "{'l': $a, 'r': $a} }, 1))", "D1014 D1015")]
    [InlineData("(" + Doubled + "{'l': $a, 'r': $a} }, 1) = " + Doubled + "{'l': $a, 'r': $a} }, 1))", "D1012")]
    [InlineData("$distinct([" + Doubled + "{'l': $a, 'r': $a} }, 1), 1])", "D1012")]
    [InlineData("$count(" + Doubled + "{'a': $a, 'b': $a} }, 1).**)", "D1012 D2015")]
    [InlineData("$boolean(" + Doubled + "[[$a], [$a]] }, [0]))", "D1012")]
    [InlineData("$clone(" + Doubled + "{'l': $a, 'r': $a} }, 0))", "D1012")]
    [InlineData("$pad('x', 1e15)", "D1014")]
    [InlineData("$pad('x', -100000000, 'abc')", "D1014")]
    [InlineData("[1..1e9]", "D2014")]
    [InlineData("$replace($pad('', 1000000, 'a'), /a/, $pad('', 1000, 'b'))", "D1014 D1012")]
    [InlineData("$join($map([1..100000], function($i) { $pad('', 10000, 'b') }))", "D1012 D1014")]
    [InlineData("$zip([1..300000], [1..300000], [1..300000], [1..300000])", "D2015 D1012")]
    [InlineData("$sort([1..1000], function($a, $b) { ($f := function() { $f() }; $f()) })", "D1012")]
    [InlineData("$eval('($f := function() { $f() }; $f())')", "D1012")]
    [InlineData("($e := '$eval($e)'; $eval($e))", "D1011")]
    [InlineData("($f := function($x) { $x ~> $f }; 1 ~> $f)", "D1011")]
    [InlineData("$map([1..10000], function($x) { /(a|b)+c/ }) ~> $count", "")]
    [InlineData("$match($pad('', 200000, 'a'), /(a*)*b/)", "")]
    [InlineData("$contains($pad('', 200000, 'a'), /(a+)+$/)", "")]
    public void It_ends(string text, string codes)
    {
        var expression = JsonataExpression.Compile(text, limits: Limits);

        if (codes.Length == 0)
        {
            expression.Evaluate(default, new FixedHost());
            return;
        }

        var wrong = Assert.Throws<JsonataException>(() => expression.Evaluate(default, new FixedHost()));
        Assert.Contains(wrong.Code, codes, StringComparison.Ordinal);
        Assert.NotEmpty(wrong.Message);
    }

    [Fact]
    public void The_same_expression_stops_at_the_same_step_every_time()
    {
        var expression = JsonataExpression.Compile("$sum([1..1000].($ * 2))", limits: new() { StepsMax = 4000 });
        var fails = JsonataExpression.Compile("$sum([1..1000].($ * 2))", limits: new() { StepsMax = 3000 });

        Assert.Equal(1_001_000, expression.Evaluate(default, new FixedHost()).AsDouble());
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("D1012", Code(() => fails.Evaluate(default, new FixedHost())));
        }
    }

    [Fact]
    public void Calls_in_tail_position_need_no_depth()
    {
        var expression = JsonataExpression.Compile(
            "($sum := function($n, $s) { $n = 0 ? $s : $sum($n - 1, $s + $n) }; $sum(100000, 0))");

        Assert.Equal(5_000_050_000, expression.Evaluate(default, new FixedHost()).AsDouble());
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("{'a':", "}")]
    [InlineData("-", "")]
    [InlineData("function(){", "}")]
    [InlineData("$f(", ")")]
    [InlineData("1+", "1")]
    [InlineData("a[", "]")]
    [InlineData("a.", "a")]
    [InlineData("a?b:", "c")]
    [InlineData("$a:=", "1")]
    [InlineData("a~>", "$b")]
    [InlineData("a^(", ")")]
    [InlineData("|a|", "|")]
    public void An_expression_nested_fifty_thousand_deep_is_refused(string open, string close)
    {
        var text = string.Concat(Enumerable.Repeat(open, 50_000)) + "1"
            + string.Concat(Enumerable.Repeat(close, 50_000));

        Assert.Equal("S0501", Code(() => JsonataExpression.Compile(text)));
    }

    [Fact]
    public void A_long_expression_is_refused_before_it_is_read() =>
        Assert.Equal("S0502", Code(() => JsonataExpression.Compile("1 + 1", limits: new() { ExpressionMax = 4 })));

    [Fact]
    public void Input_as_deep_as_is_read_can_be_gone_through()
    {
        var deep = JsonValue.Parse(new string('[', 490) + "1" + new string(']', 490));

        Assert.Equal("1", JsonataExpression.Compile("**").Evaluate(deep, new FixedHost()).ToString());
        Assert.Equal("true", JsonataExpression.Compile("$ = $clone($)").Evaluate(deep, new FixedHost()).ToString());
    }

    [Fact]
    public void A_transform_that_puts_a_thing_into_itself_can_only_fail_when_it_is_written()
    {
        var itself = JsonataExpression.Compile("$ ~> |$|{'self': $}|")
            .Evaluate(JsonObject.Of(("a", 1)), new FixedHost());

        Assert.Throws<JsonDepthException>(() => itself.ToUtf8());
        Assert.Equal("D1015", Code(() => JsonataExpression.Compile("$string($ ~> |$|{'self': $}|)")
            .Evaluate(JsonObject.Of(("a", 1)), new FixedHost())));
    }

    [Fact]
    public void A_regular_expression_that_goes_back_for_ever_is_stopped()
    {
        var expression = JsonataExpression.Compile("$match($pad('', 40, 'a'), /^(?=a)(a+)+\\1b$/)");

        Assert.Equal("D1016", Code(() => expression.Evaluate(default, new FixedHost())));
    }

    private static string Code(Func<object> run) => Assert.Throws<JsonataException>(() => run()).Code;
}
