using Analemma.Workflow.Executions;

namespace Analemma.Unit.Tests.Workflow;

/// <summary>A redrive goes on with all that was to be done: what failed, and what had not begun.</summary>
public sealed class RedriveStepTests
{
    // Goes wrong until it was redriven as many times.
    private const string Until =
        """{"Type":"Pass","QueryLanguage":"JSONata","Output":"{% $states.context.Execution.RedriveCount < """;

    private const string Task = """{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","End":true}""";

    [Fact]
    public void A_branch_that_had_not_begun_begins()
    {
        MachineBench bench = new(Parallel(Good(after: 1), """{"Type":"Pass","Result":2,"End":true}"""));
        bench.Start();
        Assert.DoesNotContain(bench.History, each => each.Details["name"].TryGetString(out var name) && name == "B");
        Redrive(bench);
        Assert.Equal("[1,2]", bench.State.Output.ToString());
    }

    [Fact]
    public void A_state_that_was_to_be_entered_is()
    {
        MachineBench bench = new(
            """
            {"StartAt":"C","States":{"D":{"Type":"Succeed"},
              "C":{"Type":"Choice","Default":"N","Choices":[
                {"Variable":"$$.Execution.RedriveCount","NumericGreaterThan":0,"Next":"D"}]},
              "N":{"Type":"Pass","Next":"C"}}}
            """)
        {
            Continues = false,
        };
        bench.Start();
        bench.Tell(new ExecutionEvent.Stopped(bench.Now, null, null));
        Assert.Equal(ExecutionStatus.Aborted, bench.State.Status);
        Redrive(bench);
        Assert.Equal(ExecutionStatus.Succeeded, bench.State.Status);
    }

    [Fact]
    public void What_was_held_begins_once()
    {
        MachineBench bench = new($$"""{"StartAt":"A","States":{"A":{{Task}} } }""");
        bench.Tell(new ExecutionEvent.Started(bench.Now, "{}", "{}") { IsHeld = true });
        bench.Tell(new ExecutionEvent.Stopped(bench.Now, null, null));
        Redrive(bench);
        Assert.Single(bench.Tasks);
    }

    [Fact]
    public void What_is_beside_a_branch_that_fails_again_stays_as_it_was()
    {
        MachineBench bench = new(
            """
            {"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[
              {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1,"Next":"A"},"A":GOOD}},
              {"StartAt":"B","States":{"B":{"Type":"Wait","Seconds":9,"End":true}}}]}}}
            """.Replace("GOOD", Good(after: 2), StringComparison.Ordinal));
        bench.Start();
        bench.Wait();
        Assert.Equal(ExecutionStatus.Failed, bench.State.Status);
        Redrive(bench);
        Assert.Equal(HistoryEventType.ExecutionFailed, bench.History[^1].Type);
        Assert.False(bench.HasTimers);
        Redrive(bench);
        bench.Wait();
        Assert.Equal(ExecutionStatus.Succeeded, bench.State.Status);
    }

    [Fact]
    public void A_branch_that_is_tried_anew_is_not_resumed()
    {
        MachineBench bench = new(
            """
            {"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,
              "Retry":[{"ErrorEquals":["E"],"IntervalSeconds":60,"MaxAttempts":1}],
              "Branches":[
                {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1,"Next":"F"},"F":{"Type":"Fail","Error":"E"}}},
                {"StartAt":"B","States":{"B":{"Type":"Wait","Seconds":9,"End":true}}}]}}}
            """);
        bench.Start();
        bench.Wait();
        bench.Wait();
        bench.Wait();
        Assert.Equal(ExecutionStatus.Failed, bench.State.Status);
        Redrive(bench);

        // The branch fails again; its retrier is as good as new, and waits for all of it.
        Assert.Equal(60, bench.Wait().TotalSeconds);
    }

    [Fact]
    public void An_item_whose_input_could_not_be_made_is_made_with_those_that_are_left()
    {
        MachineBench bench = new(
            """
            {"StartAt":"M","QueryLanguage":"JSONata","States":{"M":{"Type":"Map","End":true,"MaxConcurrency":1,
              "ItemSelector":"{% ($c := $states.context; $c.Map.Item.Index = 1 and $c.Execution.RedriveCount < 1
                ? $c.no : $c.Map.Item.Value) %}",
              "ItemProcessor":{"StartAt":"A","States":{"A":TASK}}}}}
            """.ReplaceLineEndings(" ").Replace("TASK", Task, StringComparison.Ordinal));
        bench.Start("[5,6,7]");
        bench.Succeed("50");
        Assert.Equal("States.QueryEvaluationError", bench.State.Error);
        Redrive(bench);
        bench.Succeed("60");
        bench.Succeed("70");
        Assert.Equal("[50,60,70]", bench.State.Output.ToString());
    }

    [Fact]
    public void A_history_that_is_full_is_full_again()
    {
        MachineBench bench = new(
            """{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","End":true}}}""");
        bench.Identity = bench.Identity with { EventsMax = 3 };
        bench.Start();
        Assert.Equal(ExecutionLimits.EventsMaxCause, bench.State.Cause);
        Redrive(bench);
        Assert.Equal((ExecutionStatus.Failed, ExecutionLimits.EventsMaxCause), (bench.State.Status, bench.State.Cause));
    }

    [Fact]
    public void That_a_history_is_full_is_its_last_event()
    {
        MachineBench bench = new(
            """
            {"StartAt":"A","States":{"A":{"Type":"Choice","Default":"B",
              "Choices":[{"Variable":"$.spin","IsPresent":true,"Next":"A"}]},"B":{"Type":"Succeed"}}}
            """);
        bench.Identity = bench.Identity with { EventsMax = 10 };
        bench.Start("""{"spin":true}""");
        var last = bench.History[^1];
        Assert.Equal((10L, 9L, HistoryEventType.ExecutionFailed), (last.Id, last.PreviousId, last.Type));
    }

    private static void Redrive(MachineBench bench) =>
        bench.Tell(new ExecutionEvent.Redriven(bench.Now) { IsDeep = true });

    private static string Good(int after) => $"{Until}{after} ? $states.context.no : 1 %}}\",\"End\":true}}";

    private static string Parallel(string first, string second) =>
        """{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[FIRST,SECOND]}}}"""
            .Replace("FIRST", Branch("A", first), StringComparison.Ordinal)
            .Replace("SECOND", Branch("B", second), StringComparison.Ordinal);

    private static string Branch(string name, string state) =>
        "{\"StartAt\":\"" + name + "\",\"States\":{\"" + name + "\":" + state + "}}";
}
