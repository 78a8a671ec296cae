using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Models;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Syscalls;

/// <summary>PAUSE and RESUME.</summary>
internal static class PauseSyscall
{
    public static void Handle(SyscallContext call, Pause request)
    {
        if (!call.TryTarget(request, deadToo: false, out var target))
        {
            return;
        }

        if (target.Missing.Contains(GuaranteeNames.Freezer))
        {
            call.Refuse(new SysError(
                SysErrorCode.NotEnforceable, "this host has no freezer to pause with", "see `analemma doctor`"));
            return;
        }

        if (Turn(call, target, ProcessEvent.PauseRequested, "running"))
        {
            call.Effects.Add(new Freeze(target.Id));
            Tell(call, target, EventTypes.Paused);
        }
    }

    public static void Handle(SyscallContext call, Resume request)
    {
        if (call.TryTarget(request, deadToo: false, out var target)
            && Turn(call, target, ProcessEvent.ResumeRequested, "paused"))
        {
            call.Effects.Add(new Thaw(target.Id));
            Tell(call, target, EventTypes.Resumed);
            ModelAdmission.Resumed(call.State, target.Id, call.Effects);
        }
    }

    private static bool Turn(SyscallContext call, Process target, ProcessEvent @event, string needed)
    {
        if (!target.Can(@event))
        {
            var state = target.State.ToString().ToLowerInvariant();
            call.Refuse(new SysError(
                SysErrorCode.WrongState, $"process {target.Id} is {state}; it must be {needed}"));
            return false;
        }

        target.Take(@event);
        return true;
    }

    private static void Tell(SyscallContext call, Process target, string happened)
    {
        call.Answer(new PauseReply(target.Id, target.State));
        call.State.Calls.Publish(
            call.State, target, Happening.Of(target, happened, call.State.Now), call.Effects);
    }
}
