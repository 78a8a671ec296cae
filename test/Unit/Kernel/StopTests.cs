using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Unit.Tests.Kernel;

public sealed class StopTests
{
    private readonly KernelBench _kernel = new();

    [Fact]
    public void A_kill_is_a_signal_then_a_grace_then_everything()
    {
        var id = _kernel.Run();
        _kernel.Call(new Kill { Id = id, GraceMs = 50 });
        Assert.Equal(15, _kernel.One<SendSignal>().Signal);
        Assert.Equal(_kernel.Now + (50 * TimeSpan.TicksPerMillisecond), _kernel.One<ArmTimer>().DueAt);

        _kernel.Apply(new GraceElapsed(id) { At = 0 });
        Assert.Equal(id, _kernel.One<KillAll>().Process);

        _kernel.Exit(id, null, 9, new Usage { OomKills = 0 });
        var reply = Assert.IsType<KillReply>(_kernel.One<Answer>().Reply);
        Assert.Equal(ExitCause.KilledByOperator, reply.Exit!.Cause);
    }

    [Fact]
    public void No_grace_kills_at_once_and_a_second_kill_can_shorten_the_first()
    {
        var id = _kernel.Run();
        _kernel.Call(new Kill { Id = id, GraceMs = 60_000 });
        Assert.Empty(_kernel.Effects.OfType<KillAll>());
        _kernel.Call(new Kill { Id = id, GraceMs = 0 });
        _kernel.One<KillAll>();
        _kernel.Exit(id, null, 9);
        Assert.Equal(2, _kernel.Effects.OfType<Answer>().Count());
    }

    [Fact]
    public void A_paused_process_is_thawed_to_hear_the_signal()
    {
        var id = _kernel.Run();
        _kernel.Call(new Pause { Id = id });
        _kernel.One<Freeze>();
        _kernel.Call(new Kill { Id = id });
        Assert.True(_kernel.Effects.ToList().FindIndex(effect => effect is Thaw)
            < _kernel.Effects.ToList().FindIndex(effect => effect is SendSignal));
        Assert.Single(_kernel.Effects.OfType<Thaw>());
    }

    [Fact]
    public void Our_own_kill_is_never_called_out_of_memory()
    {
        var id = _kernel.Run();
        _kernel.Call(new Kill { Id = id, GraceMs = 0 });
        _kernel.Exit(id, null, 9, new Usage { OomKills = 1 });
        Assert.Equal(ExitCause.KilledByOperator, Cause(id).Cause);
    }

    [Fact]
    public void An_inner_victim_of_memory_shows_although_the_agent_exited_by_itself()
    {
        var id = _kernel.Run();
        _kernel.Exit(id, 1, null, new Usage { OomKills = 1 });
        Assert.Equal(ExitCause.OomKilled, Cause(id).Cause);
    }

    [Fact]
    public void A_sample_with_a_memory_kill_ends_the_rest_of_the_agent()
    {
        var id = _kernel.Run();
        _kernel.Apply(new UsageSampled(id, new Usage { OomKills = 1 }) { At = 0 });
        _kernel.Apply(_kernel.One<Raise>().Event);
        _kernel.One<KillAll>();
        _kernel.Exit(id, null, 9, new Usage { OomKills = 1 });
        Assert.Equal(ExitCause.OomKilled, Cause(id).Cause);
    }

    [Theory]
    [InlineData(Limits.PidLimitHitsMax, false)]
    [InlineData(Limits.PidLimitHitsMax + 1, true)]
    public void A_fork_bomb_is_killed_and_a_mistake_is_not(long hits, bool killed)
    {
        var id = _kernel.Run();
        _kernel.Apply(new UsageSampled(id, new Usage { PidLimitHits = hits }) { At = 0 });
        Assert.Equal(killed, _kernel.Effects.OfType<Raise>().Any());
        if (killed)
        {
            _kernel.Apply(_kernel.One<Raise>().Event);
            _kernel.Exit(id, null, 9, new Usage { PidLimitHits = hits });
            Assert.Equal(ExitCause.PidLimit, Cause(id).Cause);
        }
    }

    [Fact]
    public void The_wall_clock_ends_a_process_with_cause_timeout()
    {
        var id = _kernel.Run(new Spawn { Argv = ["true"], Limits = new ResourceLimits { WallMs = 10 } });
        Assert.Equal(TimerKind.WallTime, _kernel.One<ArmTimer>().Timer.Kind);
        _kernel.Apply(new WallTimeElapsed(id) { At = 0 });
        _kernel.One<SendSignal>();
        _kernel.Exit(id, 0);
        Assert.Equal(ExitCause.Timeout, Cause(id).Cause);
    }

    [Fact]
    public void Children_end_with_their_parent()
    {
        var parent = _kernel.Run();
        var child = _kernel.Run(caller: parent.Value);
        var grandchild = _kernel.Run(caller: child.Value);
        _kernel.Exit(parent);
        Assert.Equal([child, grandchild], _kernel.Effects.OfType<KillAll>().Select(kill => kill.Process));
        _kernel.Exit(child, null, 9);
        _kernel.Exit(grandchild, null, 9);
        Assert.Equal(0, _kernel.State.Processes.LivingCount);
        Assert.Contains($"({child}) ended", Cause(grandchild).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_child_that_dies_of_its_parents_kill_first_is_known_to_have()
    {
        var parent = _kernel.Run();
        var child = _kernel.Run(caller: parent.Value);
        _kernel.Call(new Kill { Id = parent, GraceMs = 0 });
        _kernel.Exit(child, null, 9);
        Assert.Contains($"({parent}) ended", Cause(child).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_that_is_killed_while_it_starts_dies_as_soon_as_it_exists()
    {
        _kernel.Call(new Spawn { Argv = ["true"] });
        var id = _kernel.One<Launch>().Process;
        _kernel.Call(new Kill { Id = id, GraceMs = 0 });
        Assert.Empty(_kernel.Effects.OfType<KillAll>());
        _kernel.Apply(new SandboxStarted(id, "a1", 1, "none", "cold", []) { At = 0 });
        _kernel.One<KillAll>();
        _kernel.Exit(id, null, 9);
        Assert.IsType<KillReply>(_kernel.One<Answer>().Reply);
    }

    [Fact]
    public void A_shutdown_stops_everything_together_and_then_the_kernel()
    {
        var ids = Enumerable.Range(0, 5).Select(_ => _kernel.Run()).ToArray();
        _kernel.Call(new Shutdown());
        Assert.Equal(5, _kernel.Effects.OfType<SendSignal>().Count());
        Assert.Single(_kernel.Effects.OfType<ArmTimer>(), arm => arm.Timer.Kind is TimerKind.Shutdown);
        _kernel.Call(new Spawn { Argv = ["true"] });
        Assert.Equal(SysErrorCode.ShuttingDown, _kernel.Refusal().Code);
        foreach (var id in ids[..4])
        {
            _kernel.Exit(id);
            Assert.Empty(_kernel.Effects.OfType<StopKernel>());
        }

        _kernel.Exit(ids[4]);
        _kernel.One<StopKernel>();
        Assert.Equal(ExitCause.KernelShutdown, Cause(ids[4]).Cause);
    }

    [Fact]
    public void A_shutdown_does_not_wait_for_ever()
    {
        _kernel.Run();
        _kernel.Call(new Shutdown());
        _kernel.Apply(new ShutdownOverdue { At = 0 });
        _kernel.One<StopKernel>();
    }

    [Fact]
    public void An_agent_reaches_its_family_and_nobody_else()
    {
        var one = _kernel.Run();
        var child = _kernel.Run(caller: one.Value);
        var stranger = _kernel.Run();
        _kernel.Call(new Kill { Id = stranger }, one.Value);
        Assert.Equal(SysErrorCode.NoSuchProcess, _kernel.Refusal().Code);
        _kernel.Call(new Kill { Id = one }, child.Value);
        Assert.Equal(SysErrorCode.NoSuchProcess, _kernel.Refusal().Code);
        _kernel.Call(new List(), one.Value);
        var listed = Assert.IsType<ListReply>(_kernel.One<Answer>().Reply);
        Assert.Equal([one, child], listed.Processes.Select(process => process.Id));
        _kernel.Call(new Shutdown(), one.Value);
        Assert.Equal(SysErrorCode.PermissionDenied, _kernel.Refusal().Code);
        _kernel.Call(new Kill { Id = child, GraceMs = 0 }, one.Value);
        _kernel.One<KillAll>();
    }

    [Fact]
    public void The_oldest_dead_records_go_first()
    {
        var kernel = new KernelBench(new KernelOptions { DeadRecordsMax = 2 });
        var ids = Enumerable.Range(0, 3).Select(_ => kernel.Run()).ToArray();
        kernel.Exit(ids[1]);
        kernel.Exit(ids[0]);
        kernel.Exit(ids[2]);
        Assert.Equal(ids[1], kernel.One<Forget>().Process);
        kernel.Call(new Inspect { Id = ids[1] });
        Assert.Equal(SysErrorCode.NoSuchProcess, kernel.Refusal().Code);
    }

    private ExitStatus Cause(ProcessId id)
    {
        _kernel.Call(new Inspect { Id = id });
        return Assert.IsType<ProcessView>(_kernel.One<Answer>().Reply).Exit!;
    }
}
