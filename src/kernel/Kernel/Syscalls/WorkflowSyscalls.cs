using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;

namespace Analemma.Kernel.Syscalls;

/// <summary>
/// WORKFLOWCALL and WORKFLOWLISTEN: the host's, but for telling how a task ended. Who has the token of a task may do
/// that: nobody can guess one. FUNCTIONNEXT: of the environments of functions.
/// </summary>
internal static class WorkflowSyscalls
{
    private const int OperationCharsMax = 64;

    public static void Handle(SyscallContext call, Syscall request)
    {
        if (call.State.ShuttingDown)
        {
            call.Refuse(new SysError(SysErrorCode.ShuttingDown, "the kernel is stopping"));
        }
        else if (request is FunctionNext next)
        {
            Handle(call, next);
        }
        else if (request is WorkflowCall { Operation: var operation } asked)
        {
            Handle(call, operation, asked);
        }
        else if (call.Caller.IsHost)
        {
            call.Effects.Add(new OpenWorkflows(call.Call));
        }
        else
        {
            call.Deny("WORKFLOWLISTEN", SysError.PermissionDenied("workflows are the host's"));
        }
    }

    // Which processes are environments, and of what, is known to who started them.
    private static void Handle(SyscallContext call, FunctionNext next)
    {
        if (call.Caller.IsHost)
        {
            call.Refuse(new SysError(
                SysErrorCode.WrongState, "only the environment of a function takes events", "register a function"));
        }
        else
        {
            call.Effects.Add(new TurnFunction(call.Call, call.Caller.Process, next));
        }
    }

    private static void Handle(SyscallContext call, string? operation, WorkflowCall asked)
    {
        if (operation is not { Length: > 0 and <= OperationCharsMax } || !operation.All(char.IsAsciiLetter))
        {
            call.Refuse(SysError.InvalidArgument(
                "operation: the name of an operation of the Step Functions API", "for example ListStateMachines"));
        }
        else if (call.Caller.IsHost
            || operation is "SendTaskSuccess" or "SendTaskFailure" or "SendTaskHeartbeat")
        {
            call.Effects.Add(new CallWorkflows(call.Call, operation, asked.Input));
        }
        else
        {
            call.Deny($"WORKFLOWCALL {operation}", SysError.PermissionDenied(
                "workflows are the host's: an agent can only tell how a task ended whose token it was given",
                "SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat"));
        }
    }
}
