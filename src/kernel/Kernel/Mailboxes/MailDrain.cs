using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Mailboxes;

// FINISHING
//
// A process that is told to finish is given nothing new: its RECVs are answered with the notice, those that wait and
// those that come. What it chooses by correlation belongs to what it has in hand, and comes as always. All else stays
// where it lies: in durable mailboxes, or in the inbox, which stays with the name (RestingInbox).

/// <summary>Receiving while a process finishes.</summary>
internal static class MailDrain
{
    /// <summary>A process has been told: so are its RECVs that wait.</summary>
    public static void Begin(KernelState state, ProcessId process, List<Effect> effects)
    {
        var waits = state.Mail.Waits.Values.OfType<ReceiveWait>()
            .Where(wait => wait.Caller.Process == process && wait.Filter.Correlation is null)
            .OrderBy(wait => wait.Call.Value)
            .ToArray();
        foreach (var wait in waits)
        {
            Delivery.End(state.Mail, wait);
            effects.Add(new Answer(wait.Call, Notice(wait.Box)));
        }

        state.Mail.Deadlines.Arm(effects);
    }

    /// <summary>What a RECV is answered with in place of messages; null when it is to go on.</summary>
    public static RecvReply? NoticeFor(KernelState state, Caller caller, Recv recv, Mailbox box) =>
        recv.Correlation is null && !caller.IsHost
        && state.Processes.TryGet(caller.Process, out var process) && process.IsFinishing
            ? Notice(box) : null;

    private static RecvReply Notice(Mailbox box) => new([], box.Queue.Count) { Draining = true };
}
