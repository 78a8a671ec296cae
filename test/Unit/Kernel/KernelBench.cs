using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Unit.Tests.Kernel;

/// <summary>
/// A kernel on the bench: events in by hand, effects out to look at. The clock moves one tick an event.
/// </summary>
internal sealed class KernelBench
{
    private readonly List<Effect> _effects = [];
    private long _now;
    private long _call;

    public KernelBench(KernelOptions? options = null) =>
        Apply(new KernelStarted("test", "none", options ?? new KernelOptions()) { At = _now });

    public KernelState State { get; } = new();

    public IReadOnlyList<Effect> Effects => _effects;

    public long Now => _now;

    public long CallId => _call;

    public IReadOnlyList<Effect> Apply(KernelEvent @event)
    {
        _effects.Clear();
        State.Apply(@event with { At = ++_now }, _effects);
        return _effects;
    }

    /// <summary>Lets time pass before the next event.</summary>
    public void Wait(TimeSpan span) => _now += span.Ticks;

    /// <summary>Applies what was raised, as the next turn does, and adds its effects to the last event's.</summary>
    public IReadOnlyList<Effect> Settle()
    {
        List<Effect> all = [];
        for (var raised = _effects.OfType<Raise>().ToArray(); raised.Length > 0;)
        {
            all.AddRange(_effects.Where(effect => effect is not Raise));
            List<Effect> next = [];
            foreach (var raise in raised)
            {
                State.Apply(raise.Event with { At = ++_now }, next);
            }

            _effects.Clear();
            _effects.AddRange(next);
            raised = [.. next.OfType<Raise>()];
        }

        _effects.InsertRange(0, all);
        return _effects;
    }

    public IReadOnlyList<Effect> Call(Syscall syscall, long caller = 0) =>
        Apply(new SyscallArrived(new CallId(++_call), new Caller(new ProcessId(caller), 1000), syscall) { At = 0 });

    /// <summary>Spawns and starts a process; returns its id.</summary>
    public ProcessId Run(Spawn? spawn = null, long caller = 0)
    {
        Call(spawn ?? new Spawn { Argv = ["true"] }, caller);
        var id = One<Launch>().Process;
        Apply(new SandboxStarted(id, "a" + id, 4000 + (int)id.Value, "none", "cold", []) { At = 0 });
        return id;
    }

    public IReadOnlyList<Effect> Exit(ProcessId id, int? code = 0, int? signal = null, Usage? usage = null) =>
        Apply(new SandboxExited(id, code, signal, usage ?? new Usage()) { At = 0 });

    public T One<T>()
        where T : Effect => Assert.Single(_effects.OfType<T>());

    public SysError Refusal() => One<Refuse>().Error;
}
