using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;

namespace Analemma.Unit.Tests.Workflow;

/// <summary>Bounds, and fields that need or exclude each other, as the service was measured (ADR 67).</summary>
public sealed class MeasuredDiagnosticTests
{
    private const string Task = """{"Type":"Task","Resource":"arn:aws:lambda:r:0:function:f","End":true,FIELDS}""";

    private const string Map =
        """
        {"Type":"Map","End":true,FIELDS,"ItemProcessor":{"StartAt":"B","States":{"B":{"Type":"Succeed"}}}}
        """;

    private const string Batched =
        """
        {"Type":"Map","End":true,"ItemBatcher":{FIELDS},"ItemProcessor":{
          "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
          "StartAt":"B","States":{"B":{"Type":"Succeed"}}}}
        """;

    private const string Choice =
        """{"Type":"Choice","Choices":[{"Variable":"$.a","Next":"Z"FIELDS}],"Default":"Z"}""";

    [Theory]
    [InlineData(Task, "\"TimeoutSeconds\":0", "Minimum value is 1 at /States/A/TimeoutSeconds")]
    [InlineData(Task, "\"TimeoutSeconds\":1", null)]
    [InlineData(Task, "\"TimeoutSeconds\":99999999", null)]
    [InlineData(Task, "\"HeartbeatSeconds\":1,\"HeartbeatSecondsPath\":\"$.a\"",
        "There should only be one of the following fields: [HeartbeatSeconds, HeartbeatSecondsPath] at /States/A")]
    [InlineData(Task, "\"TimeoutSeconds\":5,\"HeartbeatSeconds\":5",
        "HeartbeatSeconds must be smaller than TimeoutSeconds at /States/A/HeartbeatSeconds")]
    [InlineData(Task, "\"ResultPath\":\"$.a[*]\"", "Value is not a Reference Path at /States/A/ResultPath")]
    [InlineData(Task, "\"Retry\":[{\"ErrorEquals\":[\"E\"],\"IntervalSeconds\":0,\"MaxDelaySeconds\":0}]",
        "Minimum value is 1 at /States/A/Retry[0]/MaxDelaySeconds")]
    [InlineData(Task, "\"Retry\":[{\"ErrorEquals\":[\"E\"],\"IntervalSeconds\":2,\"MaxDelaySeconds\":2}]",
        "MaxDelaySeconds must be greater than IntervalSeconds at /States/A/Retry[0]/MaxDelaySeconds")]
    [InlineData(Task, "\"Retry\":[{\"ErrorEquals\":[\"E\"],\"MaxAttempts\":0,\"BackoffRate\":1}]", null)]
    [InlineData(Map, "\"ToleratedFailurePercentage\":\"x\"",
        "Expected value of type Number at /States/A/ToleratedFailurePercentage")]
    [InlineData(Map, "\"ToleratedFailurePercentage\":100", null)]
    [InlineData(Map, "\"ToleratedFailurePercentage\":0", null)]
    [InlineData(Map, "\"ToleratedFailurePercentage\":-1",
        "Minimum value is 0.0 at /States/A/ToleratedFailurePercentage")]
    [InlineData(Map, "\"MaxConcurrencyPath\":\"$.a[*]\"",
        "Value is not a Reference Path at /States/A/MaxConcurrencyPath")]
    [InlineData(Map, "\"MaxConcurrency\":1,\"MaxConcurrencyPath\":\"$.a\"",
        "There should only be one of the following fields: [MaxConcurrency, MaxConcurrencyPath] at /States/A")]
    [InlineData(Map,
        "\"ItemReader\":{\"Resource\":\"arn:aws:states:::s3:getObject\",\"ReaderConfig\":{\"MaxItems\":100000001}}",
        "Maximum value is 100000000 at /States/A/ItemReader/ReaderConfig/MaxItems")]
    [InlineData(Map,
        "\"ItemReader\":{\"Resource\":\"arn:aws:states:::s3:getObject\",\"ReaderConfig\":{\"InputType\":\"JSON\","
        + "\"CSVHeaderLocation\":\"FIRST_ROW\"}}",
        "Field 'CSVHeaderLocation' is not supported at /States/A/ItemReader/ReaderConfig")]
    [InlineData(Batched, "\"MaxItemsPerBatch\":0", null)]
    [InlineData(Batched, "\"MaxInputBytesPerBatch\":0", null)]
    [InlineData(Batched, "\"BatchInput\":{}", "At least one of the fields [MaxItemsPerBatch, MaxInputBytesPerBatch] is "
        + "required at /States/A/ItemBatcher")]
    [InlineData("""{"Type":"Fail",FIELDS}""", "\"Error\":\"E\",\"ErrorPath\":\"$.e\"",
        "There should only be one of the following fields: [Error, ErrorPath] at /States/A")]
    [InlineData("""{"Type":"Fail",FIELDS}""", "\"Cause\":\"C\",\"CausePath\":\"$.c\"",
        "There should only be one of the following fields: [Cause, CausePath] at /States/A")]
    [InlineData("""{"Type":"Pass","Next":"Z",FIELDS}""", "\"End\":false", null)]
    [InlineData(Choice, "", "This object should have only one of the following fields: [StringEquals")]
    [InlineData(Choice, ",\"IsNull\":true,\"IsString\":true",
        "There should only be one of the following fields: [StringEquals")]
    public void Of_a_state(string state, string fields, string? expected)
    {
        var made = state.Replace("FIELDS", fields, StringComparison.Ordinal);
        var last = made.Contains("\"Z\"", StringComparison.Ordinal) ? ",\"Z\":{\"Type\":\"Succeed\"}" : "";
        AssertSays(expected, $$"""{"StartAt":"A","States":{"A":{{made}}{{last}} } }""");
    }

    [Theory]
    [InlineData("\"Mode\":\"INLINE\",\"ExecutionType\":\"STANDARD\"",
        "Field 'ExecutionType' is not supported at /States/A/ItemProcessor/ProcessorConfig")]
    [InlineData("\"Mode\":\"DISTRIBUTED\"",
        "These fields are required: [ExecutionType] at /States/A/ItemProcessor/ProcessorConfig")]
    public void Of_how_a_map_runs(string config, string expected) => AssertSays(
        expected,
        """
        {"StartAt":"A","States":{"A":{"Type":"Map","End":true,"ItemProcessor":{"ProcessorConfig":{CONFIG},
          "StartAt":"B","States":{"B":{"Type":"Succeed"}}}}}}
        """.Replace("CONFIG", config, StringComparison.Ordinal));

    [Theory]
    [InlineData("\"TimeoutSeconds\":\"1\"", "Expected value of type Integer at /TimeoutSeconds")]
    [InlineData("\"TimeoutSeconds\":0", null)]
    public void Of_a_machine(string field, string? expected) =>
        AssertSays(expected, $$"""{"StartAt":"A",{{field}},"States":{"A":{"Type":"Succeed"} } }""");

    [Fact]
    public void Of_a_machine_without_states() =>
        AssertSays("Value cannot be empty at /States", """{"StartAt":"A","States":{}}""");

    [Fact]
    public void Of_labels_that_are_there_twice() => Assert.Contains(
        "DUPLICATE_LABEL_NAME: Label \"l\" is not unique at /States/B/Label",
        DefinitionReader.Read(
            """
            {"StartAt":"A","States":{"A":MAP,"Next":"B"},"B":MAP,"End":true}}}
            """.Replace(
                "MAP",
                """
                {"Type":"Map","Label":"l","ItemProcessor":{
                  "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
                  "StartAt":"I","States":{"I":{"Type":"Succeed"}}}
                """,
                StringComparison.Ordinal)).Problem,
        StringComparison.Ordinal);

    [Fact]
    public void Of_variables_with_long_names()
    {
        AssertSays(null, Assigning(new string('a', 80)));
        Assert.StartsWith(
            "INVALID_VARIABLE_NAME: ",
            DefinitionReader.Read(Assigning(new string('a', 81))).Problem,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a + a", "a")]
    [InlineData("true ? 1 : a", "a")]
    [InlineData("[1, a]", "a")]
    [InlineData("$sum(a)", "a")]
    [InlineData("""{\"k\": a}""", "a")]
    [InlineData("1 + $", "$")]
    [InlineData("$map([1], function($v) { a })", null)]
    [InlineData("$states.input.a", null)]
    public void Of_names_at_the_top_of_an_expression(string expression, string? name) => Assert.Equal(
        name is null ? "" : $"UNSUPPORTED_JSONATA_EXPRESSION: Reference to '{name}' at the top level is not supported. "
            + "at /States/A/Output",
        DefinitionReader.Read(
            """{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Succeed","Output":"{% X %}"}}}"""
                .Replace("X", expression, StringComparison.Ordinal)).Problem);

    [Fact]
    public void No_time_for_a_machine_is_no_end()
    {
        MachineBench bench = new(
            """{"StartAt":"A","TimeoutSeconds":0,"States":{"A":{"Type":"Wait","Seconds":5,"End":true}}}""");
        bench.Start();
        Assert.Equal(5, bench.Wait().TotalSeconds);
        Assert.Equal(ExecutionStatus.Succeeded, bench.State.Status);
    }

    [Theory]
    [InlineData("\"MaxItemsPerBatch\":0")]
    [InlineData("\"MaxInputBytesPerBatch\":0")]
    public void No_bound_for_a_batch_is_one_batch(string batcher)
    {
        MachineBench bench = new(
            $$"""{"StartAt":"A","States":{"A":{{Batched.Replace("FIELDS", batcher, StringComparison.Ordinal)}} } }""");
        bench.Start("[1,2,3]");
        Assert.Equal("""{"Items":[1,2,3]}""", Assert.Single(bench.Children).Input.ToString());
    }

    private static string Assigning(string variable) =>
        $$"""{"StartAt":"A","States":{"A":{"Type":"Pass","Assign":{"{{variable}}":1},"End":true} } }""";

    private static void AssertSays(string? expected, string definition)
    {
        var problem = DefinitionReader.Read(definition).Problem;
        if (expected is null)
        {
            Assert.Equal("", problem);
        }
        else
        {
            Assert.StartsWith($"SCHEMA_VALIDATION_FAILED: {expected}", problem, StringComparison.Ordinal);
        }
    }
}
