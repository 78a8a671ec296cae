using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Unit.Tests.Kernel.Supervision;

/// <summary>Agents that a clock starts. The bench's schedules are due on every full hour.</summary>
public sealed class ScheduleTests
{
    private const double Hour = 3600;

    private readonly FleetBench _kernel = new();

    [Fact]
    public void A_scheduled_agent_waits_for_its_time_and_says_when()
    {
        _kernel.Up(Hourly("job"));

        Assert.Equal(UnitState.Scheduled, _kernel["job"].State);
        Assert.Equal(new DateTimeOffset(_kernel.Now, TimeSpan.Zero).AddHours(1), _kernel["job"].NextRestartAt);
        Assert.Equal(0, _kernel["job"].Incarnation);
        _kernel.Wait(Hour);
        Assert.Equal(UnitState.Ready, _kernel["job"].State);
    }

    [Fact]
    public void Each_run_that_ends_is_followed_by_the_next_time()
    {
        _kernel.Up(Hourly("job"));
        for (var run = 1; run <= 3; run++)
        {
            _kernel.Wait(Hour);
            Assert.Equal(run, _kernel["job"].Incarnation);
            _kernel.Exit("job", code: 0);
            Assert.Equal(UnitState.Scheduled, _kernel["job"].State);
        }
    }

    [Fact]
    public void What_falls_due_while_it_runs_is_left_out()
    {
        _kernel.Up(Hourly("job"));
        _kernel.Wait(Hour);
        _kernel.Wait(2.5 * Hour);
        Assert.Equal(1, _kernel["job"].Incarnation);

        _kernel.Exit("job", code: 0);
        Assert.Equal(1, _kernel["job"].Incarnation);
        _kernel.Wait(Hour / 2);
        Assert.Equal(2, _kernel["job"].Incarnation);
    }

    [Fact]
    public void A_run_that_fails_is_restarted_and_one_that_is_given_up_has_its_next_time_all_the_same()
    {
        _kernel.Up(Hourly("job") with { Restart = new RestartRule { Burst = 2, BackoffMs = 1, BackoffMaxMs = 1 } });
        _kernel.Wait(Hour);
        _kernel.Exit("job");
        _kernel.Wait(1);
        Assert.Equal(2, _kernel["job"].Incarnation);
        _kernel.Exit("job");
        Assert.Equal(UnitState.GivenUp, _kernel["job"].State);

        _kernel.Wait(Hour);
        Assert.Equal((UnitState.Ready, 3), (_kernel["job"].State, (int)_kernel["job"].Incarnation));
    }

    [Theory]
    [InlineData(MissedStart.Skip, 0)]
    [InlineData(MissedStart.Once, 1)]
    public void Times_that_no_kernel_was_there_for_are_left_out_or_made_up_for_by_one_run(MissedStart missed, int runs)
    {
        _kernel.Up(Hourly("job", missed));
        _kernel.Sleep(5.25 * Hour);
        _kernel.Crash();

        Assert.Equal(runs, _kernel["job"].Incarnation);
        if (runs > 0)
        {
            _kernel.Exit("job", code: 0);
        }

        _kernel.Wait(Hour);
        Assert.Equal(runs + 1, _kernel["job"].Incarnation);
    }

    [Fact]
    public void A_time_that_is_still_to_come_outlives_the_kernel()
    {
        _kernel.Up(Hourly("job"));
        var due = _kernel["job"].NextRestartAt;
        _kernel.Sleep(Hour / 2);
        _kernel.Crash();

        Assert.Equal(due, _kernel["job"].NextRestartAt);
        _kernel.Wait(Hour / 2);
        Assert.Equal(1, _kernel["job"].Incarnation);
    }

    [Fact]
    public void A_question_that_died_with_its_kernel_is_asked_again()
    {
        _kernel.HoldsSchedules = true;
        _kernel.Up(Hourly("job"));
        Assert.Null(_kernel["job"].NextRestartAt);
        _kernel.HoldsSchedules = false;
        _kernel.Crash();

        Assert.NotNull(_kernel["job"].NextRestartAt);
    }

    [Fact]
    public void An_answer_to_an_old_question_is_not_heeded()
    {
        _kernel.HoldsSchedules = true;
        _kernel.Up(Hourly("job"));
        var old = _kernel.Effects.OfType<AskSchedule>().Single();
        _kernel.Up(Hourly("job") with { Schedule = new FleetSchedule { Cron = "0 6 * * *", Zone = "Europe/Berlin" } });
        _kernel.Apply(new ScheduleTold(old.Unit, old.Cron, old.Zone, _kernel.Now + 1, null) { At = _kernel.Now });

        Assert.Null(_kernel["job"].NextRestartAt);
        var asked = _kernel.Effects.OfType<AskSchedule>().Last();
        Assert.Equal(("0 6 * * *", "Europe/Berlin"), (asked.Cron, asked.Zone));
    }

    [Fact]
    public void A_zone_that_the_host_does_not_know_is_said_and_starts_nothing()
    {
        _kernel.HoldsSchedules = true;
        _kernel.Up(Hourly("job"));
        var asked = _kernel.Effects.OfType<AskSchedule>().Single();
        _kernel.Apply(new ScheduleTold(asked.Unit, asked.Cron, asked.Zone, null, "no such zone") { At = _kernel.Now });
        _kernel.Wait(10 * Hour);

        Assert.Equal((UnitState.Scheduled, "no such zone"), (_kernel["job"].State, _kernel["job"].Reason));
    }

    [Fact]
    public void Another_script_for_one_that_rests_starts_nothing_before_its_time()
    {
        _kernel.Up(Hourly("job"));
        var reply = _kernel.Up(Hourly("job") with { Digest = "new" });

        Assert.Equal("restart", Assert.Single(reply.Changed).Action);
        Assert.Equal((UnitState.Scheduled, 2L), (_kernel["job"].State, _kernel["job"].Revision));
        _kernel.Wait(Hour);
        Assert.Equal(1, _kernel["job"].Incarnation);
    }

    [Fact]
    public void Without_its_schedule_it_is_an_agent_like_others()
    {
        _kernel.Up(Hourly("job"));
        _kernel.Up(FleetBench.Agent("job"));
        Assert.Equal(UnitState.Ready, _kernel["job"].State);

        _kernel.Up(Hourly("job"));
        Assert.Equal(UnitState.Ready, _kernel["job"].State);
        _kernel.Exit("job", code: 0);
        Assert.Equal(UnitState.Scheduled, _kernel["job"].State);
    }

    [Fact]
    public void One_that_leaves_its_fleet_has_no_next_time()
    {
        _kernel.Up(Hourly("job"), FleetBench.Agent("other"));
        _kernel.Up(FleetBench.Agent("other"));
        _kernel.Wait(3 * Hour);

        Assert.Equal("other", Assert.Single(_kernel.Status().Units).Name);
    }

    [Fact]
    public void An_operator_runs_it_now()
    {
        _kernel.Up(Hourly("job"));
        _kernel.Call(new FleetRestart { Fleet = "f", Agent = "job" });

        Assert.Equal(UnitState.Ready, _kernel["job"].State);
    }

    private static FleetAgent Hourly(string name, MissedStart? missed = null) => FleetBench.Agent(name) with
    {
        Schedule = new FleetSchedule { Cron = "0 * * * *", Missed = missed },
        StartOn = StartOn.Schedule,
    };
}
