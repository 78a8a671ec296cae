using Analemma.Workflow.Executions;

namespace Analemma.Unit.Tests.Workflow;

/// <summary>
/// How events of states with others inside follow each other, as users of the service have read it: each line is the
/// event before, and the type.
/// </summary>
public sealed class BranchHistoryTests
{
    private const string Handled = "\"H\":{\"Type\":\"Pass\",\"End\":true}";

    private const string Task = "{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::sqs:sendMessage\",\"End\":true}";

    private const string Missing =
        "{\"Type\":\"Pass\",\"QueryLanguage\":\"JSONata\",\"Output\":\"{% $states.input.no %}\",\"End\":true}";

    private const string NoPath = "{\"Type\":\"Pass\",\"InputPath\":\"$.no\",\"End\":true}";

    [Fact]
    public void What_cannot_be_retried_or_caught_ends_the_whole_at_once() => Assert.Equal(
        "0 ExecutionStarted, 0 ParallelStateEntered, 2 ParallelStateStarted, 3 WaitStateEntered, 3 PassStateEntered, "
        + "5 ExecutionFailed",
        Of(Parallel(
            """{"Type":"Wait","Seconds":9,"End":true}""",
            NoPath,
            "\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],\"Next\":\"H\"}],")));

    [Fact]
    public void In_an_iteration_too() => Assert.Equal(
        "0 ExecutionStarted, 0 MapStateEntered, 2 MapStateStarted, 3 MapIterationStarted, 4 PassStateEntered, "
        + "5 ExecutionFailed",
        Of(Map(NoPath)));

    [Fact]
    public void Such_an_execution_is_redriven_where_it_failed()
    {
        MachineBench bench = new(Parallel("""{"Type":"Wait","Seconds":9,"End":true}""", NoPath, ""));
        bench.Start();
        var failed = bench.History[^1];
        bench.Tell(new ExecutionEvent.Redriven(bench.Now));
        Assert.Equal(
            (HistoryEventType.ExecutionRedriven, failed.Id),
            (bench.History[(int)failed.Id].Type, bench.History[(int)failed.Id].PreviousId));
        Assert.Equal(ExecutionStatus.Failed, bench.State.Status);
        Assert.Equal(HistoryEventType.ExecutionFailed, bench.History[^1].Type);
    }

    [Fact]
    public void A_task_whose_failure_ends_a_branch_is_aborted()
    {
        MachineBench bench = new(Parallel(Task, null, "\"Catch\":[{\"ErrorEquals\":[\"E\"],\"Next\":\"H\"}],"));
        bench.Start();
        bench.Fail("E");
        Assert.Equal(
            "0 ExecutionStarted, 0 ParallelStateEntered, 2 ParallelStateStarted, 3 TaskStateEntered, 4 TaskScheduled, "
            + "5 TaskStarted, 6 TaskFailed, 7 TaskStateAborted, 7 ParallelStateFailed, 9 ParallelStateExited, "
            + "10 PassStateEntered, 11 PassStateExited, 12 ExecutionSucceeded",
            Lines(bench));
    }

    [Fact]
    public void A_task_whose_failure_ends_an_iteration_is_aborted_before_that_fails()
    {
        MachineBench bench = new(Map(Task));
        bench.Start("[1]");
        bench.Fail("E");
        Assert.EndsWith(
            "7 TaskFailed, 8 TaskStateAborted, 8 MapIterationFailed, 8 MapStateFailed, 11 ExecutionFailed",
            Lines(bench),
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_goes_wrong_with_the_results_follows_their_success() => Assert.Equal(
        "0 ExecutionStarted, 0 ParallelStateEntered, 2 ParallelStateStarted, 3 PassStateEntered, 4 PassStateExited, "
        + "5 ParallelStateSucceeded, 6 ExecutionFailed",
        Of(Parallel("""{"Type":"Pass","End":true}""", null, "\"ResultSelector\":{\"m.$\":\"$.no\"},")));

    [Fact]
    public void A_state_whose_catcher_goes_wrong_fails_again() => Assert.Equal(
        "0 ExecutionStarted, 0 ParallelStateEntered, 2 ParallelStateStarted, 3 FailStateEntered, "
        + "4 ParallelStateFailed, 4 EvaluationFailed, 6 ParallelStateFailed, 7 ExecutionFailed",
        Of(Parallel(
            """{"Type":"Fail","Error":"E"}""",
            null,
            "\"QueryLanguage\":\"JSONata\",\"Catch\":[{\"ErrorEquals\":[\"E\"],\"Next\":\"H\","
            + "\"Output\":\"{% $states.input.no %}\"}],")));

    [Fact]
    public void An_iteration_that_fails_is_passed_by() => Assert.Equal(
        "0 ExecutionStarted, 0 MapStateEntered, 2 MapStateStarted, 3 MapIterationStarted, 4 PassStateEntered, "
        + "5 EvaluationFailed, 6 MapIterationFailed, 6 MapStateFailed, 8 ExecutionFailed",
        Of(Map(Missing)));

    [Fact]
    public void A_distributed_map_is_left_from_the_start_of_its_run()
    {
        MachineBench bench = new(Map(
            """{"Type":"Pass","End":true}""",
            """ "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"}, """));
        bench.Start("[1]");
        bench.EndChild("1");
        Assert.Equal(
            "0 ExecutionStarted, 0 MapStateEntered, 2 MapStateStarted, 3 MapRunStarted, 4 MapRunSucceeded, "
            + "5 MapStateSucceeded, 4 MapStateExited, 7 ExecutionSucceeded",
            Lines(bench));
    }

    [Fact]
    public void What_goes_wrong_with_those_results_follows_their_success_too()
    {
        MachineBench bench = new(Map(
            """{"Type":"Pass","End":true}""",
            """ "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"}, """,
            "\"ResultSelector\":{\"m.$\":\"$.no\"},"));
        bench.Start("[1]");
        bench.EndChild("1");
        Assert.EndsWith("5 MapStateSucceeded, 6 ExecutionFailed", Lines(bench), StringComparison.Ordinal);
    }

    [Fact]
    public void What_goes_well_follows_what_was_before_the_success()
    {
        Assert.EndsWith(
            "5 ParallelStateSucceeded, 5 ParallelStateExited, 7 ExecutionSucceeded",
            Of(Parallel("""{"Type":"Pass","End":true}""", null, "")),
            StringComparison.Ordinal);
        Assert.EndsWith(
            "5 PassStateExited, 6 MapIterationSucceeded, 7 MapStateSucceeded, 7 MapStateExited, 9 ExecutionSucceeded",
            Of(Map("""{"Type":"Pass","End":true}""")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_catcher_leads_on_from_the_failure() => Assert.EndsWith(
        "5 ParallelStateSucceeded, 6 EvaluationFailed, 7 ParallelStateFailed, 8 ParallelStateExited, "
        + "9 PassStateEntered, 10 PassStateExited, 11 ExecutionSucceeded",
        Of(Parallel(
            """{"Type":"Pass","End":true}""",
            null,
            "\"QueryLanguage\":\"JSONata\",\"Output\":\"{% $states.input.no %}\","
            + "\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],\"Next\":\"H\"}],")),
        StringComparison.Ordinal);

    [Fact]
    public void A_catcher_that_finds_no_path_ends_the_whole() => Assert.EndsWith(
        "3 FailStateEntered, 4 ParallelStateFailed, 5 ExecutionFailed",
        Of(Parallel(
            """{"Type":"Fail","Error":"E"}""",
            null,
            "\"Catch\":[{\"ErrorEquals\":[\"E\"],\"Next\":\"H\",\"Assign\":{\"x.$\":\"$.no\"}}],")),
        StringComparison.Ordinal);

    [Fact]
    public void What_runs_beside_a_runtime_error_is_cancelled()
    {
        MachineBench bench = new(Parallel(Task, NoPath, ""));
        bench.Start();
        Assert.Equal("States.Runtime", bench.State.Error);
        Assert.Single(bench.Effects.OfType<WorkflowEffect.CancelTask>());
        Assert.Empty(bench.State.OpenTasks());
    }

    [Fact]
    public void A_task_that_says_so_itself_is_not_caught_either()
    {
        MachineBench bench = new(
            Parallel(Task, null, "\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],\"Next\":\"H\"}],"));
        bench.Start();
        bench.Fail("States.Runtime");
        Assert.Equal((ExecutionStatus.Failed, "States.Runtime"), (bench.State.Status, bench.State.Error));
    }

    // What is evaluated before a state has begun follows what was before the state; later, what it has come to.
    [Theory]
    [InlineData("Arguments", "2 PassStateExited, 3 TaskStateEntered, 3 EvaluationFailed, 5 ExecutionFailed")]
    [InlineData("Output", "5 TaskStarted, 6 TaskSucceeded, 7 EvaluationFailed, 8 ExecutionFailed")]
    public void An_evaluation_of_a_task_that_fails_follows_what_was_before_it(string field, string expected)
    {
        MachineBench bench = new(
            """
            {"QueryLanguage":"JSONata","StartAt":"P","States":{"P":{"Type":"Pass","Next":"T"},
              "T":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","End":true,
                "FIELD":"{% $states.input.no %}"}}}
            """.Replace("FIELD", field, StringComparison.Ordinal));
        bench.Start();
        if (bench.Tasks.Count > 0)
        {
            bench.Succeed("1");
        }

        Assert.EndsWith(expected, Lines(bench), StringComparison.Ordinal);
    }

    [Fact]
    public void A_choice_that_leads_nowhere_is_a_runtime_error()
    {
        MachineBench bench = new(
            """
            {"StartAt":"C","States":{"D":{"Type":"Succeed"},
              "C":{"Type":"Choice","Choices":[{"Variable":"$.x","IsPresent":true,"Next":"D"}]}}}
            """);
        bench.Start();
        Assert.Equal("States.Runtime", bench.State.Error);
        Assert.Equal(
            "An error occurred while executing the state 'C' (entered at the event id #2). Failed to transition out of "
            + "the state. The state does not point to a next state.",
            bench.State.Cause);
    }

    [Fact]
    public void A_time_out_and_a_stop_follow_nothing()
    {
        const string Wait =
            """{"StartAt":"W","TimeoutSeconds":1,"States":{"W":{"Type":"Wait","Seconds":9,"End":true}}}""";
        MachineBench late = new(Wait);
        late.Start();
        late.Wait();
        Assert.Equal("0 ExecutionStarted, 0 WaitStateEntered, 0 ExecutionTimedOut", Lines(late));
        Assert.Equal("""{"error":"States.Timeout"}""", late.History[^1].Details.ToString());
        Assert.Null(late.State.Error);

        MachineBench stopped = new(Wait);
        stopped.Start();
        stopped.Tell(new ExecutionEvent.Stopped(stopped.Now, null, null));
        Assert.Equal("0 ExecutionStarted, 0 WaitStateEntered, 0 ExecutionAborted", Lines(stopped));
        Assert.Equal("{}", stopped.History[^1].Details.ToString());
    }

    [Theory]
    [InlineData("sqs:sendMessage", """{"QueueUrl":"q","MessageBody":"b","Foo":1,"foo":2}""", "Foo", "foo")]
    [InlineData("lambda:invoke.waitForTaskToken", """{"FunctionName":"f","TaskToken":"t"}""", "TaskToken")]
    [InlineData("lambda:invoke", """{"FunctionName":"f","Payload":{"TaskToken":"t"}}""")]
    [InlineData("states:startExecution", """{"StateMachineArn":"m","Name":"n","Input":"{}","TraceHeader":"h"}""")]
    [InlineData("states:startExecution", """{"StateMachineArn":"m","input":"{}"}""", "input")]
    [InlineData("sqs:sendMessage", """{"QueueUrl":"q","messageBody":"b"}""", "messageBody")]
    [InlineData("sns:publish", """{"TopicArn":"t","Message":"m","MessageStructure":"json"}""")]
    [InlineData("sns:publish", """{"TopicArn":"t","Message":"m","Body":"b"}""", "Body")]
    [InlineData("events:putEvents", """{"Entries":[],"EndpointId":"e"}""")]
    [InlineData("events:putEvents", """{"Entries":[],"Bus":"b"}""", "Bus")]
    [InlineData("dynamodb:getItem", """{"TableName":"t","Key":{},"ConsistentRead":true}""")]
    [InlineData("dynamodb:getItem", """{"TableName":"t","Key":{},"Item":{}}""", "Item")]
    [InlineData("dynamodb:putItem", """{"TableName":"t","Item":{},"UpdateExpression":"x"}""", "UpdateExpression")]
    [InlineData("dynamodb:deleteItem", """{"TableName":"t","Key":{},"Limit":1}""", "Limit")]
    [InlineData("dynamodb:updateItem", """{"TableName":"t","Key":{},"UpdateExpression":"x"}""")]
    public void Parameters_that_a_call_does_not_have_are_told(string call, string parameters, params string[] unknown)
    {
        MachineBench bench = new(
            "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::" + call
            + "\",\"Parameters\":" + parameters + ",\"End\":true}}}");
        bench.Start();
        var told = unknown.Select(name => $"The field \"{name}\" is not supported by Step Functions");
        Assert.Equal(
            unknown.Length == 0 ? null
                : "An error occurred while executing the state 'A' (entered at the event id #2). The Parameters "
                    + $"'{parameters}' could not be used to start the Task: [{string.Join(", ", told)}]",
            bench.State.Cause);
    }

    [Theory]
    [InlineData("JSONPath", "Parameters", "{}", "The field 'FunctionName' is required but was missing")]
    [InlineData(
        "JSONata",
        "Arguments",
        """{"FunctionName":1,"Qualifier":true}""",
        "The value for the field 'FunctionName' must be a STRING, "
        + "The value for the field 'Qualifier' must be a STRING")]
    public void What_a_function_must_be_called_with_is_told(string language, string field, string given, string wrong)
    {
        MachineBench bench = new(
            """
            {"QueryLanguage":"LANGUAGE","StartAt":"A","States":{"A":{"Type":"Task","End":true,
              "Resource":"arn:aws:states:::lambda:invoke","FIELD":GIVEN}}}
            """.Replace("LANGUAGE", language, StringComparison.Ordinal)
                .Replace("FIELD", field, StringComparison.Ordinal).Replace("GIVEN", given, StringComparison.Ordinal));
        bench.Start();
        Assert.EndsWith(
            $". The {field} '{given}' could not be used to start the Task: [{wrong}]",
            bench.State.Cause,
            StringComparison.Ordinal);
        Assert.DoesNotContain("TaskScheduled", bench.Types);
    }

    private static string Of(string definition)
    {
        MachineBench bench = new(definition);
        bench.Start("[1]");
        return Lines(bench);
    }

    private static string Lines(MachineBench bench) =>
        string.Join(", ", bench.History.Select(happened => $"{happened.PreviousId} {happened.Type}"));

    private static string Parallel(string first, string? second, string fields)
    {
        var branches = Branch("A", first) + (second is null ? "" : "," + Branch("B", second));
        var next = fields.Contains("\"H\"", StringComparison.Ordinal) ? "," + Handled : "";
        return "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\"," + fields + "\"Branches\":[" + branches
            + "],\"End\":true}" + next + "}}";
    }

    private static string Map(string state, string config = "", string fields = "") =>
        "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"End\":true," + fields + "\"ItemProcessor\":{" + config
        + "\"StartAt\":\"A\",\"States\":{\"A\":" + state + "}}}}}";

    private static string Branch(string name, string state) =>
        "{\"StartAt\":\"" + name + "\",\"States\":{\"" + name + "\":" + state + "}}";
}
