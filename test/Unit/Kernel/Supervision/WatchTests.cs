using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Unit.Tests.Kernel.Supervision;

public sealed class WatchTests
{
    private readonly FleetBench _kernel = new();
    private readonly long _boss;

    public WatchTests()
    {
        _kernel.Call(new Spawn { Argv = ["boss"], Name = "boss" });
        _boss = _kernel.Process("boss").Value;
        _kernel.Call(new Spawn { Argv = ["child"], Name = "child" }, _boss);
    }

    [Fact]
    public void A_watched_child_is_restarted_below_its_supervisor()
    {
        var unit = Assert.IsType<WatchReply>(_kernel.Call(new Watch { Name = "child" }, _boss)).Unit;
        Assert.Equal((UnitState.Ready, "boss", ""), (unit.State, unit.Supervisor, unit.Fleet));
        _kernel.Exit("child");
        _kernel.Wait(1);
        Assert.True(_kernel.State.Processes.TryFind("child", out var process) && process.IsAlive);
        Assert.Equal(_boss, process.Parent.Value);
        Assert.Equal(["child"], process.Plan.Argv);
    }

    [Fact]
    public void Its_supervisor_is_told_when_it_is_given_up_and_can_pass_that_on()
    {
        _kernel.Call(new Watch { Name = "child", Restart = new RestartRule { Burst = 1 } }, _boss);
        _kernel.Exit("child", code: 9);
        var told = Assert.Single(_kernel.Escalations);
        Assert.Equal("boss", told.To);
        var reply = Assert.IsType<EscalateReply>(
            _kernel.Call(new Escalate { Name = "child", Reason = "I give up" }, _boss));
        Assert.Equal("root", reply.To);
        Assert.Equal(
            ["child exited with code 9; 1 start within 60 s, which is the limit", "boss could not cope: I give up"],
            reply.Chain);
        Assert.Equal(("root", told.Origin), (_kernel.Escalations.Last().To, _kernel.Escalations.Last().Origin));
    }

    [Fact]
    public void Who_has_nothing_to_lose_by_it_passes_on_so_much_and_no_more()
    {
        _kernel.Call(new Watch { Name = "child" }, _boss);
        Escalate asked = new() { Name = "child", Reason = "I give up" };
        var told = _kernel.Escalations.Count();
        while (told < 100 && _kernel.Call(asked, _boss) is EscalateReply)
        {
            told++;
        }

        Assert.InRange(told, 1, 10);
        var again = _kernel.Refusal(asked, _boss);
        Assert.Equal(SysErrorCode.TryAgain, again.Code);
        Assert.Equal(told, _kernel.Escalations.Count());
        _kernel.Wait(again.RetryAfterMs!.Value / 1_000.0);
        Assert.IsType<EscalateReply>(_kernel.Call(asked, _boss));
    }

    [Fact]
    public void A_supervised_supervisor_that_escalates_fails_itself_and_the_chain_goes_with_it()
    {
        _kernel.Up(FleetBench.Agent("agent") with { Restart = new RestartRule { Burst = 1 } });
        var agent = _kernel.Process("agent").Value;
        _kernel.Call(new Spawn { Argv = ["x"], Name = "grandchild" }, agent);
        _kernel.Call(new Watch { Name = "grandchild", Restart = new RestartRule { Burst = 1 } }, agent);
        _kernel.Exit("grandchild", code: 3);
        _kernel.Call(new Escalate { Name = "grandchild", Reason = "no use" }, agent);
        _kernel.Obey();
        var unit = _kernel["agent"];
        Assert.Equal((UnitState.GivenUp, ExitCause.Escalated), (unit.State, unit.LastExit!.Cause));
        var last = _kernel.Escalations.Last();
        Assert.Equal("root", last.To);
        Assert.StartsWith("grandchild exited with code 3", last.Chain[0], StringComparison.Ordinal);
        Assert.StartsWith("agent could not cope: no use", last.Chain[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Only_who_spawned_a_process_can_watch_it()
    {
        Assert.Equal(SysErrorCode.WrongState, _kernel.Refusal(new Watch { Name = "child" }).Code);
        Assert.Equal(SysErrorCode.WrongState, _kernel.Refusal(new Watch(), _boss).Code);
        var child = _kernel.Process("child").Value;
        Assert.Equal(SysErrorCode.NoSuchProcess, _kernel.Refusal(new Watch { Name = "boss" }, child).Code);
        Assert.Equal(SysErrorCode.NoSuchProcess, _kernel.Refusal(new Restart { Name = "child" }, child).Code);
    }

    [Fact]
    public void Whom_it_may_restart_is_a_matter_of_permissions()
    {
        _kernel.Up(FleetBench.Agent("worker-1"), FleetBench.Agent("other"));
        _kernel.Call(new Spawn
        {
            Argv = ["x"],
            Name = "doctor",
            Permissions = new Permissions { Kill = ["worker-*"], Read = ["*"] },
        });
        var doctor = _kernel.Process("doctor").Value;
        var first = _kernel.Process("worker-1");
        Assert.IsType<RestartReply>(_kernel.Call(new Restart { Name = "worker-1" }, doctor));
        _kernel.Obey();
        Assert.NotEqual(first, _kernel.Process("worker-1"));
        var refused = _kernel.Refusal(new Restart { Name = "other" }, doctor);
        Assert.Equal(
            (SysErrorCode.PermissionDenied, "missing capability: kill other"), (refused.Code, refused.Hint));
    }

    [Fact]
    public void Who_may_not_kill_its_child_may_neither_watch_nor_restart_it()
    {
        _kernel.Call(new Watch { Name = "child" }, _boss);
        _kernel.Call(new SetPerms { Name = "boss", Permissions = new Permissions { Kill = [] } });
        foreach (var asked in new Syscall[] { new Watch { Name = "child" }, new Restart { Name = "child" } })
        {
            Assert.Equal("missing capability: kill child", _kernel.Refusal(asked, _boss).Hint);
        }
    }

    [Fact]
    public void What_was_taken_from_an_agent_does_not_come_back_with_its_next_process()
    {
        var agent = FleetBench.Agent("a");
        _kernel.Up(agent);
        _kernel.Call(new SetPerms { Name = "a", Permissions = new Permissions { Spawn = [] } });
        _kernel.Exit("a");
        _kernel.Crash();
        _kernel.Wait(1);
        Assert.Equal(2, _kernel["a"].Incarnation);
        Assert.Equal([], Spawnable());
        _kernel.Up(agent with { Digest = "another script" });
        _kernel.Obey();
        Assert.Equal([], Spawnable());
        _kernel.Up(agent with
        {
            Spawn = agent.Spawn with { Permissions = new Permissions { Spawn = ["x"] } },
        });
        _kernel.Obey();
        Assert.Equal(["x"], Spawnable());
    }

    private IReadOnlyList<string>? Spawnable() =>
        Assert.IsType<PermsReply>(_kernel.Call(new GetPerms { Name = "a" })).Permissions.Spawn;

    [Fact]
    public void With_its_supervisor_it_ends()
    {
        _kernel.Call(new Watch { Name = "child" }, _boss);
        _kernel.Exit("boss");
        _kernel.Obey();
        Assert.Empty(_kernel.Status().Units);
        Assert.Equal(0, _kernel.State.Processes.LivingCount);
    }

    [Fact]
    public void Below_a_supervisor_that_is_restarted_it_can_be_restarted_too()
    {
        _kernel.Up(FleetBench.Agent("agent") with { Ready = new ReadyRule { When = ReadyWhen.Syscall } });
        var agent = _kernel.Process("agent").Value;
        _kernel.Call(new Spawn { Argv = ["x"], Name = "below" }, agent);
        _kernel.Call(new Watch { Name = "below", Orphan = OrphanRule.Restart }, agent);
        _kernel.Exit("agent");
        _kernel.Obey();
        _kernel.Wait(1);
        Assert.Equal(UnitState.Waiting, _kernel["below"].State);
        var next = _kernel.Process("agent").Value;
        Assert.NotEqual(agent, next);
        _kernel.Call(new Ready(), next);
        Assert.Equal((UnitState.Ready, 2), (_kernel["below"].State, _kernel["below"].Incarnation));
        Assert.True(_kernel.State.Processes.TryGet(_kernel.Process("below"), out var process));
        Assert.Equal(next, process.Parent.Value);
    }

    [Fact]
    public void The_host_watches_what_it_spawned_and_forgets_what_is_done()
    {
        _kernel.Call(new Watch { Name = "boss", Restart = new RestartRule { Policy = RestartPolicy.OnFailure } });
        _kernel.Exit("boss", code: 2);
        _kernel.Wait(1);
        Assert.Equal((UnitState.Ready, "root"), (_kernel["boss"].State, _kernel["boss"].Supervisor));
        _kernel.Exit("boss", code: 0);
        Assert.Empty(_kernel.Status().Units);
    }

    [Fact]
    public void Not_ready_in_time_is_a_failure()
    {
        _kernel.Up(FleetBench.Agent("slow") with
        {
            Ready = new ReadyRule { When = ReadyWhen.Syscall, TimeoutMs = 2_000 },
            Stop = new StopRule { GraceMs = 100 },
        });
        _kernel.Wait(2);
        Assert.Equal(UnitState.Stopping, _kernel["slow"].State);
        _kernel.Obey();
        var unit = _kernel["slow"];
        Assert.Equal((UnitState.BackingOff, ExitCause.NotReady), (unit.State, unit.LastExit!.Cause));
    }

    [Fact]
    public void The_time_to_get_ready_begins_when_the_program_runs_not_when_its_sandbox_is_asked_for()
    {
        _kernel.HoldsLaunches = true;
        _kernel.Up(FleetBench.Agent("late") with
        {
            Ready = new ReadyRule { When = ReadyWhen.Syscall, TimeoutMs = 2_000 },
        });
        _kernel.Wait(300);
        Assert.Equal(UnitState.Starting, _kernel["late"].State);

        _kernel.Start(_kernel.Process("late"));
        _kernel.Wait(1.9);
        Assert.Equal(UnitState.Running, _kernel["late"].State);
        _kernel.Wait(0.1);
        Assert.Equal(UnitState.Stopping, _kernel["late"].State);
    }

    [Fact]
    public void Who_waits_for_a_sandbox_is_given_long_and_not_for_ever()
    {
        _kernel.HoldsLaunches = true;
        _kernel.Up(FleetBench.Agent("never"));
        _kernel.Wait(599);
        Assert.Equal(UnitState.Starting, _kernel["never"].State);
        _kernel.Wait(1);
        Assert.Equal(UnitState.Stopping, _kernel["never"].State);
    }

    [Fact]
    public void A_probe_is_run_until_it_succeeds()
    {
        _kernel.Up(
            FleetBench.Agent("db") with
            {
                Ready = new ReadyRule { When = ReadyWhen.Probe, Probe = ["test"], IntervalMs = 500 },
            },
            FleetBench.Agent("web", "db"));
        var probe = Assert.Single(_kernel.Effects.OfType<ProbeUnit>());
        _kernel.Apply(new ProbeEnded(probe.Unit, probe.Process, false, "1") { At = _kernel.Now });
        Assert.Equal(UnitState.Running, _kernel["db"].State);
        _kernel.Wait(0.5);
        Assert.Equal(2, _kernel.Effects.OfType<ProbeUnit>().Count());
        _kernel.Apply(new ProbeEnded(probe.Unit, probe.Process, true, "0") { At = _kernel.Now });
        Assert.Equal((UnitState.Ready, UnitState.Ready), (_kernel["db"].State, _kernel["web"].State));
    }

    [Fact]
    public void A_deadlock_is_named()
    {
        var child = _kernel.Process("child").Value;
        _kernel.Call(new Wait { Name = "child" }, _boss);
        Assert.DoesNotContain(_kernel.Told, each => each.Type == EventTypes.Deadlock);
        _kernel.Call(new Wait(), child);
        var deadlock = Assert.Single(_kernel.Told, each => each.Type == EventTypes.Deadlock);
        Assert.Equal(["child waits for the end of child"], deadlock.Supervision!.Circle);
    }

    [Fact]
    public void Agents_that_wait_for_each_others_messages_are_a_deadlock_told_once()
    {
        var child = _kernel.Process("child");
        _kernel.Call(new Recv { From = child, TimeoutMs = 60_000 }, _boss);
        Assert.DoesNotContain(_kernel.Told, each => each.Type == EventTypes.Deadlock);
        _kernel.Call(new Recv { From = new ProcessId(_boss), TimeoutMs = 60_000 }, child.Value);
        var deadlock = Assert.Single(_kernel.Told, each => each.Type == EventTypes.Deadlock);
        Assert.Equal(
            ["child waits for a message from boss", "boss waits for a message from child"],
            deadlock.Supervision!.Circle);
        _kernel.Call(new Recv { From = new ProcessId(_boss), TimeoutMs = 60_000 }, child.Value);
        Assert.Single(_kernel.Told, each => each.Type == EventTypes.Deadlock);
    }

    [Fact]
    public void Waiting_for_anybody_or_in_a_line_is_no_deadlock()
    {
        var child = _kernel.Process("child").Value;
        _kernel.Call(new Wait { Name = "child" }, _boss);
        _kernel.Call(new Recv { TimeoutMs = 60_000 }, child);
        Assert.DoesNotContain(_kernel.Told, each => each.Type == EventTypes.Deadlock);
    }

    [Fact]
    public void The_first_message_can_be_what_makes_an_agent_ready()
    {
        _kernel.Up(
            FleetBench.Agent("a") with { Ready = new ReadyRule { When = ReadyWhen.Message } },
            FleetBench.Agent("b", "a"));
        var agent = _kernel.Process("a").Value;
        _kernel.Call(new Send { To = "nobody" }, agent);
        Assert.Equal(UnitState.Running, _kernel["a"].State);
        _kernel.Call(new Send { To = "boss" }, agent);
        Assert.Equal((UnitState.Ready, UnitState.Ready), (_kernel["a"].State, _kernel["b"].State));
    }

    [Fact]
    public void READY_of_nobody_supervised_is_of_no_effect()
    {
        Assert.False(Assert.IsType<ReadyReply>(_kernel.Call(new Ready(), _boss)).Supervised);
        Assert.Equal(SysErrorCode.WrongState, _kernel.Refusal(new Ready()).Code);
    }
}
