using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;

namespace Analemma.Kernel.Syscalls;

/// <summary>WAIT: answers when a process has ended.</summary>
internal static class WaitSyscall
{
    public static void Handle(SyscallContext call, Wait request)
    {
        if (!call.TryTarget(request, deadToo: true, out var target))
        {
            return;
        }

        var state = call.State;
        if (!target.IsAlive)
        {
            call.Answer(target.View(state.Now));
            return;
        }

        if (state.Calls.NoRoomToWait(call.Caller) is { } full)
        {
            call.Refuse(full);
            return;
        }

        var timed = request.TimeoutMs is not null;
        state.Calls.Add(new WaitingCall(call.Call, call.Caller, target.Id, WaitingFor.ExitForWait, timed));
        if (request.TimeoutMs is { } timeout)
        {
            call.Effects.Add(new ArmTimer(
                new TimerName(TimerKind.Call, call.Call.Value), state.Now + (timeout * TimeSpan.TicksPerMillisecond)));
        }
    }
}
