using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Workflow.Hosting;

public sealed class HostedExecutionTests
{
    private static readonly DateTimeOffset Then = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly StateMachineDefinition Definition = DefinitionReader.Read(
        """
        {"StartAt":"Ask","States":{"Ask":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken",
          "Parameters":{"FunctionName":"f","Payload":{"token.$":"$$.Task.Token"}},"End":true}}}
        """).Machine!;

    private static readonly ExecutionIdentity Identity = new()
    {
        Id = "arn",
        Name = "n",
        RoleArn = "r",
        StateMachineArn = "m",
        StateMachineName = "m",
        Seed = "s",
    };

    [Fact]
    public void A_token_that_came_back_early_leaves_its_call_to_be_made_again_and_itself_void()
    {
        ExecutionReplay replay = new(Definition, Identity);
        var wanted = replay.Add(new ExecutionEvent.Started(Then, JsonObject.Empty)).Effects
            .OfType<WorkflowEffect.StartTask>().Single().Task;
        replay.Add(new ExecutionEvent.TaskSucceeded(Then, wanted.TaskId, "done"));

        var again = Assert.IsType<WorkflowEffect.StartTask>(Assert.Single(replay.Open.Again()));
        Assert.Equal(wanted.IdempotencyKey, again.Task.IdempotencyKey);
        Assert.Equal(
            (true, false), (replay.Open.Find(wanted.TaskId)!.IsEnded, replay.Open.Find(wanted.TaskId)!.IsSubmitted));

        replay.Add(new ExecutionEvent.TaskSubmitted(Then, wanted.TaskId, JsonObject.Empty));
        Assert.Equal(ExecutionStatus.Succeeded, replay.State.Status);
        Assert.Empty(replay.Open.Again());
    }

    [Fact]
    public void Who_had_work_before_only_waits_when_that_is_done()
    {
        var definition = DefinitionReader.Read(
            """
            {"StartAt":"Do","States":{"Do":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke",
              "Parameters":{"FunctionName":"f"},"Next":"Wait"},"Wait":{"Type":"Wait","Seconds":60,"End":true}}}
            """).Machine!;
        ExecutionReplay replay = new(definition, Identity);
        var wanted = replay.Add(new ExecutionEvent.Started(Then, JsonObject.Empty)).Effects
            .OfType<WorkflowEffect.StartTask>().Single().Task;
        Assert.Null(WaitingWork.Of(replay.State, replay.Open));

        replay.Add(new ExecutionEvent.TaskSucceeded(Then, wanted.TaskId, JsonObject.Empty));
        Assert.NotNull(WaitingWork.Of(replay.State, replay.Open));
    }

    [Fact]
    public void What_nobody_was_told_of_waits_again_before_what_came_later()
    {
        HostedExecution turns = new(Definition, Identity, Then);
        Assert.True(turns.Post(new Posting(at => new ExecutionEvent.Started(at, JsonObject.Empty))));
        var started = turns.Take();
        turns.Apply(started, Then);
        Assert.False(turns.Post(new Posting(at => new ExecutionEvent.Stopped(at, null, null), new object())));
        Assert.False(turns.Post(new Posting(at => new ExecutionEvent.TimerFired(at, 7))));

        turns.NotKept(started);
        turns.Restore(new ExecutionReplay(Definition, Identity));
        Assert.True(turns.GoesOn());
        var again = turns.Take();
        turns.Apply(again, Then.AddSeconds(-1));

        Assert.Equal(["Started", "Stopped"], again.Steps.Select(step => step.Event.GetType().Name));
        Assert.Equal([true], again.Told.Select(told => told.Made));
        Assert.False(turns.GoesOn());
    }

    [Fact]
    public void Timers_ring_in_order_and_say_when_the_next_is_due()
    {
        DueTimers<string> timers = new();
        Assert.True(timers.Arm("a", 1, Then.AddSeconds(2)));
        Assert.True(timers.Arm("b", 2, Then.AddSeconds(1)));
        Assert.False(timers.Arm("c", 3, Then.AddSeconds(3)));

        Assert.Empty(timers.Ring(Then));
        Assert.Equal([("b", 2L), ("a", 1L)], timers.Ring(Then.AddSeconds(2)));
        Assert.Equal(Then.AddSeconds(3), timers.Next);
    }

    [Fact]
    public void A_timer_that_nobody_waits_for_rings_for_nobody()
    {
        DueTimers<string> timers = new();
        timers.Arm("a", 1, Then.AddSeconds(1));
        timers.Arm("a", 2, Then.AddSeconds(2));
        timers.Disarm("a", 1);
        timers.Disarm("b", 1);
        Assert.Equal(Then.AddSeconds(2), timers.Next);
        Assert.Equal([("a", 2L)], timers.Ring(Then.AddSeconds(9)));
        Assert.Null(timers.Next);
        Assert.Equal(0, timers.Count);
    }

    [Fact]
    public void Timers_that_nobody_waits_for_take_no_more_places_than_those_that_are_armed()
    {
        DueTimers<string> timers = new();
        timers.Arm("stays", 1, Then.AddYears(1));
        for (var i = 0; i < 100_000; i++)
        {
            timers.Arm("goes", i, Then.AddYears(1).AddSeconds(i));
            timers.Disarm("goes", i);
        }

        Assert.Equal(1, timers.Count);
        Assert.True(timers.Places < 100, $"{timers.Places} places for one timer");
        Assert.Equal([("stays", 1L)], timers.Ring(Then.AddYears(2)));
    }
}
