using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;

namespace Analemma.Kernel.Syscalls;

/// <summary>AUDIT: whose records the caller may see; the daemon reads them.</summary>
internal static class AuditSyscall
{
    private const int MaxDefault = 100;

    public static void Handle(SyscallContext call, Audit request)
    {
        ProcessId? process = null;
        if (call.Caller.IsHost && request.Name is null)
        {
            // Also of those whose own record is not kept any more.
            process = request.Id;
        }
        else if (call.TryTarget(request, deadToo: true, out var target))
        {
            process = target.Id;
        }
        else
        {
            return;
        }

        call.Effects.Add(new ReadAudit(
            call.Call, request.Category, process, request.Since ?? 0, request.Max ?? MaxDefault));
    }
}
