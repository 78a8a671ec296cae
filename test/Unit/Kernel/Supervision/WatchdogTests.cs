using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;

namespace Analemma.Unit.Tests.Kernel.Supervision;

public sealed class WatchdogTests
{
    private readonly FleetBench _kernel = new();

    [Fact]
    public void An_agent_without_a_sign_of_life_is_restarted()
    {
        Up(new WatchdogRule { HeartbeatMs = 1_000 });
        _kernel.Wait(0.9);
        _kernel.Call(new Ready(), Id);
        _kernel.Wait(0.9);
        Assert.Equal(UnitState.Ready, _kernel["a"].State);
        _kernel.Wait(0.2);
        Assert.Equal(UnitState.Stopping, _kernel["a"].State);
        _kernel.Obey();
        Assert.Equal(ExitCause.Watchdog, _kernel["a"].LastExit!.Cause);
        Assert.Equal("heartbeat: made no syscall for 1000 ms", _kernel["a"].LastExit!.Detail);
        _kernel.Wait(0.5);
        Assert.Equal(2, _kernel["a"].Incarnation);
    }

    [Fact]
    public void Waiting_and_being_paused_are_no_want_of_life()
    {
        Up(new WatchdogRule { HeartbeatMs = 1_000 });
        _kernel.Call(new Pause { Name = "a" });
        _kernel.Wait(10);
        _kernel.Call(new Resume { Name = "a" });
        _kernel.Wait(0.5);
        Assert.Equal(UnitState.Ready, _kernel["a"].State);
        _kernel.Call(new Spawn { Argv = ["x"], Name = "child" }, Id);
        _kernel.Call(new Wait { Name = "child" }, Id);
        _kernel.Wait(10);
        Assert.Equal(UnitState.Ready, _kernel["a"].State);
        _kernel.Exit("child");
        _kernel.Wait(2.1);
        Assert.Equal(UnitState.Stopping, _kernel["a"].State);
    }

    [Fact]
    public void The_same_call_again_and_again_is_a_livelock_and_waiting_is_not()
    {
        Up(new WatchdogRule { RepeatMax = 3, Action = WatchdogAction.Pause });
        for (var i = 0; i < 10; i++)
        {
            _kernel.Call(new Wait { TimeoutMs = 1 }, Id);
        }

        _kernel.Call(new Read { Path = "a" }, Id);
        _kernel.Call(new Read { Path = "b" }, Id);
        _kernel.Call(new Read { Path = "b" }, Id);
        Assert.Equal(UnitState.Ready, _kernel["a"].State);
        _kernel.Call(new Read { Path = "b" }, Id);
        Assert.Equal(UnitState.Paused, _kernel["a"].State);
        Assert.Equal("livelock: made the same Read call 3 times in a row", _kernel["a"].Reason);
        Assert.Single(_kernel.Effects.OfType<Freeze>());
    }

    [Fact]
    public void One_that_is_to_be_killed_is_given_up()
    {
        Up(new WatchdogRule { HeartbeatMs = 1_000, Action = WatchdogAction.Kill });
        _kernel.Wait(1);
        _kernel.Obey();
        Assert.Equal(UnitState.GivenUp, _kernel["a"].State);
        Assert.Single(_kernel.Escalations);
    }

    private long Id => _kernel.Process("a").Value;

    private void Up(WatchdogRule rule) => _kernel.Up(FleetBench.Agent("a") with { Watchdog = rule });
}
