using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Workflow;

public sealed class DefinitionReaderTests
{
    [Theory]
    [InlineData("{}", "SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /")]
    [InlineData("", "SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at null")]
    [InlineData(
        """{"StartAt":"A","States":{"A":{"Type":"Nothing","End":true}}}""",
        "SCHEMA_VALIDATION_FAILED: The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, "
        + "Choice, Parallel, Map] at /States/A/Type")]
    [InlineData(
        """{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"C"},"B":{"Type":"Pass","End":true}}}""",
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: C at /States/A/Next, "
        + "MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B")]
    [InlineData(
        """{"StartAt":"A","States":{"A":{"Type":"Wait","Timestamp":"2016-12-05 21:29:29Z","End":true}}}""",
        "SCHEMA_VALIDATION_FAILED: String does not match RFC3339 timestamp at /States/A/Timestamp")]
    [InlineData(
        """{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::dynamodb:query","End":true}}}""",
        "SCHEMA_VALIDATION_FAILED: The resource provided arn:aws:states:::dynamodb:query is not recognized. The value "
        + "is not a valid resource ARN, or the resource is not available in this region. at /States/A/Resource")]
    [InlineData(
        """{"StartAt":"A","States":{"A":{"Type":"Pass","InputPath":"x","End":true}}}""",
        "SCHEMA_VALIDATION_FAILED: Value must be a valid JSONPath. at /States/A/InputPath")]
    [InlineData(
        """{"StartAt":"A","States":{"A":{"Type":"Pass","Nothing":1,"End":true}}}""",
        "SCHEMA_VALIDATION_FAILED: Field 'Nothing' is not supported at /States/A")]
    public void A_mistake_is_told_with_its_place(string definition, string expected) =>
        Assert.Equal(expected, DefinitionReader.Read(definition).Problem);

    [Fact]
    public void All_mistakes_are_told_at_once()
    {
        var reading = DefinitionReader.Read(
            """
            {"StartAt":"X","States":{
              "A":{"Type":"Task","End":true},
              "B":{"Type":"Pass","Parameters":{"a.$":"b","c":{"d.$":"States.Nothing()"}},"End":true},
              "C":{"Type":"Choice","Choices":[{"Variable":"$.a","NumericEquals":"1","Next":"A"}]}}}
            """);
        Assert.Equal(
            [
                "/StartAt", "/States/A", "/States/B/Parameters", "/States/B/Parameters",
                "/States/C/Choices[0]/NumericEquals",
            ],
            reading.Diagnostics.Select(found => found.Location).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void An_express_machine_may_not_wait_for_tokens_or_activities()
    {
        const string Definition =
            """
            {"StartAt":"A","States":{
              "A":{"Type":"Task","Resource":"arn:aws:states:::sns:publish.waitForTaskToken","End":true}}}
            """;
        Assert.NotNull(DefinitionReader.Read(Definition).Machine);
        Assert.Contains(
            "Express state machine does not support '.waitForTaskToken' service integration  at /States/A/Resource",
            DefinitionReader.Read(Definition, isExpress: true).Problem,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ab?", "Error=ValueError Args=[\"Label contains invalid character: '?'\"]")]
    [InlineData("ab\"", "Error=ValueError Args=['Label contains invalid character: \\'\"\\'']")]
    [InlineData("ab\\", "Error=ValueError Args=[\"Label contains invalid character: '\\\\\\\\'\"]")]
    [InlineData("ab\u0001", "Error=ValueError Args=[\"Label contains invalid character: '\\\\x01'\"]")]
    [InlineData(
        "12345678901234567890123456789012345678901", "Error=ValueError Args=['Label cannot exceed 40 characters']")]
    public void A_bad_label_is_told_as_the_service_tells_it(string label, string expected)
    {
        var text =
            """
            {"StartAt":"M","States":{"M":{"Type":"Map","Label":LABEL,"End":true,
              "ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}}}}
            """.Replace("LABEL", JsonValue.From(label).ToString(), StringComparison.Ordinal);
        var told = InvalidDefinition.Message(DefinitionReader.Read(text), text);
        Assert.StartsWith(expected, told, StringComparison.Ordinal);
    }

    [Fact]
    public void A_definition_nested_too_deep_is_refused_and_nothing_breaks()
    {
        var text = """{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}""";
        for (var i = 0; i < 60; i++)
        {
            text = """{"StartAt":"PI","States":{"PI":{"Type":"Parallel","Branches":[INNER],"End":true}}}"""
                .Replace("PI", FormattableString.Invariant($"P{i}"), StringComparison.Ordinal)
                .Replace("INNER", text, StringComparison.Ordinal);
        }

        Assert.Contains("TOO_DEEPLY_NESTED", DefinitionReader.Read(text).Problem, StringComparison.Ordinal);
        Assert.Null(DefinitionReader.Read(new string('[', 100_000)).Machine);
    }

    [Fact]
    public void Variables_are_known_by_the_states_that_read_them()
    {
        var machine = DefinitionReader.Read(
            """
            {"StartAt":"A","States":{
              "A":{"Type":"Pass","Assign":{"x":1},"Next":"F"},
              "F":{"Type":"Fail","CausePath":"$b.c","ErrorPath":"States.Format('{}', $a)"}}}
            """).Machine!;
        Assert.Empty(machine.States["A"].VariableReferences());
        Assert.Equal(["a", "b"], machine.States["F"].VariableReferences());
    }
}
