using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Syscalls;

/// <summary>The syscalls about secrets: the host's alone. Values pass by and are not looked at.</summary>
internal static class SecretSyscalls
{
    public static void Handle(SyscallContext call, Syscall request)
    {
        var (what, changes) = request switch
        {
            SecretSet set => ($"SECRET_SET {set.Name}", true),
            SecretRemove remove => ($"SECRET_REMOVE {remove.Name}", true),
            _ => ("SECRET_LIST", false),
        };
        if (!call.Caller.IsHost)
        {
            call.Deny(what, SysError.PermissionDenied(
                "secrets are the host's: an agent can neither see nor change them",
                "missing capability: secrets; have the owner name a secret in a network rule's headers"));
        }
        else if (changes && call.State.ShuttingDown)
        {
            call.Refuse(new SysError(SysErrorCode.ShuttingDown, "the kernel is stopping and keeps nothing more"));
        }
        else
        {
            call.Effects.Add(new PerformSecret(call.Call, request));
        }
    }

    public static void Changed(KernelState state, SecretChanged changed, List<Effect> effects)
    {
        effects.Add(new Answer(changed.Call, changed.Change is SecretChange.Removed
            ? new SecretRemoveReply(changed.Name)
            : new SecretSetReply(changed.Name, changed.Change is SecretChange.Replaced)));
        var happened = new EventView(EventTypes.SecretChanged, new DateTimeOffset(changed.At, TimeSpan.Zero))
        {
            What = $"{changed.Change.ToString().ToLowerInvariant()} {changed.Name}",
        };
        state.Calls.Publish(state, null, happened, effects);
    }
}
