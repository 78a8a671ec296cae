using System.Diagnostics.CodeAnalysis;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Policy;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Syscalls;

/// <summary>One syscall being handled: the state, who asks, and where its effects go.</summary>
internal readonly record struct SyscallContext(
    KernelState State, CallId Call, Caller Caller, List<Effect> Effects)
{
    public void Answer(Reply reply) => Effects.Add(new Answer(Call, reply));

    public void Refuse(SysError error) => Effects.Add(new Refuse(Call, error));

    /// <summary>Refuses for want of a right, and leaves an audit record when an agent asked.</summary>
    public void Deny(string what, SysError error)
    {
        Refuse(error);
        if (!Caller.IsHost)
        {
            Effects.Add(new Raise(new DenialReported(Caller.Process, "syscall", what, error.Message, 1)
            {
                At = State.Now,
            }));
        }
    }

    private static Capability RightFor(TargetedSyscall syscall) => syscall switch
    {
        Kill or Pause or Resume or SetPerms or Watch => Capability.Kill,
        Exec or Write => Capability.Exec,
        _ => Capability.Read,
    };

    /// <summary>
    /// The process that the call is about: named by id or name, or the caller itself. An agent reaches itself and those
    /// that its permissions name, by default its descendants, and is told of all that it may not see that they do not
    /// exist. Refuses by itself when there is none.
    /// </summary>
    public bool TryTarget(TargetedSyscall syscall, bool deadToo, [NotNullWhen(true)] out Process? target)
    {
        target = null;
        if (syscall.Id is null && syscall.Name is null && Caller.IsHost)
        {
            Refuse(SysError.InvalidArgument(
                $"{syscall.Number} needs a process: give id or name", "list them with LIST"));
            return false;
        }

        var found = syscall.Id is { } id ? State.Processes.TryGet(id, out target)
            : syscall.Name is { } name ? State.Processes.TryFind(name, out target)
            : State.Processes.TryGet(Caller.Process, out target);
        var what = syscall.Id?.ToString() ?? syscall.Name ?? Caller.Process.ToString();
        var right = RightFor(syscall);
        if (!found || (!Caller.IsHost && !Rights.Reaches(State, Caller.Process, right, target!)))
        {
            var error = found && Rights.Reaches(State, Caller.Process, Capability.Read, target!)
                ? Rights.Missing(right, target!.Name, $"this agent may not {syscall.Number} process {what}")
                : SysError.NoSuchProcess(what);
            if (found)
            {
                Deny($"{syscall.Number} of process {what}", error);
            }
            else
            {
                Refuse(error);
            }

            return false;
        }

        if (!target!.IsAlive && !deadToo)
        {
            Refuse(new SysError(
                SysErrorCode.NoSuchProcess, $"process {what} has ended", "see its record with `analemma inspect`"));
            return false;
        }

        return true;
    }
}
