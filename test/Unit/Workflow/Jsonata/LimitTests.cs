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
    public void A_transform_that_puts_a_thing_into_itself_is_an_error()
    {
        foreach (var text in (string[])["$ ~> |$|{'self': $}|", "$string($ ~> |$|{'self': $}|)"])
        {
            Assert.Equal("D1015", Code(() => JsonataExpression.Compile(text)
                .Evaluate(JsonObject.Of(("a", 1)), new FixedHost())));
        }
    }

    [Theory]
    [InlineData(Doubled + "{'l': $a, 'r': $a} }, 1)", "D1017")]
    [InlineData(Doubled + "[[$a], [$a]] }, 1)", "D1017")]
    [InlineData("$reduce([1..600], function($a, $i) { {'a': $a} }, 1)", "D1015")]
    [InlineData("$reduce([1..90000], function($a, $i) { {'a': $a} }, 1)", "D1015")]
    [InlineData("$map([1..1000], function($i) { $pad('', 900000) })", "D1012 D1017")]
    public void What_is_handed_out_can_be_written(string text, string codes) =>
        Assert.Contains(
            Code(() => JsonataExpression.Compile(text).Evaluate(default, new FixedHost())),
            codes,
            StringComparison.Ordinal);

    [Fact]
    public void A_result_of_as_many_levels_as_are_read_is_handed_out()
    {
        var deep = JsonataExpression.Compile("$reduce([1..499], function($a, $i) { {'a': $a} }, [])")
            .Evaluate(default, new FixedHost());

        Assert.Equal(deep, JsonValue.Parse(deep.ToUtf8()));
    }

    /// <summary>The stack that a thread of the pool has where the system says nothing else, and less.</summary>
    [Theory]
    [InlineData("($f := function($n) { $map([1, 2], function($x) { $f($n + 1) }) }; $f(0))")]
    [InlineData("($f := function($n) { $reduce([1, 2], function($x, $y) { $f($n + 1) }) }; $f(0))")]
    [InlineData("($f := function($n) { $sort([2, 1], function($x, $y) { $f($n + 1) }) }; $f(0))")]
    [InlineData("($f := function($n) { $replace('a', /a/, function($m) { $f($n + 1) }) }; $f(0))")]
    [InlineData("($f := function($n) { {'a': [($f($n + 1))[$ > 1]]} }; $f(0))")]
    [InlineData("($f := function($n) { $n.$f($n + 1).a }; $f(0))")]
    [InlineData("($f := function($n) { [1, 2]^($f($n + 1)) }; $f(0))")]
    [InlineData("($f := function($n) { {'a': 1} ~> |$|{'b': $f($n + 1)}| }; $f(0))")]
    [InlineData("($f := function($n)<n:n> { 1 + $f($n + 1) ~> $abs }; $f(0))")]
    [InlineData("($e := '1 + $eval($e)'; $eval($e))")]
    public void The_depth_ends_before_the_stack_does(string text)
    {
        var code = "";
        Thread thread = new(
            () => code = Code(() => JsonataExpression.Compile(text).Evaluate(default, new FixedHost())),
            maxStackSize: 1024 * 1024);
        thread.Start();
        thread.Join();

        Assert.Equal("D1011", code);
    }

    /// <summary>By the innermost, and without a stack that grows on the way out.</summary>
    [Theory]
    [InlineData("($f := function($n) { $n > 90 ? $number('no') : 1 + $eval('$f($n + 1)') }; $f(0))", "D3121")]
    [InlineData("($f := function($n) { $n > 90 ? 1 : 1 + $eval($n = 90 ? '1 +' : '$f($n + 1)') }; $f(0))", "D3120")]
    public void An_error_within_many_evals_is_told_once(string text, string expected)
    {
        var code = "";
        Thread thread = new(
            () => code = Code(() => JsonataExpression.Compile(text).Evaluate(default, new FixedHost())),
            maxStackSize: 1024 * 1024);
        thread.Start();
        thread.Join();

        Assert.Equal(expected, code);
    }

    [Fact]
    public void A_regular_expression_that_goes_back_for_ever_is_stopped()
    {
        var expression = JsonataExpression.Compile("$match($pad('', 40, 'a'), /^(?=a)(a+)+\\1b$/)");

        Assert.Equal("D1016", Code(() => expression.Evaluate(default, new FixedHost())));
    }

    private static string Code(Func<object> run) => Assert.Throws<JsonataException>(() => run()).Code;
}
