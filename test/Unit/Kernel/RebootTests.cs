using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Unit.Tests.Kernel;

/// <summary>What the simulator found first, each as a short story.</summary>
public sealed class RebootTests
{
    private static readonly ProcessId One = new(1);
    private readonly KernelState _state = new();

    [Fact]
    public void Calls_of_an_earlier_start_are_never_answered_by_the_next()
    {
        Start();
        Apply(Host(1, new Spawn { Argv = ["x"] }));

        Start();
        var effects = Apply(new LeftoverReaped(One, "gone") { At = 5 });

        Assert.Equal(0, _state.Calls.Count);
        Assert.DoesNotContain(effects, effect => effect is Refuse or Answer);
    }

    [Fact]
    public void A_paused_process_that_is_adopted_is_frozen_again()
    {
        Start();
        Apply(Host(1, new Spawn { Argv = ["x"] }));
        Apply(new SandboxStarted(One, "s1", 10, "e", "cold", []) { At = 2 });
        Apply(Host(2, new Pause { Id = One }));

        Start();

        Assert.Contains(new Freeze(One), Apply(new LeftoverAdopted(One, 10) { At = 5 }));
    }

    [Fact]
    public void A_resumed_process_that_is_adopted_is_thawed_again()
    {
        Start();
        Apply(Host(1, new Spawn { Argv = ["x"] }));
        Apply(new SandboxStarted(One, "s1", 10, "e", "cold", []) { At = 2 });
        Apply(Host(2, new Pause { Id = One }));
        Apply(Host(3, new Resume { Id = One }));

        Start();

        Assert.Contains(new Thaw(One), Apply(new LeftoverAdopted(One, 10) { At = 5 }));
    }

    [Fact]
    public void A_spawn_from_an_agent_whose_record_is_forgotten_is_refused()
    {
        Start();

        var spawn = new SyscallArrived(new CallId(1), new Caller(new ProcessId(77), 0), new Spawn { Argv = ["x"] })
        {
            At = 2,
        };

        Assert.Equal(SysErrorCode.WrongState, Assert.IsType<Refuse>(Assert.Single(Apply(spawn))).Error.Code);
    }

    [Fact]
    public void A_burst_of_denials_stays_within_the_bound_on_audit_records()
    {
        Start();
        Apply(Host(1, new Spawn { Argv = ["x"] }));
        var raised = Enumerable.Range(0, 2_000)
            .SelectMany(_ => Apply(new DenialReported(One, "k", "w", "r", 1) { At = 3 }))
            .OfType<Raise>().ToList();

        Assert.Equal(Limits.AuditRecordsPerProcessMax, raised.Count);
    }

    private static SyscallArrived Host(long call, Syscall syscall) =>
        new(new CallId(call), new Caller(ProcessId.None, 0), syscall) { At = 1 };

    private void Start() => Apply(new KernelStarted("0", "e", new KernelOptions()) { At = 1 });

    private List<Effect> Apply(KernelEvent @event)
    {
        List<Effect> effects = [];
        _state.Apply(@event, effects);
        return effects;
    }
}
