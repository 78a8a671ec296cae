using Analemma.Abi.Syscalls;
using static Analemma.Abi.Syscalls.ProcessState;
using static Analemma.Kernel.Processes.ProcessEvent;

namespace Analemma.Kernel.Processes;

/// <summary>What can happen to a process.</summary>
public enum ProcessEvent
{
    Started,
    StartFailed,
    PauseRequested,
    ResumeRequested,
    StopRequested,
    Died,
}

/// <summary>
/// The life of a process, as one table. Requests that the table does not list are refused before they come here; any
/// other pair is a kernel bug.
/// </summary>
public static class Lifecycle
{
    public static ProcessState Next(ProcessState state, ProcessEvent @event) =>
        Lists(state, @event, out var next)
            ? next
            : throw new KernelPanicException($"a process cannot take {@event} while {state}");

    public static bool Allows(ProcessState state, ProcessEvent @event) => Lists(state, @event, out _);

    private static bool Lists(ProcessState state, ProcessEvent @event, out ProcessState next)
    {
        ProcessState? found = (state, @event) switch
        {
            (Starting, Started) => Running,
            (Starting, StartFailed) => ProcessState.Exited,
            (Starting, StopRequested) => Stopping,
            (Running, PauseRequested) => Paused,
            (Running, StartFailed) => ProcessState.Exited,
            (Running, StopRequested) => Stopping,
            (Running, Died) => ProcessState.Exited,
            (Paused, ResumeRequested) => Running,
            (Paused, StartFailed) => ProcessState.Exited,
            (Paused, StopRequested) => Stopping,
            (Paused, Died) => ProcessState.Exited,
            (Stopping, Started) => Stopping,
            (Stopping, StartFailed) => ProcessState.Exited,
            (Stopping, StopRequested) => Stopping,
            (Stopping, Died) => ProcessState.Exited,
            _ => null,
        };
        next = found ?? state;
        return found is not null;
    }
}
