using Analemma.Daemon.Sockets;

namespace Analemma.Unit.Tests.Daemon;

public sealed class BusyPollTests
{
    private BusyPoll _poll = new(max: 40, restMin: 1_000, restMax: 3_000);

    [Fact]
    public void Who_answers_soon_is_waited_for_awake_and_longer_each_time_until_that_is_enough()
    {
        Assert.Equal(0, _poll.Span(0));
        _poll.Waited(15);
        Assert.Equal(10, _poll.Span(0));
        _poll.Waited(15);
        Assert.Equal(20, _poll.Span(0));
        _poll.Waited(15);
        Assert.Equal(20, _poll.Span(0));
        _poll.Waited(40);
        Assert.Equal(40, _poll.Span(0));
    }

    [Fact]
    public void One_long_silence_ends_it()
    {
        _poll.Waited(15);
        _poll.Waited(41);
        Assert.Equal(0, _poll.Span(0));
    }

    [Fact]
    public void Work_that_is_there_already_changes_nothing()
    {
        _poll.Waited(0);
        Assert.Equal(0, _poll.Span(0));
    }

    [Fact]
    public void Where_others_want_the_processor_it_is_given_up_for_a_while()
    {
        _poll.Waited(15);
        _poll.PushedOff(100);

        Assert.Equal(0, _poll.Span(1_099));
        Assert.Equal(10, _poll.Span(1_100));
    }

    [Fact]
    public void Each_time_for_twice_as_long_up_to_a_bound_and_from_the_beginning_after_a_long_time()
    {
        _poll.Waited(15);
        _poll.PushedOff(0);
        _poll.PushedOff(1_000);
        Assert.Equal(0, _poll.Span(2_999));
        Assert.Equal(10, _poll.Span(3_000));

        _poll.PushedOff(3_000);
        Assert.Equal(0, _poll.Span(5_999));
        Assert.Equal(10, _poll.Span(6_000));

        _poll.PushedOff(36_001);
        Assert.Equal(0, _poll.Span(37_000));
        Assert.Equal(10, _poll.Span(37_001));
    }

    [Fact]
    public void None_is_none()
    {
        BusyPoll poll = new(max: 0, restMin: 1, restMax: 1);
        poll.Waited(1);
        poll.Waited(0);
        Assert.Equal(0, poll.Span(0));
    }
}
