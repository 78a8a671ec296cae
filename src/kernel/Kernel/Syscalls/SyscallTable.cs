using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Network;

namespace Analemma.Kernel.Syscalls;

/// <summary>
/// The one waist: every syscall that reads or changes the kernel comes through here, each to the handler in the file of
/// its name. NOOP, HELLO and EXIT touch no kernel state and are answered at the connection.
/// </summary>
internal static class SyscallTable
{
    public static void Handle(KernelState state, SyscallArrived arrived, List<Effect> effects)
    {
        var call = new SyscallContext(state, arrived.Call, arrived.Caller, effects);
        state.Fleets.Watchdogs.Heard(state, arrived.Caller, arrived.Syscall, effects);
        if (arrived.Syscall is Send or Recv)
        {
            // The most frequent of all, by far: looked for last they would cost as much as they do.
            MailSyscalls.Handle(call, arrived.Syscall);
            return;
        }

        switch (arrived.Syscall)
        {
            case Spawn spawn:
                SpawnSyscall.Handle(call, spawn);
                break;
            case Kill kill:
                KillSyscall.Handle(call, kill);
                break;
            case Pause pause:
                PauseSyscall.Handle(call, pause);
                break;
            case Resume resume:
                PauseSyscall.Handle(call, resume);
                break;
            case List list:
                ListSyscall.Handle(call, list);
                break;
            case Inspect inspect:
                ListSyscall.Handle(call, inspect);
                break;
            case Wait wait:
                WaitSyscall.Handle(call, wait);
                break;
            case Subscribe subscribe:
                SubscribeSyscall.Handle(call, subscribe);
                break;
            case Exec or Read or Write or Files or Abi.Syscalls.Logs:
                DataSyscalls.Handle(call, (TargetedSyscall)arrived.Syscall);
                break;
            case Status:
                StatusSyscall.Handle(call);
                break;
            case Endpoint endpoint:
                EndpointSyscall.Handle(call, endpoint);
                break;
            case ListTools or CallTool or ToolServers or RestartTools:
                ToolSyscalls.Handle(call, arrived.Syscall);
                break;
            case FleetApply or FleetDown or FleetStatus or FleetRestart:
                FleetSyscalls.Handle(call, arrived.Syscall);
                break;
            case Watch or Restart or Escalate or Ready:
                SuperviseSyscalls.Handle(call, arrived.Syscall);
                break;
            case Shutdown shutdown:
                ShutdownSyscall.Handle(call, shutdown);
                break;
            default:
                if (!TryHandleMore(call, arrived.Syscall))
                {
                    HandleThought(call, arrived.Syscall);
                    return;
                }

                break;
        }

        state.Models.Acted(state, arrived.Caller);
    }

    /// <summary>The rest of an agent's deeds. False for any other.</summary>
    private static bool TryHandleMore(SyscallContext call, Syscall syscall)
    {
        switch (syscall)
        {
            case BudgetSet budget:
                BudgetSyscall.Handle(call, budget);
                return true;
            case Http http:
                HttpSyscall.Handle(call, http);
                return true;
            case Relay relay:
                HttpSyscall.Handle(call, relay);
                return true;
            case PipeSyscall or PipeOpen or PipeList:
                PipeSyscalls.Handle(call, syscall);
                return true;
            case GetPerms get:
                PermissionSyscalls.Handle(call, get);
                return true;
            case SetPerms set:
                PermissionSyscalls.Handle(call, set);
                return true;
            case StoreSyscall:
                StoreSyscalls.Handle(call, syscall);
                return true;
            case SecretSet or SecretList or SecretRemove:
                SecretSyscalls.Handle(call, syscall);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Those that are no deed of an agent: who only thinks makes no progress.</summary>
    private static void HandleThought(SyscallContext call, Syscall syscall)
    {
        switch (syscall)
        {
            case Think think:
                ThinkSyscall.Handle(call, think);
                break;
            case Embed embed:
                EmbedSyscall.Handle(call, embed);
                break;
            case ConversationOpen or ConversationList or ConversationSyscall:
                ConversationSyscalls.Handle(call, syscall);
                break;
            case Llm llm:
                LlmSyscall.Handle(call, llm);
                break;
            case Broadcast or Register or Unregister or Ack or Nack or Abi.Syscalls.Mailboxes or DeadLetters:
                MailSyscalls.Handle(call, syscall);
                break;
            case PollEvents or Unsubscribe or Emit:
                EventSyscalls.Handle(call, syscall);
                break;
            case Audit audit:
                AuditSyscall.Handle(call, audit);
                break;
            case Metrics:
                MetricsSyscall.Handle(call);
                break;
            case WorkflowCall or WorkflowListen or FunctionNext:
                WorkflowSyscalls.Handle(call, syscall);
                break;
            default:
                call.Refuse(new SysError(
                    SysErrorCode.UnknownSyscall, $"{syscall.Number} is not served by the kernel"));
                break;
        }
    }
}
