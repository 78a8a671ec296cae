using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Workflow;

public sealed class ExecutionMachineTests
{
    private const string Function = "arn:aws:lambda:us-east-1:000000000000:function:f";

    [Fact]
    public void A_failed_task_is_tried_again_after_ever_longer_waits_and_then_caught()
    {
        MachineBench bench = new(Task(
            $$"""
            "Resource":"{{Function}}","Retry":[{"ErrorEquals":["E"],"IntervalSeconds":2,"BackoffRate":3,"MaxAttempts":3,
              "MaxDelaySeconds":10}],"Catch":[{"ErrorEquals":["States.TaskFailed"],"Next":"B","ResultPath":"$.e"}]
            """));
        bench.Start("""{"in":1}""");
        List<double> waits = [];
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(i, bench.Fail("E").RetryCount);
            waits.Add(bench.Wait().TotalSeconds);
        }

        bench.Fail("E");
        Assert.Equal([2.0, 6.0, 10.0], waits);
        Assert.Equal("""{"in":1,"e":{"Error":"E","Cause":"why"}}""", bench.State.Output.ToString());
    }

    [Fact]
    public void An_error_that_no_retrier_or_catcher_knows_fails_the_execution()
    {
        MachineBench bench = new(Task(
            $$"""
            "Resource":"{{Function}}","Retry":[{"ErrorEquals":["F"]}],"Catch":[{"ErrorEquals":["G"],"Next":"B"}]
            """));
        bench.Start();
        bench.Fail("E", "because");
        Assert.Equal(
            (ExecutionStatus.Failed, "E", "because"), (bench.State.Status, bench.State.Error, bench.State.Cause));
        Assert.Equal("ExecutionFailed", bench.Types.Last());
    }

    [Fact]
    public void Jitter_stays_within_the_interval_and_repeats_itself_in_a_replay()
    {
        var definition = Task(
            $$"""
            "Resource":"{{Function}}","Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":100,"MaxAttempts":5,
              "BackoffRate":1,"JitterStrategy":"FULL"}],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"B"}]
            """);
        var first = Waits();
        Assert.All(first, wait => Assert.InRange(wait, 0, 100));
        Assert.True(first.Distinct().Count() > 1);
        Assert.Equal(first, Waits());

        List<double> Waits()
        {
            MachineBench bench = new(definition);
            bench.Start();
            return [.. Enumerable.Range(0, 5).Select(_ =>
            {
                bench.Fail("E");
                return bench.Wait().TotalSeconds;
            })];
        }
    }

    [Fact]
    public void A_task_that_is_late_is_given_up_and_its_answer_changes_nothing()
    {
        MachineBench bench = new(Task($$""" "Resource":"{{Function}}","TimeoutSeconds":5 """));
        bench.Start();
        Assert.Equal(5, bench.Wait().TotalSeconds);
        Assert.Equal("States.Timeout", bench.State.Error);
        Assert.Contains(bench.Effects, effect => effect is WorkflowEffect.CancelTask);
        var events = bench.History.Count;
        bench.Succeed("1");
        Assert.Equal(events, bench.History.Count);
    }

    [Fact]
    public void A_heartbeat_puts_its_time_out_off_and_the_lack_of_one_has_a_name_of_its_own()
    {
        MachineBench bench = new(Task(
            """
            "Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","HeartbeatSeconds":5,
            "Parameters":{"MessageBody":{"t.$":"$$.Task.Token"}},
            "Catch":[{"ErrorEquals":["States.HeartbeatTimeout"],"Next":"B"}]
            """));
        bench.Start();
        var task = bench.Tasks.Peek();
        Assert.Equal(task.Token, task.Input["MessageBody"]["t"].AsString());
        bench.Tell(new ExecutionEvent.TaskSubmitted(bench.Now, task.TaskId, JsonValue.Parse("{}")));
        bench.Tell(new ExecutionEvent.TaskHeartbeat(bench.Now.AddSeconds(4), task.TaskId));
        Assert.Equal(9, bench.Wait().TotalSeconds);
        Assert.Equal("States.Timeout", bench.State.Output["Error"].AsString());
        Assert.Equal(ExecutionStatus.Succeeded, bench.State.Status);
    }

    [Fact]
    public void A_plain_call_cannot_beat_and_is_not_missed()
    {
        MachineBench bench = new(Task($$""" "Resource":"{{Function}}","HeartbeatSeconds":5 """));
        bench.Start();
        Assert.False(bench.HasTimers);
        bench.Succeed("1");
        Assert.Equal(ExecutionStatus.Succeeded, bench.State.Status);
    }

    [Fact]
    public void A_token_that_comes_back_before_the_call_has_answered_waits_for_its_turn()
    {
        MachineBench bench = new(Task(""" "Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken" """));
        bench.Start();
        var task = bench.Succeed("7");
        Assert.Equal(ExecutionStatus.Running, bench.State.Status);
        bench.Tell(new ExecutionEvent.TaskSubmitted(bench.Now, task.TaskId, JsonValue.Parse("{}")));
        Assert.Equal("7", bench.State.Output.ToString());
        Assert.Equal(
            ["TaskSubmitted", "TaskSucceeded"],
            bench.Types.Where(type => type.StartsWith("TaskSu", StringComparison.Ordinal)));
    }

    [Fact]
    public void Branches_end_in_their_own_order_and_results_stand_in_that_of_the_definition()
    {
        MachineBench bench = new(Parallel());
        bench.Start();
        var (first, second) = (bench.Tasks.Dequeue(), bench.Tasks.Dequeue());
        bench.Tell(new ExecutionEvent.TaskSucceeded(bench.Now, second.TaskId, JsonValue.From(2)));
        bench.Tell(new ExecutionEvent.TaskSucceeded(bench.Now, first.TaskId, JsonValue.From(1)));
        Assert.Equal("[1,2]", bench.State.Output.ToString());
    }

    [Fact]
    public void The_first_branch_that_fails_ends_all_others()
    {
        MachineBench bench = new(Parallel());
        bench.Start();
        bench.Fail("E");
        Assert.Equal("E", bench.State.Error);
        Assert.Equal(["TaskStateAborted", "ParallelStateFailed", "ExecutionFailed"], bench.Types.TakeLast(3));
        Assert.Equal(2, bench.Effects.OfType<WorkflowEffect.StartTask>().Count());
        Assert.Single(bench.Effects.OfType<WorkflowEffect.CancelTask>());
        Assert.Empty(bench.State.OpenTasks());
    }

    [Fact]
    public void A_redriven_execution_goes_on_with_what_failed_and_keeps_what_did_not()
    {
        MachineBench bench = new(Parallel());
        bench.Start();
        bench.Succeed("1");
        bench.Fail("E");
        Assert.Equal(ExecutionStatus.Failed, bench.State.Status);
        bench.Tell(new ExecutionEvent.Redriven(bench.Now));
        Assert.Single(bench.Tasks);
        bench.Succeed("2");
        Assert.Equal("[1,2]", bench.State.Output.ToString());
        Assert.Equal(1, bench.State.RedriveCount);
    }

    [Fact]
    public void An_inline_map_runs_as_many_at_once_as_it_may()
    {
        MachineBench bench = new(Map("INLINE", "\"MaxConcurrency\":2,"));
        bench.Start("[1,2,3]");
        Assert.Equal(2, bench.Tasks.Count);
        bench.Succeed("10");
        Assert.Equal(2, bench.Tasks.Count);
        bench.Succeed("20");
        bench.Succeed("30");
        Assert.Equal("[10,20,30]", bench.State.Output.ToString());
    }

    [Fact]
    public void A_distributed_map_bears_as_many_failures_as_it_says()
    {
        MachineBench bench = new(Map("DISTRIBUTED", "\"ToleratedFailureCount\":1,\"MaxConcurrency\":1,"));
        bench.Start("[1,2,3]");
        bench.EndChild(null);
        bench.EndChild("2");
        bench.EndChild("3");
        var asked = Assert.Single(bench.Effects.OfType<WorkflowEffect.WriteResults>());
        Assert.Equal("[2,3]", JsonValue.From(asked.Results).ToString());

        MachineBench strict = new(Map("DISTRIBUTED", "\"ToleratedFailureCount\":1,"));
        strict.Start("[1,2,3]");
        strict.EndChild(null);
        strict.EndChild(null);
        Assert.Equal("States.ExceedToleratedFailureThreshold", strict.State.Error);
        Assert.Contains(strict.Effects, effect => effect is WorkflowEffect.StopChildren);
    }

    // ResultWriter: FAILED and PENDING are for runs that fail.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_distributed_map_that_fails_has_its_results_written_first(bool canWrite)
    {
        MachineBench bench = new(Map(
            "DISTRIBUTED",
            """
            "MaxConcurrency":2,"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"b"}},
            """));
        bench.Start("[1,2,3,4]");
        bench.EndChild(null);
        var asked = Assert.IsType<WorkflowEffect.WriteResults>(bench.Effects[^1]);
        Assert.Contains(bench.Effects, effect => effect is WorkflowEffect.StopChildren);
        Assert.Equal((true, "[[1,2],[2,3],[3,4]]"), (asked.IsFailed, JsonValue.From(asked.Open).ToString()));
        bench.EndChild(null);
        Assert.Single(bench.Effects.OfType<WorkflowEffect.WriteResults>());
        bench.Tell(new ExecutionEvent.MapRunChanged(bench.Now, asked.TaskId, 9, null, null));
        Assert.Equal((ExecutionStatus.Running, 0), (bench.State.Status, bench.Children.Count));
        bench.Tell(canWrite
            ? new ExecutionEvent.ResultsWritten(bench.Now, asked.TaskId, JsonValue.Parse("{}"))
            : new ExecutionEvent.ResultsUnwritable(bench.Now, asked.TaskId, "States.ResultWriterFailed", "no"));
        Assert.Equal("States.ExceedToleratedFailureThreshold", bench.State.Error);
        Assert.Null(SnapshotProperty.Broken(bench.Machine, bench.Identity, bench.Events));

        bench.Tell(new ExecutionEvent.Redriven(bench.Now) { IsDeep = true });
        Assert.Equal([0, 1, 2, 3], bench.Children.Select(child => child.Index));
        while (bench.Children.Count > 0)
        {
            bench.EndChild("1");
        }

        bench.Tell(new ExecutionEvent.ResultsWritten(bench.Now, asked.TaskId, JsonValue.Parse("7")));
        Assert.Equal("7", bench.State.Output.ToString());
    }

    [Fact]
    public void Items_come_in_batches_when_a_batcher_says_so()
    {
        MachineBench bench = new(Map(
            "DISTRIBUTED", "\"ItemBatcher\":{\"MaxItemsPerBatch\":2,\"BatchInput\":{\"a\":1}},"));
        bench.Start("[1,2,3]");
        Assert.Equal(
            ["""{"BatchInput":{"a":1},"Items":[1,2]}""", """{"BatchInput":{"a":1},"Items":[3]}"""],
            bench.Children.Select(child => child.Input.ToString()));
    }

    [Fact]
    public void A_year_of_waiting_is_one_timer()
    {
        MachineBench bench = new(
            """{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":31536000,"End":true}}}""");
        bench.Start();
        Assert.Equal(365, bench.Wait().TotalDays);
        Assert.Equal(ExecutionStatus.Succeeded, bench.State.Status);
    }

    [Fact]
    public void The_time_of_the_whole_ends_it()
    {
        MachineBench bench = new(
            """{"StartAt":"A","TimeoutSeconds":5,"States":{"A":{"Type":"Wait","Seconds":60,"End":true}}}""");
        bench.Start();
        Assert.Equal(5, bench.Wait().TotalSeconds);
        Assert.Equal(ExecutionStatus.TimedOut, bench.State.Status);
        Assert.False(bench.HasTimers);
    }

    [Fact]
    public void A_stopped_execution_waits_for_nothing_any_more()
    {
        MachineBench bench = new(Parallel());
        bench.Start();
        bench.Tell(new ExecutionEvent.Stopped(bench.Now, "E", "why"));
        Assert.Equal(ExecutionStatus.Aborted, bench.State.Status);
        Assert.Empty(bench.State.OpenTasks());
        Assert.Equal(StepResult.Nothing.History, bench.Tell(new ExecutionEvent.Stopped(bench.Now, null, null)).History);
    }

    [Fact]
    public void A_loop_without_end_gives_others_their_turn_and_ends_where_a_history_may_not_grow()
    {
        MachineBench bench = new(
            """
            {"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},
              "B":{"Type":"Choice","Choices":[{"Variable":"$.no","IsPresent":true,"Next":"C"}],"Default":"A"},
              "C":{"Type":"Succeed"}}}
            """);
        bench.Start();
        Assert.True(bench.Events.OfType<ExecutionEvent.Continued>().Count() > 10);
        Assert.Equal("States.Runtime", bench.State.Error);
        Assert.InRange(bench.History.Count, 24_000, 25_010);
    }

    [Fact]
    public void An_output_that_is_too_large_fails_the_state()
    {
        MachineBench bench = new(Task($$""" "Resource":"{{Function}}" """));
        bench.Start();
        bench.Succeed($"\"{new string('a', 262_144)}\"");
        Assert.Equal("States.DataLimitExceeded", bench.State.Error);
    }

    [Fact]
    public void A_redrive_of_a_map_run_wants_what_did_not_succeed_and_hears_no_end_of_before()
    {
        MachineBench bench = new(
            """
            {"StartAt":"M","States":{"M":{"Type":"Map","End":true,"MaxConcurrency":2,"ItemProcessor":{
              "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P",
              "States":{"P":{"Type":"Pass","End":true}}}}}}
            """);
        bench.Start("[1,2,3,4]");
        bench.EndChild("11");
        var stopped = bench.Children.Dequeue();
        bench.EndChild(null);
        Assert.Equal(ExecutionStatus.Failed, bench.State.Status);

        bench.Children.Clear();
        bench.Tell(new ExecutionEvent.Redriven(bench.Now) { IsDeep = true });
        Assert.Equal([(1, true), (2, true)], bench.Children.Select(child => (child.Index, child.IsAgain)));
        var run = Run();
        Assert.Equal((1, 1, 2, 0), (
            run.Executions.Succeeded, run.Executions.Pending, run.Executions.Running, run.Executions.PendingRedrive));

        // The one that was stopped with its Map ends now: by the run before.
        var late = new ExecutionEvent.ChildEnded(
            bench.Now, stopped.TaskId, stopped.Index, ExecutionStatus.Aborted, default, null, null);
        Assert.Empty(bench.Tell(late).Effects);
        foreach (var index in (int[])[1, 2, 3])
        {
            bench.Tell(late with { Index = index, Status = ExecutionStatus.Succeeded, Output = 7, MapRedrive = 1 });
        }

        Assert.Equal("[11,7,7,7]", bench.State.Output.ToString());
        Assert.Equal(1, Run().RedriveCount);

        MapRunState Run() => bench.Effects.OfType<WorkflowEffect.TellMapRun>().Last().MapRun;
    }

    [Fact]
    public void What_waits_to_be_redriven_is_counted()
    {
        MachineBench bench = new(
            """
            {"StartAt":"M","States":{"M":{"Type":"Map","End":true,"MaxConcurrency":1,"ToleratedFailureCount":1,
              "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P",
              "States":{"P":{"Type":"Pass","End":true}}}}}}
            """);
        bench.Start("[1,2,3]");
        bench.EndChild(null);
        bench.EndChild(null);
        bench.Tell(new ExecutionEvent.Redriven(bench.Now) { IsDeep = true });
        var run = bench.Effects.OfType<WorkflowEffect.TellMapRun>().Last().MapRun;
        foreach (var counts in (MapRunCounts[])[run.Executions, run.Items])
        {
            Assert.Equal((1, 1, 1, 0), (counts.PendingRedrive, counts.Running, counts.Pending, counts.Failed));
        }
    }

    [Fact]
    public void The_same_events_give_the_same_history_effects_and_state()
    {
        MachineBench bench = new(Parallel());
        bench.Start();
        bench.Succeed("1");
        bench.Fail("E");
        bench.Tell(new ExecutionEvent.Redriven(bench.Now));
        bench.Succeed("2");

        ExecutionState state = new();
        List<HistoryEvent> history = [];
        List<WorkflowEffect> effects = [];
        foreach (var happened in bench.Events)
        {
            var result = ExecutionMachine.Step(bench.Machine, bench.Identity, state, happened);
            history.AddRange(result.History);
            effects.AddRange(result.Effects);
        }

        Assert.Equal(bench.History, history);
        Assert.Equal(bench.Effects, effects);
        Assert.Equal(bench.State.Output, state.Output);
    }

    [Fact]
    public void Variables_of_an_iteration_are_its_own_and_those_around_can_be_read()
    {
        MachineBench bench = new(
            """
            {"StartAt":"A","States":{
              "A":{"Type":"Pass","Assign":{"outer":1},"Next":"M"},
              "M":{"Type":"Map","Next":"Z","ItemProcessor":{"StartAt":"B","States":{
                "B":{"Type":"Pass","Assign":{"inner.$":"$"},"Next":"C"},
                "C":{"Type":"Pass","Parameters":{"o.$":"$outer","i.$":"$inner"},"End":true}}}},
              "Z":{"Type":"Pass","Parameters":{"o.$":"$outer","m.$":"$"},"End":true}}}
            """);
        bench.Start("[5,6]");
        Assert.Equal("""{"o":1,"m":[{"o":1,"i":5},{"o":1,"i":6}]}""", bench.State.Output.ToString());
    }

    private static string Task(string fields) =>
        """
        {"StartAt":"A","States":{"A":{"Type":"Task",FIELDS,"Next":"B"},"B":{"Type":"Pass","End":true}}}
        """.Replace("FIELDS", fields.Trim(), StringComparison.Ordinal);

    private static string Parallel() =>
        """
        {"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[
          {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"FUNCTION","End":true}}},
          {"StartAt":"B","States":{"B":{"Type":"Task","Resource":"FUNCTION","End":true}}}]}}}
        """.Replace("FUNCTION", Function, StringComparison.Ordinal);

    private static string Map(string mode, string fields) =>
        """
        {"StartAt":"M","States":{"M":{"Type":"Map","End":true,FIELDS"ItemProcessor":{
          "ProcessorConfig":{"Mode":"MODE"TYPE},
          "StartAt":"A","States":{"A":{"Type":"Task","Resource":"FUNCTION","End":true}}}}}}
        """.Replace("FUNCTION", Function, StringComparison.Ordinal)
            .Replace("MODE", mode, StringComparison.Ordinal)
            .Replace("TYPE", mode == "INLINE" ? "" : ",\"ExecutionType\":\"STANDARD\"", StringComparison.Ordinal)
            .Replace("FIELDS", fields, StringComparison.Ordinal);
}
