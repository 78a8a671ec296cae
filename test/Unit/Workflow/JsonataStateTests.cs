using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;

namespace Analemma.Unit.Tests.Workflow;

public sealed class JsonataStateTests
{
    [Fact]
    public void Fields_are_expressions_over_input_result_context_and_variables()
    {
        MachineBench bench = new(
            """
            {"QueryLanguage":"JSONata","StartAt":"A","States":{
              "A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f",
                "Arguments":{"sum":"{% $sum($states.input.n) %}","list":["{% 1 + 1 %}","plain"]},
                "Assign":{"doubled":"{% $states.result * 2 %}"},"Output":"{% $states.result %}","Next":"B"},
              "B":{"Type":"Choice","Choices":[{"Condition":"{% $doubled > 10 %}","Next":"C"}],"Default":"D"},
              "C":{"Type":"Pass","Output":{"d":"{% $doubled %}","e":"{% $states.context.State.Name %}"},"End":true},
              "D":{"Type":"Fail","Error":"{% 'E' & $doubled %}"}}}
            """);
        bench.Start("""{"n":[1,2,3]}""");
        Assert.Equal("""{"sum":6,"list":[2,"plain"]}""", bench.Succeed("6").Input.ToString());
        Assert.Equal("""{"d":12,"e":"C"}""", bench.State.Output.ToString());
    }

    [Theory]
    [InlineData("{% $nothing %}", "returned nothing (undefined).")]
    [InlineData("{% 1 + 'a' %}", "threw an error during evaluation. T2002: ")]
    public void What_an_expression_cannot_do_is_an_error_that_a_catcher_can_catch(string expression, string cause)
    {
        var definition =
            """
            {"QueryLanguage":"JSONata","StartAt":"A","States":{
              "A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f",
                "Arguments":{"x":"EXPRESSION"},"Catch":[{"ErrorEquals":["States.QueryEvaluationError"],"Next":"B"}],
                "End":true},
              "B":{"Type":"Pass","End":true}}}
            """.Replace("EXPRESSION", expression, StringComparison.Ordinal);
        MachineBench bench = new(definition);
        bench.Start();
        Assert.Equal(ExecutionStatus.Succeeded, bench.State.Status);
        Assert.Contains(cause, bench.State.Output["Cause"].AsString(), StringComparison.Ordinal);
        var failed = bench.History.Single(happened => happened.Type is HistoryEventType.EvaluationFailed);
        Assert.Equal("Arguments/x", failed.Details["location"].AsString());
    }

    [Fact]
    public void An_expression_that_loops_for_ever_ends_in_an_error()
    {
        MachineBench bench = new(
            """
            {"QueryLanguage":"JSONata","StartAt":"A","States":{
              "A":{"Type":"Pass","Output":"{% ($f := function($x) { $f($x + 1) }; $f(1)) %}","End":true}}}
            """);
        bench.Start();
        Assert.Equal("States.QueryEvaluationError", bench.State.Error);
    }

    [Fact]
    public void What_is_no_expression_is_told_with_its_place()
    {
        var reading = DefinitionReader.Read(
            """
            {"QueryLanguage":"JSONata","StartAt":"A","States":{
              "A":{"Type":"Choice","Choices":[{"Condition":"{% 1 + %}","Next":"B"}]},
              "B":{"Type":"Pass","Output":{"a":["{% ( %}"]},"InputPath":"$","End":true}}}
            """);
        Assert.Null(reading.Machine);
        Assert.Equal(
            ["/States/A/Choices[0]/Condition", "/States/B", "/States/B/Output/a[0]"],
            reading.Diagnostics.Select(found => found.Location).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Variables_that_an_expression_reads_are_known_and_functions_are_none()
    {
        var machine = DefinitionReader.Read(
            """
            {"QueryLanguage":"JSONata","StartAt":"A","States":{
              "A":{"Type":"Pass","End":true,
                "Output":"{% ($x := 1; $sum([$x, $y, $states.input, $partition([1], $z)])) %}"}}}
            """).Machine!;
        Assert.Equal(["y", "z"], machine.States["A"].VariableReferences());
    }
}
