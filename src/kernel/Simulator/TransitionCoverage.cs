using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;

namespace Analemma.Simulator;

/// <summary>Which rows of the lifecycle table were taken, read off from the states around each durable event.</summary>
public sealed class TransitionCoverage
{
    private readonly Dictionary<ProcessId, ProcessState> _before = [];
    private readonly SortedDictionary<(ProcessState State, ProcessEvent Event), long> _taken = [];

    public static IEnumerable<(ProcessState State, ProcessEvent Event)> Listed =>
        from state in Enum.GetValues<ProcessState>()
        from @event in Enum.GetValues<ProcessEvent>()
        where Lifecycle.Allows(state, @event)
        select (state, @event);

    public IReadOnlyDictionary<(ProcessState State, ProcessEvent Event), long> Taken => _taken;

    public IEnumerable<(ProcessState State, ProcessEvent Event)> NeverTaken =>
        Listed.Where(pair => !_taken.ContainsKey(pair));

    public void Add(TransitionCoverage other)
    {
        foreach (var (pair, count) in other._taken)
        {
            _taken[pair] = _taken.GetValueOrDefault(pair) + count;
        }
    }

    internal void Before(KernelState state)
    {
        _before.Clear();
        foreach (var process in state.Processes.Living)
        {
            _before.Add(process.Id, process.State);
        }
    }

    internal void After(KernelState state, KernelEvent @event, List<Effect> effects)
    {
        switch (@event)
        {
            case SandboxStarted started:
                Take(started.Process, ProcessEvent.Started);
                break;
            case SandboxStartFailed failed:
                Take(failed.Process, ProcessEvent.StartFailed);
                break;
            case SandboxExited exited:
                Take(exited.Process, ProcessEvent.Died);
                break;
            case LeftoverReaped reaped when state.Processes.TryGet(reaped.Process, out var process):
                Take(reaped.Process, process.StartedAt is null ? ProcessEvent.StartFailed : ProcessEvent.Died);
                break;
            case SyscallArrived { Syscall: Pause } when effects.OfType<Freeze>().FirstOrDefault() is { } freeze:
                Take(freeze.Process, ProcessEvent.PauseRequested);
                break;
            case WatchdogBarked when effects.OfType<Freeze>().FirstOrDefault() is { } freeze:
                Take(freeze.Process, ProcessEvent.PauseRequested);
                break;
            case AgentHalted when effects.OfType<Freeze>().FirstOrDefault() is { } freeze:
                Take(freeze.Process, ProcessEvent.PauseRequested);
                break;
            case SyscallArrived { Syscall: Resume } when effects.OfType<Thaw>().FirstOrDefault() is { } thaw:
                Take(thaw.Process, ProcessEvent.ResumeRequested);
                break;
            case SyscallArrived { Syscall: Kill kill } when !effects.OfType<Refuse>().Any():
                TakeStop(state, kill.Id ?? (kill.Name is null ? null : Named(state, kill.Name)));
                break;
        }

        foreach (var (id, before) in _before)
        {
            if (before is not ProcessState.Stopping
                && state.Processes.TryGet(id, out var process) && process.State is ProcessState.Stopping)
            {
                Take(id, ProcessEvent.StopRequested);
            }
        }
    }

    private static ProcessId? Named(KernelState state, string name) =>
        state.Processes.TryFind(name, out var process) ? process.Id : null;

    /// <summary>A second stop changes no state, so it shows only in the request.</summary>
    private void TakeStop(KernelState state, ProcessId? id)
    {
        if (id is { } target && _before.GetValueOrDefault(target) is ProcessState.Stopping
            && state.Processes.TryGet(target, out _))
        {
            Take(target, ProcessEvent.StopRequested);
        }
    }

    private void Take(ProcessId id, ProcessEvent @event)
    {
        if (_before.TryGetValue(id, out var state))
        {
            _taken[(state, @event)] = _taken.GetValueOrDefault((state, @event)) + 1;
        }
    }
}
