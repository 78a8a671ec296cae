using Analemma.Daemon.Workflows.Functions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>The time that an environment has, which each event sets twice.</summary>
public sealed class FunctionEnvironmentTests
{
    private readonly HandClock _time = new();
    private readonly List<bool> _rung = [];

    [Fact]
    public void Its_time_is_up_when_the_last_one_set_is_also_when_that_is_sooner()
    {
        using var environment = Armed(60, 1);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([true], _rung);
    }

    [Fact]
    public void Its_time_is_up_when_the_last_one_set_is_also_when_that_is_later()
    {
        using var environment = Armed(1, 60, 50);
        _time.Advance(TimeSpan.FromSeconds(49));
        Assert.DoesNotContain(true, _rung);
        // Timers count whole milliseconds, and may be one late.
        _time.Advance(TimeSpan.FromMilliseconds(1_001));
        Assert.True(_rung[^1]);
    }

    [Fact]
    public void It_has_all_the_time_after_it_was_disarmed_and_less_once_it_is_set_again()
    {
        using var environment = Armed(1);
        environment.Disarm();
        _time.Advance(TimeSpan.FromDays(1));
        Assert.DoesNotContain(true, _rung);
        environment.Arm(_time, TimeSpan.FromSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(_rung[^1]);
    }

    private FunctionEnvironment Armed(params int[] seconds)
    {
        FunctionEnvironment environment = new(
            new AgentFunction("f"), _time, rings => _rung.Add(rings.IsDue(_time)));
        foreach (var each in seconds)
        {
            environment.Arm(_time, TimeSpan.FromSeconds(each));
        }

        return environment;
    }
}
