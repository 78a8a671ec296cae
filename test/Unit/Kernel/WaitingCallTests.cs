using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;
using Analemma.Kernel.Policy;

namespace Analemma.Unit.Tests.Kernel;

/// <summary>How many calls may wait, whose they may be, and that nothing durable depends on it.</summary>
public sealed class WaitingCallTests
{
    private readonly KernelBench _kernel = new();
    private long _call;

    [Fact]
    public void An_agent_cannot_keep_the_hosts_clients_from_waiting()
    {
        var agent = _kernel.Run();
        for (var i = 0; i < Limits.WaitingCallsPerAgentMax; i++)
        {
            Assert.Empty(_kernel.Call(new Wait(), agent.Value));
        }

        _kernel.Call(new Wait(), agent.Value);
        Assert.Equal(SysErrorCode.TryAgain, _kernel.Refusal().Code);
        Assert.Contains("for this agent", _kernel.Refusal().Message, StringComparison.Ordinal);
        Assert.Empty(_kernel.Call(new Wait { Id = agent }));
    }

    [Fact]
    public void All_agents_together_leave_half_to_the_host()
    {
        var left = Limits.WaitingCallsOfAgentsMax;
        while (left > 0)
        {
            var agent = _kernel.Run();
            for (var i = 0; i < Limits.WaitingCallsPerAgentMax && left > 0; i++, left--)
            {
                Assert.Empty(_kernel.Call(new Wait(), agent.Value));
            }
        }

        var late = _kernel.Run();
        _kernel.Call(new Wait(), late.Value);
        Assert.Contains("for agents", _kernel.Refusal().Message, StringComparison.Ordinal);
        for (var i = Limits.WaitingCallsOfAgentsMax; i < Limits.WaitingCallsMax; i++)
        {
            Assert.Empty(_kernel.Call(new Wait { Id = late }));
        }

        _kernel.Call(new Wait { Id = late });
        Assert.Equal(SysErrorCode.TryAgain, _kernel.Refusal().Code);
    }

    [Fact]
    public void A_kill_beyond_the_bound_is_carried_out_and_only_not_told()
    {
        var target = _kernel.Run();
        FillTheHostsRoom(target);

        _kernel.Call(new Kill { Id = target, GraceMs = 0 });

        _kernel.One<KillAll>();
        Assert.Equal(SysErrorCode.TryAgain, _kernel.Refusal().Code);
        Assert.Contains($"process {target} is being ended", _kernel.Refusal().Message, StringComparison.Ordinal);
        _kernel.Exit(target, null, 9);
        Assert.Equal(Limits.WaitingCallsMax, _kernel.Effects.OfType<Answer>().Count());
    }

    /// <summary>A recovered kernel folds a KILL and a SPAWN with nobody waiting, and must come to the same.</summary>
    [Fact]
    public void What_is_durable_does_not_depend_on_who_waits()
    {
        var process = new ProcessId(1);
        KernelEvent[] before =
        [
            new KernelStarted("test", "none", new KernelOptions()) { At = 1 },
            Arrived(new Spawn { Argv = ["true"] }),
            new SandboxStarted(process, "a1", 4000, "none", "cold", []) { At = 2 },
        ];
        KernelEvent[] after = [Arrived(new Kill { Id = process }), Arrived(new Spawn { Argv = ["true"] })];
        var waits = Enumerable.Range(0, Limits.WaitingCallsMax).Select(_ => Arrived(new Wait { Id = process }));

        var alone = Fold([.. before, .. after]);
        var crowded = Fold([.. before, .. waits, .. after]);

        Assert.Equal(Limits.WaitingCallsMax, crowded.Calls.WaitingForEnds);
        Assert.Equal(StateCheckpoint.Write(alone), StateCheckpoint.Write(crowded));
    }

    [Fact]
    public void A_call_that_is_taken_back_or_answered_gives_its_place_back()
    {
        var agent = _kernel.Run();
        for (var i = 0; i < Limits.WaitingCallsPerAgentMax; i++)
        {
            _kernel.Call(new Wait(), agent.Value);
        }

        _kernel.Apply(new CallCancelled(new CallId(_kernel.CallId)) { At = 0 });
        Assert.Empty(_kernel.Call(new Wait(), agent.Value));
        _kernel.Exit(agent);
        Assert.Equal(0, _kernel.State.Calls.WaitingForEnds);
    }

    [Fact]
    public void A_subscription_to_what_never_happens_is_refused()
    {
        Assert.Null(SyscallRules.Check(new Subscribe { Types = EventTypes.All }));
        var error = SyscallRules.Check(new Subscribe { Types = ["exited", "denid"] })!;
        Assert.Equal(SysErrorCode.InvalidArgument, error.Code);
        Assert.Contains("no event \"denid\"; there are spawned, started", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_agent_cannot_use_up_the_subscriptions()
    {
        var agent = _kernel.Run();
        for (var i = 0; i < Limits.SubscribersPerAgentMax; i++)
        {
            Assert.Empty(_kernel.Call(new Subscribe(), agent.Value));
        }

        _kernel.Call(new Subscribe(), agent.Value);
        Assert.Equal(SysErrorCode.TryAgain, _kernel.Refusal().Code);
        Assert.Empty(_kernel.Call(new Subscribe()));
        _kernel.Apply(new CallCancelled(new CallId(Limits.SubscribersPerAgentMax)) { At = 0 });
        Assert.Empty(_kernel.Call(new Subscribe(), agent.Value));
    }

    private SyscallArrived Arrived(Syscall syscall) =>
        new(new CallId(++_call), new Caller(ProcessId.None, 1000), syscall) { At = 3 };

    private static KernelState Fold(KernelEvent[] events)
    {
        var state = new KernelState();
        foreach (var @event in events)
        {
            state.Apply(@event, []);
        }

        return state;
    }

    private void FillTheHostsRoom(ProcessId target)
    {
        while (_kernel.State.Calls.WaitingForEnds < Limits.WaitingCallsMax)
        {
            _kernel.Call(new Wait { Id = target });
        }
    }
}
