using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Models;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Tools;

namespace Analemma.Kernel.Syscalls;

/// <summary>SHUTDOWN: ends every process, all at once, then the kernel.</summary>
internal static class ShutdownSyscall
{
    public static void Handle(SyscallContext call, Shutdown request)
    {
        if (!call.Caller.IsHost)
        {
            call.Deny("SHUTDOWN", SysError.PermissionDenied(
                "an agent cannot stop the kernel", "missing capability: shutdown"));
            return;
        }

        var state = call.State;
        call.Answer(new ShutdownReply(state.Processes.LivingCount));
        var graceMs = state.ShuttingDown ? 0 : request.GraceMs ?? state.Options.GraceMs;
        state.ShuttingDown = true;
        ModelCancel.ShuttingDown(state, call.Effects);
        Leasing.CloseAll(state);
        ToolEnd.ShuttingDown(state, call.Effects);
        foreach (var process in state.Processes.Living.ToArray())
        {
            ProcessStop.Stop(
                state, process, ExitCause.KernelShutdown, "the kernel was asked to stop", graceMs, call.Effects);
        }

        if (state.Processes.LivingCount == 0)
        {
            call.Effects.Add(new StopKernel());
            return;
        }

        var dueAt = state.Now + ((graceMs + Limits.ShutdownSlackMs) * TimeSpan.TicksPerMillisecond);
        call.Effects.Add(new ArmTimer(new TimerName(TimerKind.Shutdown, 0), dueAt));
    }
}
