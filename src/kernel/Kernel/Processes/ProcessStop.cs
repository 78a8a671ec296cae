using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Mailboxes;

namespace Analemma.Kernel.Processes;

/// <summary>
/// Ends processes: SIGTERM, a grace, then everything inside. The reason is in the state, and so in the journal, before
/// any signal leaves; that is how our own kills are told from the host's.
/// </summary>
internal static class ProcessStop
{
    private const int SigTerm = 15;

    public static void Stop(
        KernelState state, Process process, ExitCause cause, string detail, long graceMs, List<Effect> effects)
    {
        var wasPaused = process.State is ProcessState.Paused;
        process.Take(ProcessEvent.StopRequested);
        process.StopCause ??= cause;
        process.StopDetail ??= detail;
        (process.DrainGraceMs, process.DrainUntil) = (null, null);
        if (process.KillSent || process.StartedAt is null)
        {
            return;
        }

        if (graceMs == 0)
        {
            KillNow(state, process, effects);
            return;
        }

        if (wasPaused)
        {
            effects.Add(new Thaw(process.Id));
        }

        effects.Add(new SendSignal(process.Id, SigTerm));
        effects.Add(new ArmTimer(
            new TimerName(TimerKind.Grace, process.Id.Value), state.Now + (graceMs * TimeSpan.TicksPerMillisecond)));
    }

    /// <summary>
    /// Tells a process that it is to end, and lets it finish what it has in hand: SIGTERM comes when that takes long.
    /// </summary>
    public static void Drain(
        KernelState state, Process process, string detail, (long DrainMs, long GraceMs) times, List<Effect> effects)
    {
        if (times.DrainMs == 0 || process.KillSent || process.StartedAt is null)
        {
            Stop(state, process, ExitCause.StoppedBySupervisor, detail, times.GraceMs, effects);
            return;
        }

        if (process.State is ProcessState.Paused)
        {
            effects.Add(new Thaw(process.Id));
        }

        process.Take(ProcessEvent.StopRequested);
        process.StopCause ??= ExitCause.StoppedBySupervisor;
        process.StopDetail ??= detail;
        process.IsFinishing = true;
        process.DrainGraceMs = times.GraceMs;
        process.DrainUntil = state.Now + (times.DrainMs * TimeSpan.TicksPerMillisecond);
        effects.Add(new ArmTimer(new TimerName(TimerKind.Grace, process.Id.Value), process.DrainUntil.Value));
        var happened = Happening.Of(process, EventTypes.Draining, state.Now) with
        {
            Reason = detail,
            Count = times.DrainMs,
        };
        state.Calls.Publish(state, process, happened, effects);
        MailDrain.Begin(state, process.Id, effects);
    }

    /// <summary>
    /// A kernel has taken over a process that was being stopped: one that finishes goes on until its time is over, any
    /// other has been told to end long ago.
    /// </summary>
    public static void Adopted(Process process, List<Effect> effects)
    {
        if (process is { KillSent: false, DrainUntil: { } until })
        {
            effects.Add(new Thaw(process.Id));
            effects.Add(new ArmTimer(new TimerName(TimerKind.Grace, process.Id.Value), until));
        }
        else
        {
            process.KillSent = true;
            effects.Add(new KillAll(process.Id));
        }
    }

    public static void GraceElapsed(KernelState state, ProcessId id, List<Effect> effects)
    {
        if (!IsAlive(state, id, out var process) || process.State is not ProcessState.Stopping || process.KillSent)
        {
            return;
        }

        if (process.DrainGraceMs is { } graceMs)
        {
            Stop(state, process, ExitCause.StoppedBySupervisor, "took too long to finish", graceMs, effects);
        }
        else
        {
            KillNow(state, process, effects);
        }
    }

    public static void WallTimeElapsed(KernelState state, ProcessId id, List<Effect> effects)
    {
        if (IsAlive(state, id, out var process) && process.StopCause is null)
        {
            var detail = $"ran for its {process.Plan.Limits.WallMs} ms of wall-clock time";
            Stop(state, process, ExitCause.Timeout, detail, state.Options.GraceMs, effects);
        }
    }

    public static void Overstepped(KernelState state, LimitOverstepped overstepped, List<Effect> effects)
    {
        if (!IsAlive(state, overstepped.Process, out var process) || process.StopCause is not null)
        {
            return;
        }

        var (cause, detail) = overstepped.What switch
        {
            Overstep.Memory => (ExitCause.OomKilled, ProcessExit.OutOfMemory(process)),
            Overstep.Pids => (ExitCause.PidLimit,
                $"kept forking at its limit of {process.Plan.Limits.Pids} processes ({overstepped.Count} refused)"),
            _ => throw new KernelPanicException($"no cause for {overstepped.What}"),
        };
        var happened = Happening.Of(process, EventTypes.LimitReached, overstepped.At) with
        {
            Kind = overstepped.What is Overstep.Memory ? "memory" : "pids",
            Reason = detail,
            Count = overstepped.Count,
        };
        state.Calls.Publish(state, process, happened, effects);
        Stop(state, process, cause, detail, graceMs: 0, effects);
    }

    // Descendants live inside the same limits and die in the same instant: their reason must be recorded before.
    private static void KillNow(KernelState state, Process process, List<Effect> effects)
    {
        process.KillSent = true;
        effects.Add(new KillAll(process.Id));
        foreach (var child in state.Processes.LivingChildren(process.Id).ToArray())
        {
            StopOrphan(state, child, process, effects);
        }
    }

    /// <summary>Ends a child whose parent ends.</summary>
    public static void StopOrphan(KernelState state, Process child, Process parent, List<Effect> effects)
    {
        var cause = parent.StopCause is ExitCause.KernelShutdown
            ? ExitCause.KernelShutdown
            : ExitCause.KilledByOperator;
        Stop(state, child, cause, $"its parent {parent.Name} ({parent.Id}) ended", graceMs: 0, effects);
    }

    private static bool IsAlive(KernelState state, ProcessId id, out Process process) =>
        state.Processes.TryGet(id, out process!) && process.IsAlive;
}
