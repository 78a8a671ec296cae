using Analemma.Kernel.Effects;
using Analemma.Kernel.Mailboxes;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Supervision;

/// <summary>What a fleet declares of the inboxes of its agents.</summary>
internal static class FleetInboxes
{
    /// <summary>Of a process, supervised or not.</summary>
    public static MailboxPlan PlanOf(KernelState state, Process process) =>
        state.Fleets.TryUnit(process.Id, out var unit) && unit.Name == process.Name
            ? PlanOf(unit) : new MailboxPlan(process.Name);

    /// <summary>Of an agent that has no process at the moment.</summary>
    public static MailboxPlan PlanOf(KernelState state, string name) =>
        state.Fleets.TryUnit(name, out var unit) ? PlanOf(unit) : new MailboxPlan(name);

    /// <summary>Gives the inbox that is there what is declared now, and lets in who finds room.</summary>
    public static void Redeclared(KernelState state, Unit unit, List<Effect> effects)
    {
        if (state.Mail.TryGetInbox(unit.Process, out var box) || state.Mail.Resting.TryGetValue(unit.Name, out box))
        {
            box.Redeclare(PlanOf(unit));
            Admission.Pump(state, box, effects);
            state.Mail.Deadlines.Arm(effects);
        }
    }

    private static MailboxPlan PlanOf(Unit unit) => new(unit.Name)
    {
        MaxMessages = unit.Declared.Inbox?.MaxMessages ?? Limits.MailboxMessagesDefault,
        MaxBytes = unit.Declared.Inbox?.MaxBytes ?? Limits.MailboxBytesDefault,
    };
}
