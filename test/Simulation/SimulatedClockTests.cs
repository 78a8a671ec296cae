using Analemma.Simulator;

namespace Analemma.Simulation.Tests;

public sealed class SimulatedClockTests
{
    private readonly SimulatedClock _clock = new(DateTimeOffset.UnixEpoch);
    private readonly List<string> _ran = [];

    [Fact]
    public void What_is_due_runs_in_order_of_time_and_then_of_asking()
    {
        _clock.After(TimeSpan.FromSeconds(2), () => _ran.Add("late"));
        _clock.After(TimeSpan.FromSeconds(1), () => _ran.Add("first"));
        _clock.After(TimeSpan.FromSeconds(1), () => _ran.Add("second"));
        _clock.After(TimeSpan.FromSeconds(1), () => _ran.Add("never")).Cancel();

        _clock.Advance(TimeSpan.FromSeconds(1.5));

        Assert.Equal(["first", "second"], _ran);
        Assert.Equal(1.5, (_clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds);
        Assert.True(_clock.RunNext());
        Assert.False(_clock.RunNext());
    }

    [Fact]
    public void A_periodic_timer_fires_until_it_is_disposed()
    {
        var timer = _clock.CreateTimer(_ => _ran.Add("tick"), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        _clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(3, _ran.Count);

        timer.Dispose();
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(3, _ran.Count);
    }
}
