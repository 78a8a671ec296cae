using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;

namespace Analemma.Unit.Tests.Kernel.Models;

public sealed class FairQueueTests
{
    private readonly FairQueue _queue = new();

    [Fact]
    public void Idle_time_earns_no_credit()
    {
        var busy = Leaf("busy");
        for (var i = 0; i < 10; i++)
        {
            _queue.Settle(Turn(Add(busy, 100)), 100);
        }

        Add(busy, 100);
        var idle = Leaf("idle");
        Add(idle, 100);
        Assert.Equal(busy.Parent!.Counter, idle.Parent!.Counter);
    }

    [Fact]
    public void A_refund_for_before_the_lift_gives_no_more_credit_than_the_lift_left()
    {
        var (one, other) = (Leaf("one"), Leaf("other"));
        Add(other, 10);
        var early = Turn(Add(one, 1_000), of: one);
        for (var i = 0; i < 9; i++)
        {
            Add(other, 10);
        }

        while (_queue.Count > 1)
        {
            Turn(_queue.Peek()!);
        }

        // It comes back far above, and is then given back nearly all: it ends where the lift would have put it.
        var floor = other.Parent!.Counter;
        Add(one, 10);
        _queue.Settle(early, 1);
        Assert.Equal(floor, one.Parent!.Counter);
    }

    [Fact]
    public void A_parked_agent_is_passed_over_and_comes_back_where_it_was()
    {
        var (one, other) = (Leaf("one"), Leaf("other"));
        Add(one, 10);
        Add(other, 10);
        _queue.Park(one);
        Assert.Same(other, _queue.Peek()!.Leaf);
        Turn(_queue.Peek()!);
        Assert.Null(_queue.Peek());

        Add(other, 10);
        _queue.Unpark(one);
        Assert.Same(one, _queue.Peek()!.Leaf);
    }

    [Fact]
    public void One_agent_is_first_come_first_served_but_for_what_goes_first_on_purpose()
    {
        var leaf = Leaf("one");
        var (first, second) = (Add(leaf, 1), Add(leaf, 1));
        Job retry = new(0, 0, 1, 0, 0);
        _queue.Enqueue(retry, leaf, 1, first: true);
        Assert.Equal([retry, first, second], Enumerable.Range(0, 3).Select(_ => Turn(_queue.Peek()!)));
    }

    [Fact]
    public void What_is_taken_back_from_the_middle_is_gone()
    {
        var leaf = Leaf("one");
        var (first, second, third) = (Add(leaf, 1), Add(leaf, 1), Add(leaf, 1));
        _queue.Remove(second);
        Assert.Equal([first, third], new[] { Turn(_queue.Peek()!), Turn(_queue.Peek()!) });
        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public void An_agent_that_has_ended_leaves_nothing_behind()
    {
        var before = _queue.NodeCount;
        for (var i = 0; i < 100; i++)
        {
            var job = Turn(Add(Leaf($"a{i}"), 1));
            _queue.Forget($"a{i}");
            _queue.Settle(job, 1);
        }

        Assert.Equal(before + 2, _queue.NodeCount);
    }

    private FairNode Leaf(string agent) =>
        _queue.Leaf(ModelPriority.Normal, new FairShare("g"), new FairShare(agent), "m");

    private Job Add(FairNode leaf, long cost)
    {
        Job job = new(0, 0, cost, 0, 0);
        _queue.Enqueue(job, leaf, cost);
        return job;
    }

    private FairEntry Turn(FairEntry entry, FairNode? of = null)
    {
        Assert.True(of is null || entry.Leaf == of);
        if (_queue.Peek() != entry)
        {
            // Somebody else is due first: the test means this one.
            _queue.Park(_queue.Peek()!.Leaf!);
            Turn(entry);
            return entry;
        }

        _queue.Admit(entry);
        return entry;
    }
}
