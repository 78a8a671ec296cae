using Analemma.Abi;
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

        if (state.Calls.Count >= Limits.WaitingCallsMax)
        {
            call.Refuse(new SysError(
                SysErrorCode.TryAgain, $"{Limits.WaitingCallsMax} calls wait already", "wait on fewer at once"));
            return;
        }

        var timed = request.TimeoutMs is not null;
        state.Calls.Add(new WaitingCall(call.Call, target.Id, WaitingFor.ExitForWait, timed));
        if (request.TimeoutMs is { } timeout)
        {
            call.Effects.Add(new ArmTimer(
                new TimerName(TimerKind.Call, call.Call.Value), state.Now + (timeout * TimeSpan.TicksPerMillisecond)));
        }
    }
}
