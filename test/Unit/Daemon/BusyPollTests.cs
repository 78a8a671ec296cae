using Analemma.Daemon.Sockets;

namespace Analemma.Unit.Tests.Daemon;

public sealed class BusyPollTests
{
    [Fact]
    public void Who_answers_soon_is_waited_for_awake_and_longer_each_time_until_that_is_enough()
    {
        BusyPoll poll = new(max: 50, first: 10);
        Assert.Equal(0, poll.Span);

        poll.Waited(30);
        Assert.Equal(10, poll.Span);
        poll.Waited(30);
        Assert.Equal(20, poll.Span);
        poll.Waited(30);
        Assert.Equal(40, poll.Span);
        poll.Waited(30);
        Assert.Equal(40, poll.Span);
        poll.Waited(50);
        Assert.Equal(50, poll.Span);
    }

    [Fact]
    public void One_long_silence_ends_it()
    {
        BusyPoll poll = new(max: 50, first: 10);
        poll.Waited(30);

        poll.Waited(51);

        Assert.Equal(0, poll.Span);
    }

    [Fact]
    public void Work_that_is_there_already_changes_nothing()
    {
        BusyPoll poll = new(max: 50, first: 10);
        poll.Waited(0);
        Assert.Equal(0, poll.Span);
    }

    [Fact]
    public void None_is_none()
    {
        BusyPoll poll = new(max: 0, first: 0);
        poll.Waited(1);
        poll.Waited(0);
        Assert.Equal(0, poll.Span);
    }
}
