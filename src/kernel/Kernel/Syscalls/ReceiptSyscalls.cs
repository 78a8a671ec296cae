using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Mailboxes;

namespace Analemma.Kernel.Syscalls;

/// <summary>ACK and NACK: which receipts hold, and for whom.</summary>
internal static class ReceiptSyscalls
{
    public static void Handle(SyscallContext call, Syscall syscall)
    {
        var receipts = syscall is Ack ack ? ack.Receipts : ((Nack)syscall).Receipts;
        List<Letter> held = [];
        List<long> stale = [];
        HashSet<long> seen = [];
        foreach (var receipt in receipts)
        {
            if (call.State.Mail.Lent.TryGetValue(receipt, out var letter) && !letter.IsLeaving
                && letter.Holder.Process == call.Caller.Process && seen.Add(receipt))
            {
                held.Add(letter);
            }
            else
            {
                stale.Add(receipt);
            }
        }

        if (syscall is Nack nack)
        {
            var at = call.State.Now + ((nack.DelayMs ?? 0) * TimeSpan.TicksPerMillisecond);
            held.ForEach(letter => Delivery.TakeBack(call.State, letter, at, call.Effects));
            call.Answer(new AckReply(held.Count) { Stale = stale.Count > 0 ? stale : null });
        }
        else
        {
            Acknowledge(call, held, stale);
        }
    }

    private static void Acknowledge(SyscallContext call, List<Letter> held, List<long> stale)
    {
        if (held.Count == 0)
        {
            call.Answer(new AckReply(0) { Stale = stale });
            return;
        }

        held.ForEach(letter => letter.IsLeaving = true);
        call.State.Mail.Waits.Add(
            call.Call, new CommitWait(call.Call, call.Caller) { Count = held.Count, Stale = stale });
        call.Effects.Add(new Raise(new MailAcknowledged(
            call.Call,
            [
                .. held.GroupBy(letter => letter.Box!.Plan.Name, StringComparer.Ordinal)
                    .Select(group => new AcknowledgedMail(group.Key, [.. group.Select(letter => letter.Id)])),
            ])
        {
            At = call.State.Now,
        }));
    }
}
