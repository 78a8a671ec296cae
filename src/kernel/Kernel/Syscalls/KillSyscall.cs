using Analemma.Abi.Syscalls;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Syscalls;

/// <summary>
/// KILL: stops a process and answers when it has ended. A second KILL may shorten the grace of the first.
/// </summary>
internal static class KillSyscall
{
    public static void Handle(SyscallContext call, Kill request)
    {
        if (!call.TryTarget(request, deadToo: false, out var target))
        {
            return;
        }

        var state = call.State;
        if (state.Calls.NoRoomToWait(call.Caller) is { } full)
        {
            // The kill is durable, who waits is not: the one may not depend on the other.
            call.Refuse(full with { Message = $"process {target.Id} is being ended, but {full.Message}" });
        }
        else
        {
            state.Calls.Add(new WaitingCall(call.Call, call.Caller, target.Id, WaitingFor.ExitForKill));
        }

        var by = call.Caller.IsHost ? $"uid {call.Caller.Uid}" : $"process {call.Caller.Process}";
        ProcessStop.Stop(
            state,
            target,
            ExitCause.KilledByOperator,
            $"killed by {by}",
            request.GraceMs ?? state.Options.GraceMs,
            call.Effects);
    }
}
