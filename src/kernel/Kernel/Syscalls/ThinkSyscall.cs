using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Syscalls;

/// <summary>THINK: finds out who asks, and hands the call to the model scheduler.</summary>
internal static class ThinkSyscall
{
    public static void Handle(SyscallContext call, Think request)
    {
        var state = call.State;
        Process? caller = null;
        if (state.ShuttingDown)
        {
            call.Refuse(new SysError(SysErrorCode.ShuttingDown, "the kernel is stopping and asks no model any more"));
        }
        else if (!call.Caller.IsHost && (!state.Processes.TryGet(call.Caller.Process, out caller)
            || !caller.IsAlive || caller.StopCause is not null))
        {
            call.Refuse(new SysError(SysErrorCode.WrongState, "a process that is ending cannot think"));
        }
        else
        {
            ModelAdmission.Arrive(call, caller, request);
        }
    }
}
