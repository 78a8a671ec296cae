using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;

namespace Analemma.Kernel.Mailboxes;

/// <summary>Tells those who watch what goes wrong with messages.</summary>
internal static class MailTelling
{
    /// <summary>Messages have become dead letters: each of their senders is told once, and who watches him.</summary>
    public static void Died(
        KernelState state, string mailbox, string reason, IReadOnlyCollection<Letter> letters, List<Effect> effects)
    {
        foreach (var sent in letters.GroupBy(letter => letter.Mail.From))
        {
            state.Processes.TryGet(sent.Key, out var sender);
            state.Calls.Publish(
                state,
                sender,
                new EventView(EventTypes.DeadLetter, new DateTimeOffset(state.Now, TimeSpan.Zero))
                {
                    Process = sent.Key == ProcessId.None ? null : sent.Key,
                    Name = sent.First().Mail.FromName,
                    Kind = reason,
                    What = mailbox,
                    Count = sent.Count(),
                },
                effects);
        }
    }

    /// <summary>A message found no room. Told once, until the mailbox is half empty again.</summary>
    public static void Full(KernelState state, Mailbox box, List<Effect> effects)
    {
        if (box.IsFullTold)
        {
            return;
        }

        box.IsFullTold = true;
        state.Processes.TryGet(box.Process, out var receiver);
        if (receiver is null && box.Plan.Receiver is { } name && state.Processes.TryFind(name, out var found)
            && found.Parent == box.Plan.ReceiverParent)
        {
            receiver = found;
        }

        state.Calls.Publish(
            state,
            receiver,
            new EventView(EventTypes.MailboxFull, new DateTimeOffset(state.Now, TimeSpan.Zero))
            {
                Process = receiver?.Id,
                Name = receiver?.Name,
                What = box.Plan.Name,
                Reason = Admission.Full(box).Message,
                Count = box.Count,
            },
            effects);
    }
}
