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

    private static string Map(string state, string config = "") =>
        "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"End\":true,\"ItemProcessor\":{" + config
        + "\"StartAt\":\"A\",\"States\":{\"A\":" + state + "}}}}}";

    private static string Branch(string name, string state) =>
        "{\"StartAt\":\"" + name + "\",\"States\":{\"" + name + "\":" + state + "}}";
}
