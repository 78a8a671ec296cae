using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Workflow;

public sealed class IntrinsicTests
{
    [Theory]
    [InlineData("States.Format('a {} b {}', $.n, $.s)", "\"a 1.5 b text\"")]
    [InlineData("States.Format('\\{\\} {}', $.o)", "\"{} {a=1, b=[x]}\"")]
    [InlineData("States.Array(1, 'two', $.n)", """[1,"two",1.5]""")]
    [InlineData("States.ArrayPartition($.list, 2)", "[[1,2],[3]]")]
    [InlineData("States.ArrayContains($.list, 3)", "true")]
    [InlineData("States.ArrayRange(1, 9, 2)", "[1,3,5,7,9]")]
    [InlineData("States.ArrayRange(3, 1, -1)", "[3,2,1]")]
    [InlineData("States.ArrayGetItem($.list, 2)", "3")]
    [InlineData("States.ArrayLength($.list)", "3")]
    [InlineData("States.ArrayUnique(States.Array(1, 1, 'a', 'a'))", """[1,"a"]""")]
    [InlineData("States.Base64Encode('Data to encode')", "\"RGF0YSB0byBlbmNvZGU=\"")]
    [InlineData("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", "\"Data to encode\"")]
    [InlineData("States.Hash('input data', 'MD5')", "\"812f45842bc6d66ee14572ce20db8e86\"")]
    [InlineData("States.JsonMerge($.o, States.StringToJson('{\"b\":2}'), false)", """{"a":1,"b":2}""")]
    [InlineData("States.JsonToString($.o)", "\"{\\\"a\\\":1,\\\"b\\\":[\\\"x\\\"]}\"")]
    [InlineData("States.StringToJson('')", "null")]
    [InlineData("States.MathAdd(2, -3)", "-1")]
    [InlineData("States.StringSplit('a,b;c', ',;')", """["a","b","c"]""")]
    [InlineData("States.ArrayGetItem(States.StringSplit($.s, 'e'), 1)", "\"xt\"")]
    public void A_call_computes(string call, string expected) =>
        Assert.Equal(JsonValue.Parse(expected), Compute(call).Output["v"]);

    [Theory]
    [InlineData("States.ArrayGetItem($.list, 3)")]
    [InlineData("States.MathAdd('a', 1)")]
    [InlineData("States.ArrayPartition($.list, 0)")]
    [InlineData("States.ArrayRange(0, 1000000000, 1)")]
    [InlineData("States.Base64Decode('?')")]
    [InlineData("States.Hash('a', 'CRC')")]
    [InlineData("States.JsonMerge($.o, $.o, true)")]
    [InlineData("States.StringToJson('{')")]
    [InlineData("States.Format('{} {}', 1)")]
    [InlineData("States.MathAdd(9223372036854775807, 1)")]
    public void What_a_function_cannot_do_is_an_intrinsic_failure(string call)
    {
        var state = Compute(call);
        Assert.Equal("States.IntrinsicFailure", state.Error);
        Assert.Contains("had the following error:", state.Cause, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("States.Nothing()")]
    [InlineData("States.MathAdd(1)")]
    [InlineData("States.MathAdd(1, 2")]
    [InlineData("States.Format('a)")]
    [InlineData("States.MathAdd(1, 2) x")]
    public void What_is_no_call_is_told_when_the_definition_is_read(string call)
    {
        var reading = DefinitionReader.Read(Definition(call));
        Assert.Null(reading.Machine);
        Assert.Equal("/States/A/Parameters", Assert.Single(reading.Diagnostics).Location);
    }

    [Fact]
    public void Random_things_differ_within_an_execution_and_are_the_same_in_its_replay()
    {
        const string Twice = "States.Array(States.UUID(), States.UUID(), States.MathRandom(0, 1000000000))";
        var first = Compute(Twice).Output["v"];
        Assert.NotEqual(first[0], first[1]);
        Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", first[0].AsString());
        Assert.Equal(first, Compute(Twice).Output["v"]);
        Assert.NotEqual(first, Compute(Twice, seed: "another").Output["v"]);
    }

    private static string Definition(string call) =>
        """{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"v.$":CALL},"End":true}}}"""
            .Replace("CALL", JsonValue.From(call).ToString(), StringComparison.Ordinal);

    private static ExecutionState Compute(string call, string seed = "seed")
    {
        MachineBench bench = new(Definition(call), seed);
        bench.Start("""{"n":1.5,"s":"text","list":[1,2,3],"o":{"a":1,"b":["x"]}}""");
        return bench.State;
    }
}
