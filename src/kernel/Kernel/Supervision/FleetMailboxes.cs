using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Mailboxes;

namespace Analemma.Kernel.Supervision;

// A declaration is an event of the journal, so it is decided by what is durable alone: mailboxes that are not, and
// names that inboxes were given, make room for one that is declared.

/// <summary>Mailboxes that a fleet declares.</summary>
internal static class FleetMailboxes
{
    /// <summary>Why they cannot be; or null.</summary>
    public static SysError? Problem(KernelState state, IReadOnlyList<FleetMailbox> declared)
    {
        foreach (var mailbox in declared)
        {
            if (Durable(state, mailbox.Name) is { } there
                && (mailbox.Durable == false || there.Plan.ReceiverParent != ProcessId.None))
            {
                return new SysError(
                    SysErrorCode.NameTaken,
                    mailbox.Durable == false
                        ? $"mailbox {mailbox.Name} is durable, and is declared as one that is not"
                        : $"mailbox {mailbox.Name} is that of an agent which another started",
                    "choose another name, or end that one first: `analemma mailbox remove`");
            }
        }

        var more = declared.Count(mailbox => mailbox.Durable != false && Durable(state, mailbox.Name) is null);
        return state.Mail.Own.Count(box => box.IsDurable) + more > Limits.MailboxesMax
            ? new SysError(SysErrorCode.LimitExceeded, $"there would be more than {Limits.MailboxesMax} mailboxes")
            : null;
    }

    /// <summary>Those that are not declared so already.</summary>
    public static IReadOnlyList<string> Changed(Fleet? fleet, IReadOnlyList<FleetMailbox> declared)
    {
        var known = (fleet?.Mailboxes ?? []).Select(Json).ToHashSet(StringComparer.Ordinal);
        return [.. declared.Where(mailbox => !known.Contains(Json(mailbox))).Select(mailbox => mailbox.Name)];
    }

    /// <summary>Makes those that are not there, and gives the others what is declared.</summary>
    public static void Apply(
        KernelState state, Fleet fleet, IReadOnlyList<FleetMailbox> declared, List<Effect> effects)
    {
        fleet.Mailboxes = declared;
        foreach (var mailbox in declared)
        {
            Declare(state, mailbox, effects);
        }

        state.Mail.Deadlines.Arm(effects);
    }

    /// <summary>A kernel has started: what is not durable is made anew.</summary>
    public static void Settled(KernelState state, List<Effect> effects)
    {
        foreach (var mailbox in state.Fleets.Fleets.Where(fleet => !fleet.IsLeaving)
            .SelectMany(fleet => fleet.Mailboxes)
            .Where(mailbox => mailbox.Durable == false && Durable(state, mailbox.Name) is null))
        {
            Declare(state, mailbox, effects);
        }
    }

    private static void Declare(KernelState state, FleetMailbox declared, List<Effect> effects)
    {
        var room = state.Mail;
        var plan = PlanOf(declared);
        if (room.TryGetOwn(declared.Name, out var box) && box.IsDurable != plan.IsDurable)
        {
            MailEnds.Unregistered(state, box, effects);
            box = null;
        }

        if (room.TryGetAlias(declared.Name, out var named))
        {
            room.RemoveName(named, declared.Name);
        }

        if (box is null)
        {
            room.Add(box = new Mailbox(plan, ProcessId.None));
        }

        box.Redeclare(plan);
        foreach (var topic in declared.Topics ?? [])
        {
            room.AddTopic(box, topic);
        }

        Admission.Pump(state, box, effects);
        if (box.Count > 0)
        {
            RestingInbox.CameIn(state, box, effects);
        }
    }

    private static MailboxPlan PlanOf(FleetMailbox declared) => new(declared.Name)
    {
        IsDurable = declared.Durable != false,
        Receiver = declared.Receiver,
        MaxMessages = declared.MaxMessages ?? Limits.MailboxMessagesDefault,
        MaxBytes = declared.MaxBytes ?? Limits.MailboxBytesDefault,
        VisibilityMs = declared.VisibilityMs ?? Limits.MailVisibilityMsDefault,
        MaxDeliveries = declared.MaxDeliveries ?? Limits.MailDeliveriesDefault,
    };

    private static Mailbox? Durable(KernelState state, string name) =>
        state.Mail.TryGetOwn(name, out var box) && box.IsDurable ? box : null;

    private static string Json(FleetMailbox mailbox) =>
        JsonSerializer.Serialize(mailbox, AbiJsonContext.Default.FleetMailbox);
}
