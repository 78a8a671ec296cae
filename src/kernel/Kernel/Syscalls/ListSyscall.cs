using Analemma.Abi.Syscalls;
using Analemma.Kernel.Policy;

namespace Analemma.Kernel.Syscalls;

/// <summary>LIST and INSPECT.</summary>
internal static class ListSyscall
{
    public static void Handle(SyscallContext call, List request)
    {
        var (state, caller) = (call.State, call.Caller);
        var processes = request.All ? state.Processes.All : state.Processes.Living;
        if (!caller.IsHost)
        {
            processes = processes.Where(
                process => Rights.Reaches(state, caller.Process, Capability.Read, process));
        }

        call.Answer(new ListReply(processes.Select(process => process.View(state.Now)).ToArray()));
    }

    public static void Handle(SyscallContext call, Inspect request)
    {
        if (call.TryTarget(request, deadToo: true, out var target))
        {
            call.Answer(target.View(call.State.Now));
        }
    }
}
