namespace Analemma.Unit.Tests.Workflow;

/// <summary>What users of the service have read off it about paths (ADR 30).</summary>
public sealed class MeasuredPathTests
{
    private const string NoInput = "Unable to apply Path transformation to null or empty input.";

    // github.com/awslabs/states-language, issue 29, has the Choice.
    [Theory]
    [InlineData("""{"Type":"Choice","Choices":[{"Variable":"$","IsString":true,"Next":"B"}],"Default":"B"}""")]
    [InlineData("""{"Type":"Pass","Parameters":{"a.$":"$"},"Next":"B"}""")]
    [InlineData("""{"Type":"Pass","Parameters":{"a.$":"States.Array($.b)"},"Next":"B"}""")]
    [InlineData("""{"Type":"Pass","InputPath":"$.a","Next":"B"}""")]
    public void A_path_into_null_is_told_apart_from_one_that_finds_nothing(string state) =>
        Assert.Equal($"An error occurred while executing the state 'A' (entered at the event id #2). {NoInput}",
            Failed(state, "null"));

    [Theory]
    [InlineData("""{"Type":"Pass","Next":"B"}""")]
    [InlineData("""{"Type":"Pass","Parameters":{"a.$":"$$.State.Name"},"Next":"B"}""")]
    [InlineData("""{"Type":"Pass","InputPath":null,"Parameters":{"a.$":"$"},"Next":"B"}""")]
    public void Null_is_an_input_as_any_other_where_no_path_looks_into_it(string state) =>
        Assert.Null(Failed(state, "null"));

    // github.com/localstack/localstack, issue 11951, has the words of ErrorPath.
    [Theory]
    [InlineData("\"ErrorPath\":\"$.x\",\"Cause\":\"c\"", "$.x", "ErrorPath")]
    [InlineData("\"Error\":\"e\",\"CausePath\":\"$.y.z\"", "$.y.z", "CausePath")]
    public void A_fail_names_the_field_whose_path_finds_nothing(string fields, string path, string field) =>
        Assert.Equal(
            $"An error occurred while executing the state 'A' (entered at the event id #2). The JSONPath '{path}' "
            + $"specified for the field '{field}' could not be found in the input '{{\"a\":1}}'",
            Failed($"{{\"Type\":\"Fail\",{fields}}}", """{"a":1}"""));

    private static string? Failed(string state, string input)
    {
        var next = state.Contains("Next", StringComparison.Ordinal) ? ""","B":{"Type":"Succeed"}""" : "";
        MachineBench bench = new($$$"""{"StartAt":"A","States":{"A":{{{state}}}{{{next}}}}}""");
        bench.Start(input);
        Assert.Equal(bench.State.Cause is null ? null : "States.Runtime", bench.State.Error);
        return bench.State.Cause;
    }
}
