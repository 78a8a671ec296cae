using Analemma.Abi;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Conversations;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Happenings;
using Analemma.Kernel.Mailboxes;
using Analemma.Kernel.Models;
using Analemma.Kernel.Network;
using Analemma.Kernel.Pipes;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Supervision;
using Analemma.Kernel.Syscalls;
using Analemma.Kernel.Tools;
using Analemma.Kernel.Values;

namespace Analemma.Kernel;

// THE KERNEL
//
// A deterministic machine with one writer: Apply takes an event and gives the new state and the effects. It reads no
// clock (events carry their time), no randomness (ids come from counters), does no I/O and starts no thread; the
// project's references and banned symbols hold it to that.
//
//   durable state    Boot, NextProcessId, Options, Processes, ShuttingDown, Ledger, Leases, Conversations, Fleets,
//                    Values, Pipes, the durable part of Happenings: decided by durable events alone, in the order of
//                    the journal; a fold of the journal, or a checkpoint and the fold of the rest, gives it.
//   volatile state   Calls (who waits for what), Models (who waits for which model), ConversationWork (who speaks in
//                    which conversation), ValueWork (which values are being kept), Http (which requests are under
//                    way), Tools (which servers are up, who waits for which), Tally, the latest usage samples: gone
//                    with the kernel, and never looked at when a durable event decides about durable state.
//
// Effects may depend on both: a fold throws them away.
public sealed class KernelState
{
    public KernelOptions Options { get; internal set; } = new();

    /// <summary>How many times a kernel has started on this journal.</summary>
    public long Boot { get; internal set; }

    public string Version { get; internal set; } = "";

    public string Engine { get; internal set; } = "";

    public long BootedAt { get; internal set; }

    /// <summary>The id that the next process gets.</summary>
    public long NextProcessId { get; internal set; } = 1;

    public bool ShuttingDown { get; internal set; }

    /// <summary>The time of the event being applied. For durable events volatile ones cannot move it.</summary>
    public long Now { get; private set; }

    /// <summary>The latest time of a durable event: time never goes back in the journal's eyes.</summary>
    internal long JournalNow { get; set; }

    public ProcessTable Processes { get; } = new();

    public WaitingCalls Calls { get; } = new();

    /// <summary>What model calls have cost, but for what is in the rows of processes.</summary>
    public Ledger Ledger { get; } = new();

    /// <summary>What may have been answered and is not in the ledger yet.</summary>
    public LeaseTable Leases { get; } = new();

    public ModelScheduler Models { get; } = new();

    public ConversationTable Conversations { get; } = new();

    public ConversationWork ConversationWork { get; } = new();

    /// <summary>What agents keep under keys.</summary>
    public ValueTable Values { get; } = new();

    public ValueWork ValueWork { get; } = new();

    /// <summary>What has happened since the kernel started. Volatile; decides nothing.</summary>
    public KernelTally Tally { get; private set; } = new();

    /// <summary>What was told to those who watch.</summary>
    public HappeningLog Happenings { get; } = new();

    /// <summary>Who asks now and then what was told.</summary>
    public EventPolls Polls { get; } = new();

    /// <summary>Whether the event being applied is durable.</summary>
    internal bool IsApplyingDurable { get; private set; }

    /// <summary>Who holds which end of which pipe.</summary>
    public PipeTable Pipes { get; } = new();

    /// <summary>Requests that agents make to hosts.</summary>
    public HttpCalls Http { get; } = new();

    public ToolRegistry Tools { get; } = new();

    /// <summary>What is declared and watched, and how it fares.</summary>
    public FleetTable Fleets { get; } = new();

    /// <summary>Mailboxes: durable in part, see there.</summary>
    public MailRoom Mail { get; } = new();

    /// <summary>Applies one event; adds what shall be done outside to <paramref name="effects"/>, in order.</summary>
    public void Apply(KernelEvent @event, List<Effect> effects)
    {
        Now = Math.Max(JournalNow, @event.At);
        IsApplyingDurable = @event.IsDurable;
        if (@event.IsDurable)
        {
            JournalNow = Now;
        }

        switch (@event)
        {
            case SyscallArrived arrived:
                SyscallTable.Handle(this, arrived, effects);
                break;
            case UsageSampled sampled:
                ProcessWatch.Sampled(this, sampled, effects);
                break;
            case SandboxStarted started:
                ProcessStart.Started(this, started, effects);
                break;
            case SandboxStartFailed failed:
                ProcessStart.Failed(this, failed, effects);
                break;
            case SandboxExited exited:
                ProcessExit.Exited(this, exited, effects);
                break;
            case GraceElapsed elapsed:
                ProcessStop.GraceElapsed(this, elapsed.Process, effects);
                break;
            case WallTimeElapsed elapsed:
                ProcessStop.WallTimeElapsed(this, elapsed.Process, effects);
                break;
            case LimitOverstepped overstepped:
                ProcessStop.Overstepped(this, overstepped, effects);
                break;
            case DenialReported reported:
                ProcessWatch.DenialReported(this, reported, effects);
                break;
            case AttemptDenied denied:
                ProcessWatch.Denied(this, denied, effects);
                break;
            case CallCancelled cancelled:
                Cancelled(cancelled.Call, effects);
                break;
            case CallTimedOut timedOut:
                Calls.TimeOut(timedOut.Call, effects);
                Polls.TimedOut(this, timedOut.Call, effects);
                break;
            case ShutdownOverdue:
                effects.Add(new StopKernel());
                break;
            case LeftoverAdopted adopted:
                Reboot.Adopted(this, adopted, effects);
                break;
            case LeftoverReaped reaped:
                Reboot.Reaped(this, reaped, effects);
                break;
            case KernelStarted started:
                Tally = new KernelTally();
                Reboot.Started(this, started, effects);
                break;
            default:
                ApplyToCalls(@event, effects);
                break;
        }

        UnitOrder.After(this, @event, effects);
        Models.GiveTurns(this, effects);
    }

    private void Cancelled(CallId call, List<Effect> effects)
    {
        Calls.Remove(call, effects);
        Polls.Cancelled(call, effects);
        ConversationChanges.Cancelled(this, call);
        ModelCancel.Cancelled(this, call, effects);
        ToolEnd.Cancelled(this, call, effects);
        MailEnds.Cancelled(this, call, effects);
    }

    private void ApplyToCalls(KernelEvent @event, List<Effect> effects)
    {
        switch (@event)
        {
            case HttpEnded ended:
                HttpSyscall.Ended(this, ended, effects);
                break;
            case SubscriberReady or EventEmitted:
                EventSyscalls.Apply(this, @event, effects);
                break;
            case SecretChanged changed:
                SecretSyscalls.Changed(this, changed, effects);
                break;
            case MailEvent mail:
                MailChanges.Apply(this, mail, effects);
                break;
            default:
                ApplyToModels(@event, effects);
                break;
        }
    }

    private void ApplyToModels(KernelEvent @event, List<Effect> effects)
    {
        switch (@event)
        {
            case ModelCallEnded ended:
                ModelEnd.Ended(this, ended, effects);
                break;
            case UsageSettled settled:
                Settlement.Settled(this, settled, effects);
                break;
            case UsageLeased leased:
                Leasing.Leased(this, leased, effects);
                break;
            case UsageDue:
                Leasing.Due(this, effects);
                break;
            case ModelAnswerBegan began:
                ModelHedging.Began(this, began, effects);
                break;
            case ModelHedgeDue due:
                ModelHedging.Due(this, due, effects);
                break;
            case ModelRetryDue due:
                ModelDispatch.RetryDue(this, due);
                break;
            case ModelQueueElapsed elapsed:
                ModelCancel.QueueElapsed(this, elapsed, effects);
                break;
            case ModelWakeDue due:
                ModelDispatch.Woken(this, due.Provider);
                break;
            case AgentHalted halted:
                AgentHalt.Halted(this, halted, effects);
                break;
            default:
                ApplyToTools(@event, effects);
                break;
        }
    }

    private void ApplyToTools(KernelEvent @event, List<Effect> effects)
    {
        switch (@event)
        {
            case ToolServerReady ready:
                ToolServing.Ready(this, ready, effects);
                break;
            case ToolServerChanged changed:
                ToolServing.Changed(this, changed);
                break;
            case ToolServerEnded ended:
                ToolServing.Ended(this, ended, effects);
                break;
            case ToolCallBegun begun:
                ToolAdmission.Begun(this, begun, effects);
                break;
            case ToolCallEnded ended:
                ToolEnd.Ended(this, ended, effects);
                break;
            case ToolCallOverdue overdue:
                ToolEnd.Overdue(this, overdue, effects);
                break;
            default:
                if (!SupervisionTurn.Apply(this, @event, effects) && !ValueChanges.TryApply(this, @event, effects))
                {
                    ConversationChanges.Apply(this, @event, effects);
                }

                break;
        }
    }

    internal ProcessId TakeProcessId()
    {
        Invariant.Holds(NextProcessId <= ProcessId.Max, "four thousand million processes have been started");
        return new ProcessId(NextProcessId++);
    }

    internal Process Require(ProcessId id)
    {
        Invariant.Holds(
            Processes.TryGet(id, out var process), "the daemon speaks of processes that the kernel started");
        return process!;
    }
}
