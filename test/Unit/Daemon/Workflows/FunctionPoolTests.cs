using Analemma.Daemon.Workflows.Functions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Pools of environments, under everything that can happen to them in any order.</summary>
public sealed class FunctionPoolTests
{
    private const int Steps = 400;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Each_invocation_ends_once_and_no_environment_has_two(int seed)
    {
        FunctionWorld world = new(seed) { AreAhead = seed % 2 == 0 };
        if (world.AreAhead)
        {
            world.BeQuick(world.Pools[1]);
        }

        for (var step = 0; step < Steps; step++)
        {
            world.Step();
            world.Check();
        }

        world.Settle();
        Assert.All(world.Invocations, invocation => Assert.True(invocation.IsOver, $"seed {seed}: one never ended"));
        Assert.Equal(0, world.Living);
        Assert.True(world.Room.TryTake(world.Pools[0]), $"seed {seed}: room was lost");
    }

    [Fact]
    public void An_environment_that_would_be_idle_makes_room_for_a_function_that_has_none()
    {
        FunctionWorld world = new(seed: 1);
        // All that is shared is the first function's, and works.
        for (var n = 0; n < FunctionWorld.RoomMax - 2; n++)
        {
            world.Invoke(world.Pools[0]);
        }

        world.AnswerAll();
        world.Invoke(world.Pools[1]);
        Assert.False(world.Invocations[^1].IsOver);

        // Its work is done; nothing else happens, and no time passes.
        world.AnswerAll();
        world.AnswerAll();
        world.AnswerAll();
        world.AnswerAll();
        Assert.True(world.Invocations[^1].IsOver);
    }

    [Fact]
    public void Nobody_waits_while_an_event_is_handed_over()
    {
        FunctionWorld world = new(seed: 1);
        var sent = 0;
        world.Sent = () =>
        {
            sent++;
            // Asked by another thread: the lock would let in this one.
            Thread asks = new(() => _ = world.Pools[0].Counts) { IsBackground = true };
            asks.Start();
            Assert.True(asks.Join(TimeSpan.FromSeconds(30)), "the pool was held");
        };
        world.Invoke(world.Pools[0]);
        world.AnswerAll();
        Assert.Equal(1, sent);
        world.AnswerAll();
        world.Invoke(world.Pools[0]);
        Assert.Equal(2, sent);
    }

    [Fact]
    public void Events_of_a_function_that_is_new_go_to_an_environment_each()
    {
        FunctionWorld world = new(seed: 1) { AreAhead = true };
        world.Invoke(world.Pools[1]);
        world.AnswerAll();
        world.AnswerAll();
        world.InvokeAll(world.Pools[1], 2);
        Assert.Equal([1], world.Held);
        world.AnswerAll(but: world.Invocations[1]);
        Assert.Equal([1, 1], world.Held);
    }

    [Fact]
    public void Events_that_are_over_in_a_moment_lie_with_the_environment_that_has_one()
    {
        FunctionWorld world = new(seed: 1) { AreAhead = true };
        world.BeQuick(world.Pools[1]);
        world.InvokeAll(world.Pools[1], 8);
        Assert.Equal([8], world.Held);
        world.InvokeAll(world.Pools[1], 1);
        Assert.Equal([8], world.Held);
        world.AnswerAll();
        Assert.Equal([8], world.Held);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_not_begun_goes_to_others_when_an_event_takes_long(bool isRecallLate)
    {
        FunctionWorld world = new(seed: 1) { AreAhead = true, IsRecallLate = isRecallLate };
        world.BeQuick(world.Pools[1]);
        world.InvokeAll(world.Pools[1], 3);
        world.AskRecall();
        var slow = world.Invocations[^3];
        Assert.Equal([3], world.Held);
        world.Advance(EventPace.RecallAfter);
        Assert.Equal([1], world.Held);
        world.Invoke(world.Pools[1]);
        Assert.Equal([1], world.Held);

        // Everybody but the one that it holds up has an end.
        world.AnswerAll(but: slow);
        world.AnswerAll(but: slow);
        world.AnswerAll(but: slow);
        world.AnswerAll(but: slow);
        Assert.True(world.Invocations.TrueForAll(each => each.IsOver || each == slow));
        Assert.False(slow.IsOver);
    }

    [Fact]
    public void What_was_not_begun_goes_to_others_when_its_environment_ends()
    {
        FunctionWorld world = new(seed: 1) { AreAhead = true };
        world.BeQuick(world.Pools[1]);
        world.InvokeAll(world.Pools[1], 3);
        world.Advance(TimeSpan.FromMilliseconds(1));
        world.EndAll();
        Assert.Equal([true, false, false], world.Invocations[^3..].Select(each => each.IsOver));
        world.AnswerAll();
        world.AnswerAll();
        world.AnswerAll();
        Assert.True(world.Invocations.TrueForAll(each => each.IsOver));
    }

    [Fact]
    public void One_that_nobody_wants_any_more_ends_its_environment_when_that_begins_it()
    {
        FunctionWorld world = new(seed: 1) { AreAhead = true };
        world.BeQuick(world.Pools[1]);
        world.InvokeAll(world.Pools[1], 2);
        world.Pools[1].Cancel(world.Invocations[^1]);
        world.Invocations[^1].Finish(default);
        Assert.Equal([2], world.Held);
        world.AnswerAll();
        Assert.True(world.Invocations.TrueForAll(each => each.IsOver));
        Assert.Empty(world.Held);
    }

    [Fact]
    public void Events_come_in_the_order_in_which_an_environment_has_them()
    {
        FunctionWorld world = new(seed: 1) { AreAhead = true };
        world.BeQuick(world.Pools[1]);
        var first = true;
        world.Sending = () =>
        {
            if (first)
            {
                first = false;
                Thread other = new(() => world.Invoke(world.Pools[1])) { IsBackground = true };
                other.Start();
                Assert.True(other.Join(TimeSpan.FromSeconds(30)), "it waits for another's event");
            }
        };
        world.Invoke(world.Pools[1]);
        Assert.Equal([2], world.Held);
        world.Check();
    }

    [Fact]
    public void A_large_event_lies_with_nobody_who_has_another()
    {
        FunctionWorld world = new(seed: 1) { AreAhead = true };
        world.BeQuick(world.Pools[1]);
        world.InvokeAll(world.Pools[1], 1);
        world.Invoke(world.Pools[1], new string('x', 70_000));
        Assert.Equal([1], world.Held);
        world.AnswerAll();
        Assert.Equal([1], world.Held);
        world.InvokeAll(world.Pools[1], 1);
        Assert.Equal([1, 1], world.Held);
    }
}
