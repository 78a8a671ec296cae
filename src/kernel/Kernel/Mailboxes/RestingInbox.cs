using Analemma.Abi;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Supervision;

namespace Analemma.Kernel.Mailboxes;

// INBOXES OF AGENTS THAT REST
//
// The inbox of an agent that runs on demand (UnitNeeds), or that finishes what it has in hand before it is replaced
// (MailDrain), outlives its process: it stays with the name, takes what is sent to it, and is the inbox of the next
// process of that name. What comes in, here or into a durable mailbox whose
// receiver has the name, starts the agent. Volatile, as all inboxes.

/// <summary>What is sent to agents while they rest, and what that brings about.</summary>
internal static class RestingInbox
{
    /// <summary>The inbox that a name leads to although no process has it; null where there is none.</summary>
    public static Mailbox? Find(KernelState state, string name)
    {
        if (state.Mail.Resting.TryGetValue(name, out var box) || !UnitNeeds.Accepts(state, name))
        {
            return box;
        }

        box = new Mailbox(FleetInboxes.PlanOf(state, name), ProcessId.None) { IsResting = true };
        state.Mail.Resting.Add(name, box);
        return box;
    }

    /// <summary>A unit has a new process, which takes over what waits for it.</summary>
    public static void Embodied(KernelState state, string name, ProcessId process)
    {
        if (state.Mail.Resting.Remove(name, out var box))
        {
            box.IsResting = false;
            box.Process = process;
            state.Mail.AddInbox(box);
        }
    }

    /// <summary>
    /// A process has ended. True when its inbox stays with the name: who waits for room or for a reply goes on waiting,
    /// and only what the process itself asked for ends.
    /// </summary>
    public static bool Outlives(KernelState state, Process process, Mailbox inbox, SysError ended, List<Effect> effects)
    {
        if (inbox.Count == 0 || !state.Fleets.TryUnit(process.Id, out var unit) || unit.Name != process.Name
            || !UnitNeeds.Accepts(state, unit.Name))
        {
            return false;
        }

        state.Mail.Remove(inbox);
        foreach (var wait in inbox.Receivers.ToArray())
        {
            Delivery.End(state.Mail, wait);
            effects.Add(new Refuse(wait.Call, ended));
        }

        inbox.IsClosed = false;
        inbox.IsResting = true;
        inbox.Process = ProcessId.None;
        state.Mail.Resting.Add(unit.Name, inbox);
        return true;
    }

    /// <summary>A unit is no more: what waited for it is dead.</summary>
    public static void Gone(KernelState state, string name, List<Effect> effects)
    {
        if (!state.Mail.Resting.TryGetValue(name, out var box))
        {
            return;
        }

        MailEnds.BuryAll(state, box, DeathReasons.ReceiverEnded, effects);
        MailEnds.Closed(state, box, SysError.NoSuchMailbox(name), effects);
    }

    /// <summary>Something has come into a mailbox: whoever should take it is needed.</summary>
    public static void CameIn(KernelState state, Mailbox box, List<Effect> effects)
    {
        if (box.IsResting)
        {
            UnitNeeds.Wanted(state, box.Plan.Name, effects);
        }
        else if (box.Plan is { Receiver: { } receiver } plan && plan.ReceiverParent == ProcessId.None)
        {
            UnitNeeds.Wanted(state, receiver, effects);
        }
    }

    /// <summary>Something waits for an agent, or is lent to it. What it gave back for later does not yet.</summary>
    public static bool HasMail(KernelState state, string name, ProcessId process)
    {
        var room = state.Mail;
        return room.TryGetInbox(process, out var inbox) && inbox.Count > 0
            || Waiting(room, name).Any()
            || Of(room, name).Any(box => box.Lent > 0);
    }

    /// <summary>Something had waited for a process before it was started, and it took none of that.</summary>
    public static bool TookNothing(KernelState state, Process process)
    {
        var waiting = Waiting(state.Mail, process.Name).ToArray();
        return waiting.Any(box => box.Queue.All().Any(letter => letter.Mail.SentAt <= process.CreatedAt))
            && waiting.All(box => box.LastTaker != process.Id);
    }

    private static IEnumerable<Mailbox> Waiting(MailRoom room, string name) =>
        (room.Resting.TryGetValue(name, out var resting) ? Of(room, name).Prepend(resting) : Of(room, name))
            .Where(box => box.Waiting > 0);

    private static IEnumerable<Mailbox> Of(MailRoom room, string name) =>
        room.Own.Where(box => box.Plan.Receiver == name && box.Plan.ReceiverParent == ProcessId.None);
}
