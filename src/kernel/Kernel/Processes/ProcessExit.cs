using Analemma.Abi.Syscalls;
using Analemma.Kernel.Conversations;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Mailboxes;
using Analemma.Kernel.Models;
using Analemma.Kernel.Supervision;
using Analemma.Kernel.Syscalls;
using Analemma.Kernel.Tools;

namespace Analemma.Kernel.Processes;

/// <summary>
/// What happens when a process has ended: its cause is found, its waiters are told, its children follow.
/// </summary>
internal static class ProcessExit
{
    public static void Exited(KernelState state, SandboxExited exited, List<Effect> effects)
    {
        var process = state.Require(exited.Process);
        process.Take(ProcessEvent.Died);
        process.FinalUsage = exited.Usage;
        Bury(state, process, Cause(process, exited), exited.At, effects);
    }

    public static void Bury(
        KernelState state, Process process, ExitStatus exit, long at, List<Effect> effects)
    {
        process.Exit = exit;
        process.ExitedAt = at;
        process.FinalUsage ??= new Usage();
        state.Processes.Bury(process);
        state.Tally.Ended(exit.Cause, process.FinalUsage.OomKills);
        effects.Add(new DisarmTimer(new TimerName(TimerKind.Grace, process.Id.Value)));
        effects.Add(new DisarmTimer(new TimerName(TimerKind.WallTime, process.Id.Value)));
        AnswerWaiters(state, process, effects);
        ModelCancel.ProcessEnded(state, process, effects);
        Budgets.Leasing.Close(state, process.Id);
        ToolEnd.ProcessEnded(state, process, effects);
        MailEnds.ProcessEnded(state, process, effects);
        state.Polls.ProcessEnded(process.Id);
        PipeSyscalls.ProcessEnded(state, process.Id, effects);
        var happened = Happening.Of(process, EventTypes.Exited, at) with { Exit = exit };
        state.Calls.Publish(state, process, happened, effects);
        EndChildren(state, process, effects);
        UnitEnd.Ended(state, process, effects);
        while (state.Processes.DeadCount > state.Options.DeadRecordsMax)
        {
            var forgotten = state.Processes.ForgetOldest();
            effects.Add(new Forget(forgotten.Id, forgotten.Key));
            ConversationChanges.Forget(state, forgotten.Id, effects);
            Values.ValueChanges.Forget(state, forgotten, effects);
        }

        if (state.ShuttingDown && state.Processes.LivingCount == 0)
        {
            effects.Add(new StopKernel());
        }
    }

    public static string OutOfMemory(Process process) =>
        $"went over its memory limit of {process.Plan.Limits.MemoryBytes} bytes";

    // The kernel's own reason comes first, since it was recorded before any signal left; then the host's counters; the
    // wait status, which an inner victim never shows, only last.
    private static ExitStatus Cause(Process process, SandboxExited exited)
    {
        if (process.StopCause is { } cause)
        {
            return new ExitStatus(cause) { Code = exited.Code, Signal = exited.Signal, Detail = process.StopDetail };
        }

        if (exited.Usage.OomKills > 0)
        {
            return new ExitStatus(ExitCause.OomKilled)
            {
                Code = exited.Code,
                Signal = exited.Signal,
                Detail = OutOfMemory(process),
            };
        }

        var detail = exited.Usage.PidLimitHits > 0
            ? $"its process limit of {process.Plan.Limits.Pids} refused {exited.Usage.PidLimitHits} forks"
            : null;
        return exited.Signal is { } signal
            ? new ExitStatus(ExitCause.Signalled) { Signal = signal, Detail = detail }
            : new ExitStatus(ExitCause.Exited) { Code = exited.Code, Detail = detail };
    }

    private static void AnswerWaiters(KernelState state, Process process, List<Effect> effects)
    {
        foreach (var call in state.Calls.TakeAll(process.Id, WaitingFor.ExitForWait))
        {
            if (call.HasTimer)
            {
                effects.Add(new DisarmTimer(new TimerName(TimerKind.Call, call.Call.Value)));
            }

            effects.Add(new Answer(call.Call, process.View(state.Now)));
        }

        foreach (var call in state.Calls.TakeAll(process.Id, WaitingFor.ExitForKill))
        {
            effects.Add(new Answer(call.Call, new KillReply(true, process.Id) { Exit = process.Exit }));
        }
    }

    // Children live inside their parent's limits, and end with it.
    private static void EndChildren(KernelState state, Process parent, List<Effect> effects)
    {
        foreach (var child in state.Processes.LivingChildren(parent.Id).ToArray())
        {
            ProcessStop.StopOrphan(state, child, parent, effects);
        }
    }
}
