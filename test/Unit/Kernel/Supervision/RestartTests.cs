using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Supervision;

namespace Analemma.Unit.Tests.Kernel.Supervision;

public sealed class RestartTests
{
    private readonly FleetBench _kernel = new();

    [Fact]
    public void The_table_of_causes_is_as_it_was()
    {
        var policies = Enum.GetValues<RestartPolicy>();
        var text = string.Concat(RestartTable.Rows.Select(row =>
            $"{row.Cause,-22} {string.Join(' ', policies.Select(policy => $"{policy}={row.For(policy)}"))}\n"));
        Snapshot.Matches(text, "restart-table.txt");
    }

    [Fact]
    public void Every_cause_has_a_decision()
    {
        foreach (var cause in Enum.GetValues<ExitCause>())
        {
            RestartTable.Decide(RestartPolicy.Always, new ExitStatus(cause) { Code = 1 }, null);
        }
    }

    [Theory]
    [InlineData(ExitCause.KilledByOperator)]
    [InlineData(ExitCause.PidLimit)]
    public void What_an_operator_or_a_rule_ended_is_never_restarted(ExitCause cause)
    {
        foreach (var policy in Enum.GetValues<RestartPolicy>())
        {
            Assert.NotEqual(RestartDecision.Restart, RestartTable.Decide(policy, new ExitStatus(cause), null));
        }
    }

    [Theory]
    [InlineData(TroubleKind.Budget, RestartDecision.PauseForHuman)]
    [InlineData(TroubleKind.Runaway, RestartDecision.PauseForHuman)]
    [InlineData(TroubleKind.Outage, RestartDecision.Park)]
    public void An_exit_for_want_of_a_model_is_not_restarted_whatever_the_policy(
        TroubleKind kind, RestartDecision decision)
    {
        foreach (var policy in Enum.GetValues<RestartPolicy>())
        {
            var exit = new ExitStatus(ExitCause.Exited) { Code = 3 };
            Assert.Equal(decision, RestartTable.Decide(policy, exit, new Trouble(kind, "why")));
        }

        // It got over it.
        var well = new ExitStatus(ExitCause.Exited) { Code = 0 };
        var decided = RestartTable.Decide(RestartPolicy.OnFailure, well, new Trouble(kind, "why"));
        Assert.Equal(RestartDecision.Stop, decided);
    }

    [Fact]
    public void A_failure_is_followed_by_a_delay_and_another_start()
    {
        _kernel.Up(FleetBench.Agent("a"));
        _kernel.Exit("a");
        var unit = _kernel["a"];
        Assert.Equal((UnitState.BackingOff, 1, 1), (unit.State, unit.Restarts, unit.Incarnation));
        var latest = _kernel.Now + TimeSpan.FromMilliseconds(500).Ticks;
        Assert.InRange(unit.NextRestartAt!.Value.UtcTicks, _kernel.Now, latest);
        _kernel.Wait(0.5);
        unit = _kernel["a"];
        Assert.Equal((UnitState.Ready, 2), (unit.State, unit.Incarnation));
        Assert.Equal(1, _kernel.State.Processes.LivingCount);
    }

    [Fact]
    public void The_bound_of_the_delay_doubles_up_to_its_cap()
    {
        _kernel.Up(FleetBench.Agent("a") with
        {
            Restart = new RestartRule { BackoffMs = 100, BackoffMaxMs = 500, Burst = 0 },
        });
        for (var i = 0; i < 6; i++)
        {
            _kernel.Exit("a");
            _kernel.Wait(0.6);
        }

        Assert.Equal([100, 200, 400, 500, 500, 500], Bounds());
        Assert.All(Delays(), pair => Assert.InRange(pair.Delay, 0, pair.Bound));
        Assert.True(Delays().Select(pair => pair.Delay * 1000 / pair.Bound).Distinct().Count() > 3, "no jitter");
    }

    [Fact]
    public void A_stable_run_begins_anew()
    {
        _kernel.Up(FleetBench.Agent("a") with { Restart = new RestartRule { ResetAfterMs = 5_000, Burst = 0 } });
        _kernel.Exit("a");
        _kernel.Wait(1);
        _kernel.Exit("a");
        _kernel.Wait(5.9);
        _kernel.Exit("a");
        Assert.Equal([500, 1000, 500], Bounds());
    }

    [Fact]
    public void An_agent_that_fails_too_often_is_given_up_and_the_host_is_told()
    {
        _kernel.Up(FleetBench.Agent("a") with { Restart = new RestartRule { Burst = 3, BackoffMs = 10 } });
        for (var i = 0; i < 3; i++)
        {
            _kernel.Exit("a", code: 7);
            _kernel.Wait(1);
        }

        Assert.Equal((UnitState.GivenUp, 3), (_kernel["a"].State, _kernel["a"].Incarnation));
        var escalation = Assert.Single(_kernel.Escalations);
        Assert.Equal("root", escalation.To);
        Assert.Equal(["a exited with code 7; 3 starts within 60 s, which is the limit"], escalation.Chain);
        var told = _kernel.Told.Single(each => each.Type == EventTypes.Escalated);
        Assert.Equal(["last words"], told.Supervision!.Log);
        _kernel.Wait(3_600);
        Assert.Equal(0, _kernel.State.Processes.LivingCount);
    }

    [Fact]
    public void Starts_that_are_long_ago_do_not_count()
    {
        _kernel.Up(FleetBench.Agent("a") with
        {
            Restart = new RestartRule { Burst = 2, IntervalMs = 10_000, BackoffMs = 1_000, BackoffMaxMs = 1_000 },
        });
        for (var i = 0; i < 5; i++)
        {
            _kernel.Wait(11);
            _kernel.Exit("a");
        }

        Assert.Equal(UnitState.BackingOff, _kernel["a"].State);
    }

    [Fact]
    public void Who_was_given_up_can_be_taken_up_again_with_new_counters()
    {
        _kernel.Up(FleetBench.Agent("a") with { Restart = new RestartRule { Burst = 1 } });
        _kernel.Exit("a");
        Assert.Equal(UnitState.GivenUp, _kernel["a"].State);
        Assert.IsType<RestartReply>(_kernel.Call(new Restart { Name = "a" }));
        Assert.Equal(UnitState.Ready, _kernel["a"].State);
        _kernel.Exit("a");
        Assert.Equal(UnitState.GivenUp, _kernel["a"].State);
    }

    [Fact]
    public void Who_an_operator_killed_stays_so_over_a_kernel_restart()
    {
        _kernel.Up(FleetBench.Agent("a") with { Restart = new RestartRule { Policy = RestartPolicy.Always } });
        _kernel.Call(new Kill { Name = "a" });
        _kernel.Obey();
        Assert.Equal(UnitState.Stopped, _kernel["a"].State);
        _kernel.Crash();
        Assert.Equal(UnitState.Stopped, _kernel["a"].State);
    }

    [Fact]
    public void Work_that_is_done_is_not_done_again_unless_always()
    {
        _kernel.Up(
            FleetBench.Agent("once"),
            FleetBench.Agent("always") with { Restart = new RestartRule { Policy = RestartPolicy.Always } },
            FleetBench.Agent("never") with { Restart = new RestartRule { Policy = RestartPolicy.No } },
            FleetBench.Agent("abnormal") with { Restart = new RestartRule { Policy = RestartPolicy.OnAbnormal } });
        _kernel.Exit("once", code: 0);
        _kernel.Exit("always", code: 0);
        _kernel.Exit("never", code: 1);
        _kernel.Exit("abnormal", code: 1);
        Assert.Equal(
            [UnitState.Stopped, UnitState.BackingOff, UnitState.Stopped, UnitState.Stopped],
            _kernel.Status().Units.Select(unit => unit.State));
    }

    [Fact]
    public void A_signal_is_abnormal()
    {
        _kernel.Up(FleetBench.Agent("a") with { Restart = new RestartRule { Policy = RestartPolicy.OnAbnormal } });
        _kernel.Exit("a", code: null, signal: 11);
        Assert.Equal(UnitState.BackingOff, _kernel["a"].State);
    }

    [Fact]
    public void A_program_that_cannot_be_started_is_tried_as_often_as_its_limit_allows()
    {
        _kernel.HoldsLaunches = true;
        _kernel.Up(FleetBench.Agent("a") with { Restart = new RestartRule { Burst = 3 } });
        for (var i = 0; i < 3; i++)
        {
            var id = _kernel.Process("a");
            _kernel.Apply(new SandboxStartFailed(id, SysErrorCode.StartFailed, "no such program", null)
            {
                At = _kernel.Now,
            });
            _kernel.Wait(10);
        }

        Assert.Equal(UnitState.GivenUp, _kernel["a"].State);
        Assert.Contains("no such program", _kernel["a"].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_delay_survives_the_kernel()
    {
        var rule = new RestartRule { BackoffMs = 60_000, BackoffMaxMs = 60_000 };
        _kernel.Up(FleetBench.Agent("a") with { Restart = rule });
        _kernel.Exit("a");
        var due = _kernel["a"].NextRestartAt;
        _kernel.Crash();
        Assert.Equal((UnitState.BackingOff, due), (_kernel["a"].State, _kernel["a"].NextRestartAt));
        _kernel.Wait(60);
        Assert.Equal((UnitState.Ready, 2), (_kernel["a"].State, _kernel["a"].Incarnation));
    }

    [Fact]
    public void What_lives_on_over_a_crash_is_not_started_again()
    {
        _kernel.Up(FleetBench.Agent("a"), FleetBench.Agent("b", "a"));
        _kernel.Crash();
        Assert.All(_kernel.Status().Units, unit => Assert.Equal((UnitState.Ready, 1), (unit.State, unit.Incarnation)));
        Assert.Equal(2, _kernel.Effects.OfType<Launch>().Count());
    }

    [Fact]
    public void What_did_not_live_on_is_started_again_in_order_and_did_not_fail()
    {
        _kernel.Up(FleetBench.Agent("b", "a"), FleetBench.Agent("a"));
        _kernel.Crash(reap: true);
        Assert.All(_kernel.Status().Units, unit =>
            Assert.Equal((UnitState.Ready, 2, 0), (unit.State, unit.Incarnation, unit.Restarts)));
        var launched = _kernel.Effects.OfType<Launch>().Select(launch => launch.Plan.Name).TakeLast(2);
        Assert.Equal(["a", "b"], launched);
    }

    [Fact]
    public void A_kernel_that_is_asked_to_stop_brings_them_back_when_it_starts()
    {
        _kernel.Up(FleetBench.Agent("a"));
        _kernel.Call(new Shutdown());
        _kernel.Obey();
        Assert.Equal(0, _kernel.State.Processes.LivingCount);
        _kernel.Boot();
        Assert.Equal((UnitState.Ready, 2, 0), (_kernel["a"].State, _kernel["a"].Incarnation, _kernel["a"].Restarts));
    }

    [Fact]
    public void Many_restarts_at_once_are_spread_over_the_host()
    {
        FleetBench kernel = new(new KernelOptions
        {
            Supervision = new() { RestartBurst = 10, RestartsPerSecond = 5 },
        });
        kernel.Up(FleetBench.Agent("w") with { Replicas = 40, Restart = new RestartRule { BackoffMs = 0 } });
        for (var i = 1; i <= 40; i++)
        {
            kernel.Exit($"w-{i}");
        }

        kernel.Wait(0);
        Assert.Equal(10, kernel.State.Processes.LivingCount);
        kernel.Wait(1);
        Assert.Equal(15, kernel.State.Processes.LivingCount);
        kernel.Wait(5);
        Assert.Equal(40, kernel.State.Processes.LivingCount);
        Assert.All(kernel.Status().Units, unit => Assert.Equal(2, unit.Incarnation));
    }

    private IEnumerable<(long Delay, long Bound)> Delays() => _kernel.Told
        .Where(each => each.Kind == "backing_off" && each.Supervision?.BoundMs is not null)
        .Select(each => (each.Supervision!.DelayMs!.Value, each.Supervision.BoundMs!.Value));

    private long[] Bounds() => [.. Delays().Select(pair => pair.Bound)];
}
