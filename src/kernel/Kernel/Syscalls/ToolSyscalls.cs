using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Tools;

namespace Analemma.Kernel.Syscalls;

/// <summary>LISTTOOLS, CALLTOOL, TOOLSERVERS and RESTARTTOOLS: finds out who asks, and for what.</summary>
internal static class ToolSyscalls
{
    public static void Handle(SyscallContext call, Syscall syscall)
    {
        switch (syscall)
        {
            case ListTools list:
                Handle(call, list);
                break;
            case CallTool tool:
                Handle(call, tool);
                break;
            case RestartTools restart:
                Handle(call, restart);
                break;
            default:
                Handle(call);
                break;
        }
    }

    private static void Handle(SyscallContext call, ListTools request)
    {
        if (TryCaller(call, out var caller))
        {
            ToolListing.List(call, caller, request);
        }
    }

    private static void Handle(SyscallContext call, CallTool request)
    {
        if (TryCaller(call, out var caller))
        {
            ToolAdmission.Arrive(call, caller, request);
        }
    }

    private static void Handle(SyscallContext call)
    {
        var state = call.State;
        Process? caller = null;
        if (!call.Caller.IsHost && !state.Processes.TryGet(call.Caller.Process, out caller))
        {
            call.Answer(new ToolServersReply([]));
            return;
        }

        var seen = state.Tools.Servers.Where(
            server => caller is null || ToolPattern.Concerns(caller.Plan.Tools, server.Name));
        call.Answer(new ToolServersReply(
            [.. seen.Select(server => server.View(state.Now, state.Tools.Waiting(server.Name), caller is null))]));
    }

    private static void Handle(SyscallContext call, RestartTools request)
    {
        if (!call.Caller.IsHost)
        {
            call.Deny($"RESTARTTOOLS {request.Server}", SysError.PermissionDenied(
                "an agent cannot restart servers of tools", "ask the owner of this kernel"));
        }
        else if (!call.State.Tools.TryServer(request.Server, out var server))
        {
            call.Refuse(ToolAdmission.NoSuchServer(call.State.Tools, request.Server));
        }
        else if (TryCaller(call, out _))
        {
            ToolListing.Restart(call, server, request);
        }
    }

    private static bool TryCaller(SyscallContext call, out Process? caller)
    {
        caller = null;
        if (call.State.ShuttingDown)
        {
            call.Refuse(new SysError(SysErrorCode.ShuttingDown, "the kernel is stopping and calls no tool any more"));
            return false;
        }

        if (!call.Caller.IsHost && (!call.State.Processes.TryGet(call.Caller.Process, out caller)
            || !caller.IsAlive || caller.StopCause is not null))
        {
            call.Refuse(new SysError(SysErrorCode.WrongState, "a process that is ending cannot call tools"));
            return false;
        }

        return true;
    }
}
