using Analemma.Abi.Syscalls;

namespace Analemma.Unit.Tests.Kernel.Supervision;

public sealed class RollingTests
{
    private readonly FleetBench _kernel = new();

    [Fact]
    public void Replicas_are_replaced_one_after_the_other_each_when_the_one_before_is_ready()
    {
        _kernel.Up(Three());
        AllReady();
        _kernel.Up(Three("new"));

        for (var at = 1; at <= 3; at++)
        {
            Assert.Equal(UnitState.Stopping, _kernel[$"w-{at}"].State);
            Assert.Equal(2, Ready().Count);
            _kernel.Obey();
            Assert.Equal(UnitState.Running, _kernel[$"w-{at}"].State);
            Assert.Equal(2, Ready().Count);
            SayReady($"w-{at}");
        }

        Assert.Equal(["w-1", "w-2", "w-3"], Ready());
        Assert.All(_kernel.Status().Units, unit => Assert.Equal((2L, 2L), (unit.Incarnation, unit.Revision)));
    }

    [Fact]
    public void One_that_does_not_come_back_leaves_the_others_as_they_are()
    {
        _kernel.Up(Three());
        AllReady();
        _kernel.Up(Three("broken") with { Restart = new RestartRule { Policy = RestartPolicy.No } });
        _kernel.Obey();
        _kernel.Exit("w-1");
        _kernel.Wait(60);

        Assert.Equal(["w-2", "w-3"], Ready());
        Assert.Equal((1L, 1L), (_kernel["w-2"].Incarnation, _kernel["w-2"].Revision));
    }

    [Fact]
    public void An_operators_rolling_restart_goes_in_the_order_of_dependencies()
    {
        _kernel.Up(FleetBench.Agent("web", "store"), FleetBench.Agent("store"));
        _kernel.Call(new FleetRestart { Fleet = "f", Rolling = true });

        Assert.Equal((UnitState.Stopping, UnitState.Ready), (_kernel["store"].State, _kernel["web"].State));
        _kernel.Obey();
        Assert.Equal((UnitState.Ready, UnitState.Stopping), (_kernel["store"].State, _kernel["web"].State));
        _kernel.Obey();
        Assert.Equal((2L, 2L), (_kernel["store"].Incarnation, _kernel["web"].Incarnation));
    }

    [Fact]
    public void One_of_the_clock_that_is_done_before_it_is_ready_holds_nobody_up()
    {
        _kernel.Up(
            FleetBench.Agent("report") with
            {
                StartOn = StartOn.Schedule,
                Schedule = new FleetSchedule { Cron = "0 * * * *" },
                Ready = new ReadyRule { When = ReadyWhen.Syscall },
            },
            FleetBench.Agent("web"));
        _kernel.Wait(3600);
        _kernel.Call(new FleetRestart { Fleet = "f", Rolling = true });
        _kernel.Obey();
        _kernel.Exit("report", code: 0);

        Assert.Equal((UnitState.Scheduled, UnitState.Stopping), (_kernel["report"].State, _kernel["web"].State));
    }

    [Fact]
    public void The_next_kernel_goes_on_where_this_one_was()
    {
        _kernel.Up(Three());
        AllReady();
        _kernel.Up(Three("new"));
        _kernel.Obey();
        _kernel.Crash();
        Assert.Equal(["w-2", "w-3"], Ready());

        SayReady("w-1");
        _kernel.Obey();
        SayReady("w-2");
        _kernel.Obey();
        SayReady("w-3");
        Assert.All(_kernel.Status().Units, unit => Assert.Equal((2L, 2L), (unit.Incarnation, unit.Revision)));
    }

    [Fact]
    public void A_second_change_on_the_way_reaches_all_of_them()
    {
        _kernel.Up(Three());
        AllReady();
        _kernel.Up(Three("new"));
        _kernel.Obey();
        _kernel.Up(Three("newer"));
        for (var step = 0; step < 8; step++)
        {
            _kernel.Obey();
            AllReady();
        }

        Assert.All(_kernel.Status().Units, unit => Assert.Equal(3, unit.Revision));
        Assert.Equal(["w-1", "w-2", "w-3"], Ready());
    }

    [Fact]
    public void Down_ends_it()
    {
        _kernel.Up(Three());
        AllReady();
        _kernel.Up(Three("new"));
        _kernel.Call(new FleetDown { Fleet = "f" });
        _kernel.Obey();
        _kernel.Obey();

        Assert.Empty(_kernel.Status().Units);
        Assert.Equal(0, _kernel.State.Processes.LivingCount);
    }

    private static FleetAgent Three(string digest = "old") => FleetBench.Agent("w") with
    {
        Replicas = 3,
        Digest = digest,
        Ready = new ReadyRule { When = ReadyWhen.Syscall },
    };

    private List<string> Ready() => [.. _kernel.Status().Units
        .Where(unit => unit.State is UnitState.Ready).Select(unit => unit.Name).Order()];

    private void AllReady()
    {
        foreach (var unit in _kernel.Status().Units.Where(unit => unit.State is UnitState.Running).ToArray())
        {
            SayReady(unit.Name);
        }
    }

    private void SayReady(string name) => _kernel.Call(new Ready(), _kernel.Process(name).Value);
}
