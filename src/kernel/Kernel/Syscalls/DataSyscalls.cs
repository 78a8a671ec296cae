using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;

namespace Analemma.Kernel.Syscalls;

/// <summary>
/// EXEC, READ, WRITE, FILES and LOGS: the kernel settles who is meant and whether the caller may; the bytes flow past
/// it, between connection and runner.
/// </summary>
internal static class DataSyscalls
{
    public static void Handle(SyscallContext call, TargetedSyscall request)
    {
        var deadToo = request is Read or Files or Abi.Syscalls.Logs;
        if (!call.TryTarget(request, deadToo, out var target))
        {
            return;
        }

        if (target.Key is null)
        {
            call.Refuse(new SysError(SysErrorCode.WrongState, $"process {target.Id} has not started"));
            return;
        }

        if (request is Exec && target.State is ProcessState.Paused)
        {
            call.Refuse(new SysError(
                SysErrorCode.WrongState, $"process {target.Id} is paused", "resume it first"));
            return;
        }

        call.Effects.Add(new Perform(call.Call, target.Id, request));
    }
}
