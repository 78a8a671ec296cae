using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Syscalls;

/// <summary>SUBSCRIBE: from now on, until cancelled.</summary>
internal static class SubscribeSyscall
{
    public static void Handle(SyscallContext call, Subscribe request)
    {
        if (call.State.Calls.NoRoomToSubscribe(call.Caller) is { } full)
        {
            call.Refuse(full);
            return;
        }

        var types = request.Types is { Count: > 0 } asked ? asked.ToHashSet(StringComparer.Ordinal) : null;
        call.State.Calls.Subscribe(call.Call, new Subscriber(call.Caller, types));
    }
}
