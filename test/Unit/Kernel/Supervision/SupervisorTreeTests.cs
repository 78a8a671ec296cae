using Analemma.Abi.Syscalls;

namespace Analemma.Unit.Tests.Kernel.Supervision;

public sealed class SupervisorTreeTests
{
    private readonly FleetBench _kernel = new();

    [Fact]
    public void One_for_one_restarts_who_failed()
    {
        _kernel.Up(FleetBench.Agent("a"), FleetBench.Agent("b"));
        _kernel.Exit("a");
        _kernel.Wait(1);
        Assert.Equal([2, 1], Incarnations());
    }

    [Fact]
    public void One_for_all_restarts_all_when_all_have_ended()
    {
        _kernel.Up(
            [Supervisor("s", SupervisorStrategy.OneForAll)],
            Below("s", "a"), Below("s", "b", "a"), Below("s", "c", "b"), FleetBench.Agent("other"));
        _kernel.Exit("b");
        Assert.Equal(["c"], Stopping());
        _kernel.Wait(2);
        Assert.Equal(["c"], Stopping());
        Assert.Equal(UnitState.Waiting, _kernel["b"].State);
        _kernel.Obey();
        Assert.Equal(["a"], Stopping());
        _kernel.Obey();
        Assert.Equal([2, 2, 2, 1], Incarnations());
        Assert.All(_kernel.Status().Units, unit => Assert.Equal(UnitState.Ready, unit.State));
    }

    [Fact]
    public void Rest_for_one_restarts_those_after_it()
    {
        _kernel.Up(
            [Supervisor("s", SupervisorStrategy.RestForOne)], Below("s", "a"), Below("s", "b"), Below("s", "c"));
        _kernel.Exit("b");
        Assert.Equal(["c"], Stopping());
        _kernel.Obey();
        _kernel.Wait(1);
        Assert.Equal([1, 2, 2], Incarnations());
    }

    [Fact]
    public void Others_wait_until_the_delay_of_who_failed_is_over()
    {
        _kernel.Up(
            [Supervisor("s", SupervisorStrategy.OneForAll)],
            Below("s", "a") with { Restart = new RestartRule { BackoffMs = 60_000, BackoffMaxMs = 60_000 } },
            Below("s", "b"));
        _kernel.Exit("a");
        _kernel.Obey();
        Assert.Equal((UnitState.BackingOff, UnitState.Waiting), (_kernel["a"].State, _kernel["b"].State));
        _kernel.Wait(60);
        Assert.Equal([2, 2], Incarnations());
    }

    [Fact]
    public void Who_was_killed_or_is_done_is_not_restarted_with_others()
    {
        _kernel.Up(
            [Supervisor("s", SupervisorStrategy.OneForAll)], Below("s", "a"), Below("s", "done"), Below("s", "killed"));
        _kernel.Exit("done", code: 0);
        _kernel.Call(new Kill { Name = "killed" });
        _kernel.Obey();
        _kernel.Exit("a");
        _kernel.Wait(1);
        Assert.Equal([2, 1, 1], Incarnations());
    }

    [Fact]
    public void An_agent_that_is_given_up_makes_its_supervisor_fall_and_all_below_begin_anew()
    {
        _kernel.Up(
            [Supervisor("s")],
            Below("s", "bad") with { Restart = new RestartRule { Burst = 1 } }, Below("s", "good"),
            FleetBench.Agent("other"));
        _kernel.Exit("bad");
        Assert.Equal(UnitState.BackingOff, _kernel["bad"].State);
        Assert.Equal(["good"], Stopping());
        _kernel.Obey();
        _kernel.Wait(1);
        Assert.Equal([2, 2, 1], Incarnations());
        var escalation = Assert.Single(_kernel.Escalations);
        Assert.Equal("root", escalation.To);
        Assert.Equal(
            [
                "bad exited with code 1; 1 start within 60 s, which is the limit",
                "supervisor s fell, and root restarts what is below it",
            ],
            escalation.Chain);
    }

    [Fact]
    public void A_supervisor_that_falls_too_often_is_given_up_with_all_below_it()
    {
        _kernel.Up(
            [Supervisor("s") with { Parent = "top" }, Supervisor("top"),
                new FleetSupervisor { Name = "root", Webhook = "http://127.0.0.1:1/x" }],
            Below("s", "bad") with { Restart = new RestartRule { Burst = 1 } }, Below("s", "good"),
            Below("top", "uncle"), FleetBench.Agent("other"));
        for (var i = 0; i < 40 && _kernel["bad"].State is not UnitState.GivenUp; i++)
        {
            _kernel.Exit("bad");
            _kernel.Obey();
            _kernel.Wait(5);
            _kernel.Obey();
        }

        Assert.Equal(
            [UnitState.GivenUp, UnitState.GivenUp, UnitState.GivenUp, UnitState.Ready],
            _kernel.Status().Units.Select(unit => unit.State));
        var last = _kernel.Escalations.Last();
        Assert.Equal(("root", "http://127.0.0.1:1/x"), (last.To, last.Webhook));
        Assert.StartsWith("bad exited with code 1", last.Chain[0], StringComparison.Ordinal);
        Assert.Contains(last.Chain, line => line.StartsWith("supervisor s fell", StringComparison.Ordinal));
        Assert.Contains(last.Chain, line => line.StartsWith("supervisor top fell", StringComparison.Ordinal));
        Assert.Equal(1, _kernel["other"].Incarnation);
    }

    [Fact]
    public void Who_was_being_given_up_with_a_supervisor_is_restarted_by_the_one_further_above()
    {
        _kernel.Up(
            [Supervisor("mid") with { Burst = 1 }, Supervisor("low") with { Parent = "mid" }],
            Below("mid", "uncle"), Below("low", "good"), Below("low", "next", "good"),
            Below("low", "bad") with { Restart = new RestartRule { Burst = 1 } });
        for (var i = 0; i < 2; i++)
        {
            _kernel.Exit("bad");
            _kernel.Obey();
            _kernel.Obey();
            _kernel.Wait(10);
        }

        Assert.Equal(["mid", "root"], _kernel.Escalations.Select(each => each.To));
        Assert.All(_kernel.Status().Units, unit => Assert.Equal(UnitState.Ready, unit.State));
        Assert.Equal([2, 3, 3, 3], Incarnations());
    }

    [Fact]
    public void A_supervisor_has_a_limit_of_restarts_over_all_its_children()
    {
        _kernel.Up([Supervisor("s") with { Burst = 2 }], Below("s", "a"), Below("s", "b"), Below("s", "c"));
        _kernel.Exit("a");
        _kernel.Exit("b");
        Assert.Empty(_kernel.Escalations);
        _kernel.Exit("c");
        var escalation = Assert.Single(_kernel.Escalations);
        Assert.Contains("supervisor s has made 2 restarts within 60 s", escalation.Chain[0], StringComparison.Ordinal);
        _kernel.Wait(3);
        Assert.All(_kernel.Status().Units, unit => Assert.Equal(UnitState.Ready, unit.State));
        Assert.Equal(1, _kernel.Status().Fleets[0].Supervisors.Single(each => each.Name == "s").Falls);
    }

    private static FleetSupervisor Supervisor(
        string name, SupervisorStrategy strategy = SupervisorStrategy.OneForOne) =>
        new() { Name = name, Strategy = strategy };

    private static FleetAgent Below(string supervisor, string name, params string[] after) =>
        FleetBench.Agent(name, after) with { Supervisor = supervisor };

    private long[] Incarnations() => [.. _kernel.Status().Units.Select(unit => unit.Incarnation)];

    private string[] Stopping() =>
        [.. _kernel.State.Processes.Living.Where(each => each.StopCause is not null).Select(each => each.Name)];
}
