using Analemma.Workflow.Definitions;

namespace Analemma.Unit.Tests.Workflow;

/// <summary>Diagnostics in the words that users of the service were given.</summary>
public sealed class DiagnosticTests
{
    private const string Schema = "SCHEMA_VALIDATION_FAILED: ";
    private const string Function = "\"Resource\":\"arn:aws:lambda:r:0:function:f\",";

    private const string Missing = "MISSING_TRANSITION_TARGET: ";

    [Theory]
    [InlineData(
        """{"A":{"Type":"Pass","Catch":[],"End":true}}""",
        Schema + "Field 'Catch' is not supported at /States/A")]
    [InlineData(
        """{"B":{"Type":"Pass","Next":"C"},"C":{"Type":"Succeed"}}""",
        Missing + "Missing 'Next' target: A at /StartAt, " + Missing + "State \"B\" is not reachable. at /States/B")]
    [InlineData(
        """{"A":{"Type":"Choice","Choices":[{"Variable":"$.x","IsNull":true,"Next":"A"}],"Default":"X"}}""",
        Missing + "Missing 'Next' target: X at /States/A/Default, "
        + "MISSING_END_STATE: Workflow has no terminal state at null")]
    [InlineData(
        """{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"},"C":{"Type":"Pass","Next":"A"}}""",
        "MISSING_END_STATE: Workflow has no terminal state at null")]
    [InlineData(
        """{"A":{"Type":"Pass","Next":"X"}}""",
        Missing + "Missing 'Next' target: X at /States/A/Next, "
        + "MISSING_END_STATE: Workflow has no terminal state at null")]
    [InlineData(
        """{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"},"C":{"Type":"Fail"}}""",
        Missing + "State \"C\" is not reachable. at /States/C")]
    public void Of_states_and_where_they_lead(string states, string expected) =>
        Assert.Equal(expected, Problem("JSONPath", states));

    [Theory]
    [InlineData(
        "JSONPath",
        """{"A":{"Type":"Pass","Output":1,"End":true}}""",
        "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' "
        + "QueryLanguage at /States/A")]
    [InlineData(
        "JSONata",
        """{"A":{"Type":"Pass","InputPath":"$","End":true}}""",
        "The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the 'JSONPath' "
        + "QueryLanguage at /States/A")]
    [InlineData(
        "JSONata",
        """{"A":{"Type":"Pass","QueryLanguage":"JSONPath","End":true}}""",
        "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/A")]
    public void Of_query_languages(string language, string states, string expected) =>
        Assert.Equal(Schema + expected, Problem(language, states));

    [Theory]
    [InlineData(
        """ "QueryLanguage":"JSONata", """,
        """{"Type":"Succeed"}""",
        "Field 'QueryLanguage' is not supported at /States/A/ItemProcessor")]
    [InlineData(
        "",
        """{"Type":"Succeed","Output":1}""",
        "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' "
        + "QueryLanguage at /States/A/ItemProcessor/States/B")]
    public void Of_machines_within_that_speak_as_the_whole(string field, string inner, string expected) =>
        Assert.Equal(
            Schema + expected,
            Problem(
                "JSONPath",
                "{\"A\":{\"Type\":\"Map\",\"QueryLanguage\":\"JSONata\",\"End\":true,\"ItemProcessor\":{"
                + field + "\"StartAt\":\"B\",\"States\":{\"B\":" + inner + "}}}}"));

    [Theory]
    [InlineData("a[1,2)", "INVALID_JSONATA_EXPRESSION: Expected \"]\", got \",\" at /States/A/Output/v")]
    [InlineData("1 +", "INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/A/Output/v")]
    [InlineData(
        "phone & $states.input.a[b = c] & $map($states.input.x, function($v) { $v.d })",
        "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported. "
        + "at /States/A/Output/v")]
    [InlineData("$states.input.{ 'k': v }^(w)", "")]
    public void Of_expressions(string expression, string expected) =>
        Assert.Equal(
            expected,
            Problem("JSONata", "{\"A\":{\"Type\":\"Pass\",\"End\":true,\"Output\":{\"v\":"
                + $"{Analemma.Workflow.Json.JsonValue.From($"{{% {expression} %}}")}}}}}}}"));

    [Theory]
    [InlineData("$", "Reference to '$' at the top level is not supported.")]
    [InlineData("1 + $$.a", "Reference to '$$' at the top level is not supported.")]
    [InlineData("$states.input.($ * 2)", null)]
    public void Of_the_input_that_expressions_do_not_have(string expression, string? expected) =>
        Assert.Equal(
            expected is null ? "" : $"UNSUPPORTED_JSONATA_EXPRESSION: {expected} at /States/A/Output",
            Problem("JSONata", $"{{\"A\":{{\"Type\":\"Pass\",\"End\":true,\"Output\":\"{{% {expression} %}}\"}}}}"));

    [Theory]
    [InlineData("\"End\":true,\"Next\":\"A\"", "There should only be one of the following fields: [Next, End]", "")]
    [InlineData("\"Comment\":\"\"", "This object should have only one of the following fields: [Next, End]", "")]
    [InlineData("\"End\":true,\"Output\":\"{% 1\"", "JSONata string must start with {% and end with %}", "/Output")]
    [InlineData(
        "\"End\":true,\"Assign\":{\"states\":1}",
        "RESERVED_VARIABLE_NAME: Cannot assign to reserved variable '$states'.",
        "/Assign")]
    [InlineData(
        "\"End\":true,\"Assign\":{\"a b\":1}",
        "INVALID_VARIABLE_NAME: Invalid variable name 'a b': the variable name contains invalid characters.",
        "/Assign")]
    public void Of_one_state(string fields, string expected, string place) => Assert.StartsWith(
        $"{(expected.Contains("_NAME: ", StringComparison.Ordinal) ? "" : Schema)}{expected} at /States/A{place}",
        Problem("JSONata", $"{{\"A\":{{\"Type\":\"Pass\",{fields}}}}}"),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("Wait", "", "This object should have only one of the following fields: [SecondsPath, Seconds, "
        + "TimestampPath, Timestamp]", "")]
    [InlineData("Wait", "\"Seconds\":1,\"SecondsPath\":\"$.a\",", "There should only be one of the following fields: "
        + "[SecondsPath, Seconds, TimestampPath, Timestamp]", "")]
    [InlineData("Wait", "\"Seconds\":-1,", "Minimum value is 0", "/Seconds")]
    [InlineData("Wait", "\"SecondsPath\":\"a\",", "Value must be a valid JSONPath.", "/SecondsPath")]
    [InlineData("Task", "\"Resource\":\"f\",", "Value is not a valid resource ARN", "/Resource")]
    [InlineData("Task", Function + "\"TimeoutSeconds\":100000000,", "Maximum value is 99999999", "/TimeoutSeconds")]
    [InlineData("Task", Function + "\"TimeoutSeconds\":\"1\",", "Expected value of type Integer", "/TimeoutSeconds")]
    [InlineData("Task", Function + "\"TimeoutSeconds\":1,\"TimeoutSecondsPath\":\"$.a\",", "There should only be one "
        + "of the following fields: [TimeoutSeconds, TimeoutSecondsPath]", "")]
    [InlineData("Task", Function + "\"Retry\":[{\"ErrorEquals\":[]}],", "Value cannot be empty",
        "/Retry[0]/ErrorEquals")]
    [InlineData("Task", Function + "\"Retry\":[{\"ErrorEquals\":[\"E\"],\"BackoffRate\":0.5}],", "Minimum value is 1.0",
        "/Retry[0]/BackoffRate")]
    [InlineData("Task", Function + "\"Retry\":[{\"ErrorEquals\":[\"E\"],\"JitterStrategy\":\"x\"}],",
        "Value should be one of the following: [NONE, FULL]", "/Retry[0]/JitterStrategy")]
    [InlineData("Task", Function + "\"Retry\":[{\"ErrorEquals\":[\"E\"],\"IntervalSeconds\":0}],", null, "")]
    public void Of_fields_of_a_state(string type, string fields, string? expected, string place) => Assert.Equal(
        expected is null ? "" : $"{Schema}{expected} at /States/A{place}",
        Problem("JSONPath", $"{{\"A\":{{\"Type\":\"{type}\",{fields}\"End\":true}}}}"));

    [Theory]
    [InlineData("", "\"MaxConcurrency\":-1", "Minimum value is 0", "/MaxConcurrency")]
    [InlineData("", "\"MaxConcurrencyPath\":\"$$.Execution.Input.n\"", "Value is not a Reference Path",
        "/MaxConcurrencyPath")]
    [InlineData("", "\"ToleratedFailurePercentage\":101", "Maximum value is 100.0", "/ToleratedFailurePercentage")]
    [InlineData("\"Iterator\":{},", "\"Comment\":\"\"", "There should only be one of the following fields: "
        + "[ItemProcessor, Iterator]", "")]
    [InlineData("", "\"ItemReader\":{\"Resource\":\"arn:aws:states:::sqs:sendMessage\"}",
        "The field 'Resource' does not match any of the allowed values", "/ItemReader/Resource")]
    [InlineData("", "\"ItemReader\":{\"Resource\":\"arn:aws:states:::s3:getObject\","
        + "\"ReaderConfig\":{\"InputType\":\"CSV\"}}",
        "The field 'CSVHeaderLocation' is required", "/ItemReader/ReaderConfig")]
    public void Of_maps(string before, string fields, string expected, string place) => Assert.Equal(
        $"{Schema}{expected} at /States/A{place}",
        Problem("JSONPath", $"{{\"A\":{{\"Type\":\"Map\",\"End\":true,{before}\"ItemProcessor\":{{\"StartAt\":\"B\","
            + $"\"States\":{{\"B\":{{\"Type\":\"Succeed\"}}}}}},{fields}}}}}"));

    [Theory]
    [InlineData("JSONPath", "\"IsNull\":true",
        "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]", "")]
    [InlineData("JSONPath", "\"Variable\":\"a\",\"IsNull\":true",
        "Value is not a Reference Path: Reference path didn't start with '$'", "/Variable")]
    [InlineData("JSONPath", "\"Condition\":\"{% true %}\"", "The QueryLanguage is set to 'JSONPath', but field "
        + "'Condition' is only supported for the 'JSONata' QueryLanguage", "")]
    [InlineData("JSONPath", "\"Not\":{\"Variable\":\"$.a\",\"IsNull\":true,\"Next\":\"A\"}",
        "Field 'Next' is not supported", "/Not")]
    [InlineData("JSONata", "\"Variable\":\"$.a\",\"Condition\":true", "The QueryLanguage is set to 'JSONata', but "
        + "field 'Variable' is only supported for the 'JSONPath' QueryLanguage", "")]
    public void Of_choices(string language, string rule, string expected, string place) => Assert.StartsWith(
        $"{Schema}{expected} at /States/A/Choices[0]{place}",
        Problem(language, "{\"A\":{\"Type\":\"Choice\",\"Choices\":[{" + rule
            + ",\"Next\":\"B\"}],\"Default\":\"B\"},\"B\":{\"Type\":\"Succeed\"}}"),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("Pass", "\"Output\":\"{% $states.result %}\"", "result", "Output")]
    [InlineData("Pass", "\"Assign\":{\"v\":\"{% $x[$states.errorOutput.a] %}\"}", "errorOutput", "Assign/v")]
    [InlineData("Task", Function + "\"Arguments\":\"{% $states.result.a %}\"", "result", "Arguments")]
    [InlineData("Task", Function + "\"Output\":\"{% $states.result %}\"", null, "")]
    [InlineData("Pass", "\"Output\":\"{% $states.input.result & '$states.result' %}\"", null, "")]
    [InlineData(
        "Task",
        Function + "\"Catch\":[{\"ErrorEquals\":[\"a\"],\"Next\":\"A\","
        + "\"Output\":\"{% $states.errorOutput %}\",\"Assign\":{\"v\":\"{% $states.result %}\"}}]",
        "result",
        "Catch[0]/Assign/v")]
    public void Of_what_of_states_a_field_does_not_see(string type, string fields, string? member, string place) =>
        Assert.Equal(
            member is null ? ""
                : $"UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$states.{member}' is not supported in this field. "
                    + $"at /States/A/{place}",
            Problem("JSONata", $"{{\"A\":{{\"Type\":\"{type}\",\"End\":true,{fields}}}}}"));

    [Theory]
    [InlineData("x", "", "The variable 'x' is assigned in an outer scope and cannot be assigned in an inner one")]
    [InlineData("y", "", null)]
    [InlineData(
        "y",
        "\"Catch\":[{\"ErrorEquals\":[\"a\"],\"Next\":\"C\",\"Assign\":{\"y.$\":\"$\"}}],",
        "The variable 'y' is assigned in an outer scope and cannot be assigned in an inner one")]
    public void Of_variables_of_two_scopes(string name, string ofMap, string? expected) => Assert.Equal(
        expected is null ? "" : $"{Schema}{expected} at /States/A/ItemProcessor/States/B",
        Problem(
            "JSONPath",
            "{\"A\":{\"Type\":\"Map\"," + ofMap + "\"Next\":\"C\",\"ItemProcessor\":{\"StartAt\":\"B\",\"States\":"
            + "{\"B\":{\"Type\":\"Pass\",\"End\":true,\"Assign\":{\"" + name + "\":1}}}}},"
            + "\"C\":{\"Type\":\"Pass\",\"End\":true,\"Assign\":{\"x\":1}}}"));

    [Theory]
    [InlineData("\"x\"", Schema + "Expected value of type Boolean at /States/A/Choices[0]/Condition")]
    [InlineData("true", "")]
    [InlineData("\"{% 1 %}\"", "")]
    public void Of_conditions(string condition, string expected) => Assert.Equal(
        expected,
        Problem(
            "JSONata",
            "{\"A\":{\"Type\":\"Choice\",\"Default\":\"B\",\"Choices\":[{\"Condition\":" + condition
            + ",\"Next\":\"A\"}]},\"B\":{\"Type\":\"Succeed\"}}"));

    [Fact]
    public void Of_headers_that_are_not_given() => Assert.Equal(
        Schema + "These fields are required: [CSVHeaders] at /States/A/ItemReader/ReaderConfig",
        Problem("JSONPath", """
            {"A":{"Type":"Map","End":true,
             "ItemReader":{"Resource":"arn:aws:states:::s3:getObject",
              "ReaderConfig":{"InputType":"CSV","CSVHeaderLocation":"GIVEN"}},
             "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
              "StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}}}
            """));

    // Developer Guide, ItemReader, Contents of the ItemReader field.
    [Theory]
    [InlineData("\"Transformation\":\"LOAD_AND_FLATTEN\"", "These fields are required: [InputType]", "")]
    [InlineData("\"ManifestType\":\"ATHENA_DATA\"", "These fields are required: [InputType]", "")]
    [InlineData(
        "\"ManifestType\":\"S3_INVENTORY\",\"InputType\":\"CSV\"",
        "InputType must not be specified when ManifestType is S3_INVENTORY",
        "/InputType")]
    public void Of_readers_whose_fields_do_not_go_together(string config, string expected, string at) => Assert.Equal(
        $"{Schema}{expected} at /States/A/ItemReader/ReaderConfig{at}",
        Problem("JSONPath", """
            {"A":{"Type":"Map","End":true,
             "ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{CONFIG}},
             "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
              "StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}}}
            """.Replace("CONFIG", config, StringComparison.Ordinal)));

    // Developer Guide, Distributed Map state fields.
    [Fact]
    public void Of_distributed_maps_in_express_machines()
    {
        const string Text = """
            {"StartAt":"A","States":{"A":{"Type":"Map","End":true,
             "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},
              "StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}}}}
            """;
        Assert.NotNull(DefinitionReader.Read(Text).Machine);
        Assert.Equal(
            $"{Schema}The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines "
            + "at /States/A/ItemProcessor/ProcessorConfig/Mode",
            DefinitionReader.Read(Text, isExpress: true).Problem);
    }

    // Developer Guide, Writing JSONata expressions in JSON strings.
    [Theory]
    [InlineData("{% 1", false)]
    [InlineData("1 %}", false)]
    [InlineData(" {% 1 %}", false)]
    [InlineData("{% 1 %}", true)]
    [InlineData("a {% 1 %} b", true)]
    public void Of_expressions_that_are_not_opened_and_closed(string text, bool isGood) => Assert.Equal(
        isGood
            ? ""
            : Schema + "JSONata string must start with {% and end with %} at /States/A/Output/x[0]",
        Problem("JSONata", """{"A":{"Type":"Pass","Output":{"x":["TEXT"]},"End":true}}"""
            .Replace("TEXT", text, StringComparison.Ordinal)));

    // Developer Guide, Fail state.
    [Theory]
    [InlineData("States.Format('{}', $.x)", "")]
    [InlineData("States.UUID()", "")]
    [InlineData(
        "States.MathAdd(1, 2)",
        Schema + "The intrinsic function 'States.MathAdd' does not return a string at /States/A/CausePath")]
    public void Of_calls_that_give_no_text(string call, string expected) => Assert.Equal(
        expected, Problem("JSONPath", "{\"A\":{\"Type\":\"Fail\",\"CausePath\":\"" + call + "\"}}"));

    // Developer Guide, Retrying after an error: and variables, whose names follow Unicode's rules.
    [Theory]
    [InlineData("\"Retry\":[{\"ErrorEquals\":[\"E\"],\"MaxDelaySeconds\":31622400}]", true)]
    [InlineData("\"Retry\":[{\"ErrorEquals\":[\"E\"],\"MaxDelaySeconds\":31622401}]", false)]
    [InlineData("\"Assign\":{\"e\u0301_1\":1}", true)]
    [InlineData("\"Assign\":{\"\u0301e\":1}", false)]
    [InlineData("\"Assign\":{\"a.b\":1}", false)]
    public void Of_bounds(string field, bool isGood) => Assert.Equal(
        isGood,
        Problem("JSONPath", "{\"A\":{\"Type\":\"Task\"," + Function + field + ",\"End\":true}}").Length == 0);

    [Fact]
    public void Of_more_than_are_told()
    {
        var states = string.Join(",", Enumerable.Range(0, 150).Select(n => $"\"S{n}\":{{\"Type\":\"X\"}}"));
        var reading = DefinitionReader.Read($"{{\"StartAt\":\"S0\",\"States\":{{{states}}}}}");
        Assert.Equal(DefinitionLimits.DiagnosticsMax, reading.Diagnostics.Count);
    }

    [Fact]
    public void Of_paths_that_stand_for_themselves()
    {
        var reading = DefinitionReader.Read(
            """
            {"StartAt":"A","States":{"A":{"Type":"Pass","End":true,"Parameters":{
             "a":["$.x",{"b":"States.UUID()","c":"$.","d":"States.","e.$":"$.x","f":"$5"}],"g":"$$.Execution.Id"}}}}
            """);
        Assert.NotNull(reading.Machine);
        Assert.Equal(
            ["/States/A/Parameters/a[1]/b", "/States/A/Parameters/g"],
            reading.Diagnostics.Where(found => found.Code == "NO_DOLLAR").Select(found => found.Location));
        Assert.All(reading.Diagnostics, found => Assert.Equal("WARNING", found.Severity));
    }

    [Fact]
    public void What_was_taken_once_can_be_read_for_ever()
    {
        var loop = DefinitionReader.Read(
            """{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"A"}}}""");
        Assert.Null(loop.Machine);
        Assert.NotNull(loop.Readable);
    }

    private static string Problem(string language, string states) => DefinitionReader.Read(
        $$"""{"QueryLanguage":"{{language}}","StartAt":"A","States":{{states}}}""").Problem;
}
