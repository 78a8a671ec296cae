using Analemma.Workflow.Executions;

namespace Analemma.Unit.Tests.Workflow;

/// <summary>Input that is not JSON is refused in the words of the service's parser, which is Jackson.</summary>
public sealed class ExecutionInputTests
{
    private const string Values = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

    [Theory]
    [InlineData("", "Invalid execution input.")]
    [InlineData("not json", "Unrecognized token 'not': was expecting " + Values)]
    [InlineData("[a-b]", "Unrecognized token 'a': was expecting " + Values)]
    [InlineData("+1", "Unexpected character ('+' (code 43)): expected a valid value " + Values)]
    [InlineData("[1,]", "Unexpected character (']' (code 93)): expected a valid value " + Values)]
    [InlineData("[1}", "Unexpected close marker '}': expected ']'")]
    [InlineData("[1 2]", "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries")]
    [InlineData(
        """{"a" 1}""",
        "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value")]
    [InlineData("{'a':1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name")]
    [InlineData("""{"a":1""", "Unexpected end-of-input: expected close marker for Object")]
    [InlineData(
        "\"a\nb\"",
        "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string "
        + "value")]
    [InlineData("\"\\x\"", "Unrecognized character escape 'x' (code 120)")]
    [InlineData(
        "\"\\u12g4\"", "Unexpected character ('g' (code 103)): expected a hex-digit for character escape sequence")]
    [InlineData("\"\\u12", "Unexpected end-of-input in character escape sequence")]
    [InlineData("01", "Invalid numeric value: Leading zeroes not allowed")]
    [InlineData(
        "[5.]", "Unexpected character (']' (code 93)) in numeric value: Decimal point not followed by a digit")]
    [InlineData(
        "[1e]", "Unexpected character (']' (code 93)) in numeric value: Exponent indicator not followed by a digit")]
    [InlineData(
        "-x",
        "Unexpected character ('x' (code 120)) in numeric value: expected digit (0-9) to follow minus sign, for valid "
        + "numeric value")]
    [InlineData("0x10", "Unexpected character ('x' (code 120)): Expected space separating root-level values")]
    public void What_is_no_json_is_said_so(string text, string problem)
    {
        Assert.False(ExecutionInput.TryParse(text, out _, out var told));
        Assert.Equal(problem, told);
    }

    [Theory]
    [InlineData("-0.5e+3")]
    [InlineData("""{"a":"\u00e9\n","b":[0,10,-1e5,{}]}""")]
    public void What_is_json_is_read(string text) => Assert.True(ExecutionInput.TryParse(text, out _, out _));
}
