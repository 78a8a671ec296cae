using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Workflow;

/// <summary>What the Step Functions Developer Guide says of executions; each test names the page.</summary>
public sealed class GuideRuleTests
{
    private const string Function = "arn:aws:lambda:us-east-1:000000000000:function:f";

    private const string Whole =
        """{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"x.$":"PATH"},"End":true}}}""";

    // Accessing execution data from the Context object, Context object data for Map states.
    [Fact]
    public void Items_of_the_states_input_have_a_source_that_says_so()
    {
        MachineBench bench = new(Map("""{"a.$":"$$.Map.Item.Source","b.$":"$$.Map.Item.Index"}""", "INLINE"));
        bench.Start("""["x","y"]""");
        Assert.Equal(
            """[{"a":"STATE_DATA","b":0},{"a":"STATE_DATA","b":1}]""", bench.State.Output.ToString());
    }

    [Fact]
    public void Items_that_were_read_have_the_source_that_the_reader_tells()
    {
        MachineBench bench = new(Map("""{"a.$":"$$.Map.Item.Source"}""", "DISTRIBUTED", """
            "ItemReader":{"Resource":"arn:aws:states:::s3:getObject","Parameters":{"Bucket":"b","Key":"k"}},
            """));
        bench.Start();
        var read = bench.Effects.OfType<WorkflowEffect.ReadItems>().Single();
        bench.Tell(new ExecutionEvent.ItemsRead(bench.Now, read.TaskId, JsonValue.Parse("[1,2,3]").AsArray())
        {
            Sources = [new ItemSource("S3://b/k", 1), new ItemSource("S3://b/l", 2)],
        });
        Assert.Equal(
            ["S3://b/k", "S3://b/l", "S3://b/l"], bench.Children.Select(child => child.Input["a"].AsString()));
    }

    // ItemReader (Map), JSON data from a previous step.
    [Theory]
    [InlineData("", """{"Key":"a","Value":1}""", """{"Key":"b","Value":{"c":2}}""")]
    [InlineData(
        """{"k.$":"$$.Map.Item.Key","v.$":"$$.Map.Item.Value","i.$":"$$.Map.Item.Index"}""",
        """{"k":"a","v":1,"i":0}""",
        """{"k":"b","v":{"c":2},"i":1}""")]
    public void A_distributed_map_goes_over_the_entries_of_an_object(string selector, string first, string second)
    {
        MachineBench bench = new(Map(selector, "DISTRIBUTED"));
        bench.Start("""{"a":1,"b":{"c":2}}""");
        Assert.Equal([first, second], bench.Children.Select(child => child.Input.ToString()));
    }

    [Fact]
    public void An_inline_map_does_not()
    {
        MachineBench bench = new(Map("", "INLINE"));
        bench.Start("""{"a":1}""");
        Assert.Equal("States.Runtime", bench.State.Error);
        Assert.EndsWith("Reference path \"$\" must point to array.", bench.State.Cause, StringComparison.Ordinal);
    }

    // Accessing execution data from the Context object.
    [Fact]
    public void A_redriven_execution_knows_when_it_was_redriven()
    {
        MachineBench bench = new(
            """
            {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"FUNCTION",
              "ResultSelector":{"t.$":"$$.Execution['RedriveTime']","n.$":"$$.Execution.RedriveCount"},"End":true}}}
            """.Replace("FUNCTION", Function, StringComparison.Ordinal));
        bench.Start();
        bench.Fail("E");
        bench.Tell(new ExecutionEvent.Redriven(bench.Now.AddMilliseconds(1_250)) { IsDeep = true });
        bench.Succeed("{}");
        Assert.Equal("""{"t":"2026-11-26T10:00:01.250Z","n":1}""", bench.State.Output.ToString());
    }

    [Theory]
    [InlineData(0, "2026-11-26T10:00:00Z")]
    [InlineData(20, "2026-11-26T10:00:00.020Z")]
    public void Times_of_the_context_have_no_fraction_when_it_would_be_nothing(int milliseconds, string expected)
    {
        MachineBench bench = new(Whole.Replace("PATH", "$$.Execution.StartTime", StringComparison.Ordinal));
        bench.Tell(new ExecutionEvent.Started(bench.Now.AddMilliseconds(milliseconds), JsonValue.Parse("{}")));
        Assert.Equal(expected, bench.State.Output["x"].AsString());
    }

    // Distributed Map, Setting failure thresholds: with both, more than either is too much.
    [Theory]
    [InlineData("\"ToleratedFailureCount\":1,\"ToleratedFailurePercentage\":100,", 1, false)]
    [InlineData("\"ToleratedFailureCount\":1,\"ToleratedFailurePercentage\":100,", 2, true)]
    [InlineData("\"ToleratedFailureCount\":3,\"ToleratedFailurePercentage\":25,", 2, true)]
    [InlineData("\"ToleratedFailurePercentage\":50,", 2, false)]
    [InlineData("\"ToleratedFailureCount\":2,", 3, true)]
    [InlineData("", 1, true)]
    public void A_map_run_fails_beyond_either_of_its_thresholds(string tolerance, int failures, bool isBeyond)
    {
        MachineBench bench = new(Map("", "DISTRIBUTED", tolerance));
        bench.Start("[1,2,3,4]");
        for (var i = 0; i < failures; i++)
        {
            bench.EndChild(null);
        }

        Assert.Equal(isBeyond ? "States.ExceedToleratedFailureThreshold" : null, bench.State.Error);
    }

    // Viewing Map Runs, Item processing status: what ran when it failed is aborted, what had not begun is pending.
    [Fact]
    public void A_map_run_that_failed_has_nothing_that_runs()
    {
        MachineBench bench = new(Map("", "DISTRIBUTED", "\"MaxConcurrency\":2,"));
        bench.Start("[1,2,3,4]");
        bench.EndChild("1");
        bench.EndChild(null);
        var run = bench.Effects.OfType<WorkflowEffect.TellMapRun>().Last().MapRun;
        foreach (var counts in (MapRunCounts[])[run.Items, run.Executions])
        {
            Assert.Equal(
                (1, 1, 1, 0, 1), (counts.Succeeded, counts.Failed, counts.Aborted, counts.Running, counts.Pending));
        }
    }

    // ResultWriter (Map): of a child that failed all is told, which who has it puts together.
    [Theory]
    [InlineData("\"ToleratedFailureCount\":1,", false, "COMPACT")]
    [InlineData("\"ResultWriter\":{\"WriterConfig\":{\"Transformation\":\"NONE\"}},", true, "NONE")]
    [InlineData("\"ResultWriter\":{\"WriterConfig\":{\"OutputType\":\"JSON\"}},", true, null)]
    [InlineData("", true, null)]
    public void Results_that_tell_of_executions_are_asked_for(string fields, bool areAllGood, string? transformation)
    {
        MachineBench bench = new(Map("", "DISTRIBUTED", fields));
        bench.Start("[1,2]");
        bench.EndChild("1");
        bench.EndChild(areAllGood ? "2" : null);
        var asked = bench.Effects.OfType<WorkflowEffect.WriteResults>().SingleOrDefault();
        Assert.Equal(transformation, asked?.Writer.Transformation);
        if (asked is not null)
        {
            bench.Tell(new ExecutionEvent.ResultsWritten(bench.Now, asked.TaskId, JsonValue.Parse("[7]")));
        }

        Assert.Equal(asked is null ? "[1,2]" : "[7]", bench.State.Output.ToString());
    }

    // Task state, TimeoutSeconds: of an activity it counts from when a worker has taken it.
    [Fact]
    public void The_time_of_an_activity_counts_from_its_start()
    {
        MachineBench bench = new(
            """
            {"StartAt":"A","States":{"A":{"Type":"Task","TimeoutSeconds":10,"End":true,
              "Resource":"arn:aws:states:us-east-1:000000000000:activity:a"}}}
            """);
        bench.Start();
        bench.Tell(new ExecutionEvent.ActivityTaken(bench.Now.AddSeconds(7), bench.Tasks.Peek().TaskId, "w"));
        Assert.Equal(17, bench.Wait().TotalSeconds);
        Assert.Equal("States.Timeout", bench.State.Error);
    }

    // Passing data between states with variables, Using variables in JSONPath states.
    [Fact]
    public void Wait_assigns_from_what_its_InputPath_selects()
    {
        MachineBench bench = new(
            """
            {"StartAt":"A","States":{
              "A":{"Type":"Wait","Seconds":0,"InputPath":"$.in","Assign":{"v.$":"$.x"},"Next":"B"},
              "B":{"Type":"Pass","Parameters":{"v.$":"$v"},"End":true}}}
            """);
        bench.Start("""{"in":{"x":7}}""");
        Assert.Equal("""{"v":7}""", bench.State.Output.ToString());
    }

    // Wait state: of a timestamp whole seconds count, and seconds that are computed have a range.
    [Theory]
    [InlineData("\"Timestamp\":\"2026-11-26T10:00:07.900Z\"", 7, null)]
    [InlineData("\"Seconds\":\"{% 99999999 %}\"", 99_999_999, null)]
    [InlineData("\"Seconds\":\"{% 100000000 %}\"", null, "returned a value that is out of range: 100000000")]
    public void A_wait_is_of_whole_seconds_within_a_range(string field, int? seconds, string? cause)
    {
        MachineBench bench = new(
            """{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Wait",FIELD,"End":true}}}"""
                .Replace("FIELD", field, StringComparison.Ordinal));
        bench.Start();
        if (seconds is not null)
        {
            Assert.Equal((double)seconds, bench.Wait().TotalSeconds);
        }

        Assert.EndsWith(cause ?? "", bench.State.Cause ?? "", StringComparison.Ordinal);
        Assert.Equal(cause is null ? null : "States.QueryEvaluationError", bench.State.Error);
    }

    // Distributed Map state fields.
    [Theory]
    [InlineData("ToleratedFailureCount", "-1", "ToleratedFailureCount cannot be negative.")]
    [InlineData("ToleratedFailurePercentage", "100.5", "ToleratedFailurePercentage must be between 0 and 100.")]
    public void Thresholds_out_of_range_end_the_execution(string field, string value, string cause)
    {
        MachineBench bench = new(Map("", "DISTRIBUTED", $"\"ItemsPath\":\"$.i\",\"{field}Path\":\"$.t\","));
        bench.Start($$"""{"i":[1],"t":{{value}}}""");
        Assert.Equal("States.Runtime", bench.State.Error);
        Assert.EndsWith(cause, bench.State.Cause, StringComparison.Ordinal);
    }

    // Transforming data with JSONata, Handling expression errors.
    [Theory]
    [InlineData("\"TimeoutSeconds\":\"{% -1 %}\"", "returned a value that is out of range: -1")]
    [InlineData("\"TimeoutSeconds\":\"{% 1.5 %}\"", "returned a value that is out of range: 1.5")]
    [InlineData("\"TimeoutSeconds\":\"{% 'a' %}\"", "Expected 'number', but was 'string' for value: \"a\"")]
    public void Numbers_that_a_field_cannot_be_are_errors_to_be_caught(string field, string cause)
    {
        MachineBench bench = new(
            """
            {"QueryLanguage":"JSONata","StartAt":"A","States":{
              "A":{"Type":"Task","Resource":"FUNCTION",FIELD,"End":true,
                "Catch":[{"ErrorEquals":["States.QueryEvaluationError"],"Next":"B"}]},
              "B":{"Type":"Pass","End":true}}}
            """.Replace("FUNCTION", Function, StringComparison.Ordinal)
                .Replace("FIELD", field, StringComparison.Ordinal));
        bench.Start();
        Assert.EndsWith(cause, bench.State.Output["Cause"].AsString(), StringComparison.Ordinal);
    }

    // Transforming data with JSONata, JSONata functions provided by Step Functions: fractions are rounded down.
    [Theory]
    [InlineData("$partition([1,2,3,4,5], 2.9)", "[[1,2],[3,4],[5]]")]
    [InlineData("$range(0.9, 6.5, 2.2)", "[0,2,4,6]")]
    [InlineData("$random(1.2) = $random(1.9)", "true")]
    public void Whole_numbers_of_the_services_functions_are_rounded_down(string expression, string expected)
    {
        MachineBench bench = new(
            """{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Succeed","Output":"{% X %}"}}}"""
                .Replace("X", expression, StringComparison.Ordinal));
        bench.Start();
        Assert.Equal(expected, bench.State.Output.ToString());
    }

    private static string Map(string selector, string mode, string fields = "") =>
        """
        {"StartAt":"M","States":{"M":{"Type":"Map",FIELDS SELECTOR "End":true,
          "ItemProcessor":{"ProcessorConfig":{"Mode":"MODE"TYPE},
            "StartAt":"I","States":{"I":{"Type":"Succeed"}}}}}}
        """.Replace("FIELDS", fields, StringComparison.Ordinal)
            .Replace("SELECTOR", selector.Length == 0 ? "" : $"\"ItemSelector\":{selector},", StringComparison.Ordinal)
            .Replace("MODE", mode, StringComparison.Ordinal)
            .Replace("TYPE", mode == "INLINE" ? "" : ",\"ExecutionType\":\"STANDARD\"", StringComparison.Ordinal);
}
