using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;

namespace Analemma.Kernel.Syscalls;

/// <summary>ENDPOINT: only the host hands out tokens, and none for the dead.</summary>
internal static class EndpointSyscall
{
    public static void Handle(SyscallContext call, Endpoint request)
    {
        if (!call.Caller.IsHost)
        {
            call.Deny("ENDPOINT", SysError.PermissionDenied(
                "the host's endpoint is the host's", "an agent has one of its own: the variable ANALEMMA_URL"));
        }
        else if (call.State.ShuttingDown)
        {
            call.Refuse(new SysError(SysErrorCode.ShuttingDown, "the kernel is stopping"));
        }
        else if (request.Id is null && request.Name is null)
        {
            call.Effects.Add(new OpenEndpoint(call.Call, ProcessId.None));
        }
        else if (call.TryTarget(request, deadToo: false, out var target))
        {
            call.Effects.Add(new OpenEndpoint(call.Call, target.Id));
        }
    }
}
