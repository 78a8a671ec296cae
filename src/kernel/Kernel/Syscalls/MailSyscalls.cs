using System.Diagnostics.CodeAnalysis;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Mailboxes;
using Analemma.Kernel.Policy;

namespace Analemma.Kernel.Syscalls;

/// <summary>
/// SEND, RECV and the rest of messaging: whose mailbox, whether the caller may, whether there is room.
/// </summary>
internal static class MailSyscalls
{
    public static void Handle(SyscallContext call, Syscall syscall)
    {
        var before = call.Effects.Count;
        switch (syscall)
        {
            case Send { InReplyTo: { } asked } send:
                if (TryReply(call, send, asked, out var answered))
                {
                    call.Answer(answered);
                }

                break;
            case Send send:
                Send(call, send);
                break;
            case Recv recv:
                Receive(call, recv);
                break;
            case Broadcast broadcast:
                Broadcast(call, broadcast);
                break;
            case Ack or Nack:
                ReceiptSyscalls.Handle(call, syscall);
                break;
            default:
                MailboxSyscalls.Handle(call, syscall);
                break;
        }

        if (syscall is Send { Handle: { } handle } && IsRefused(call, before))
        {
            call.Effects.Add(new DropHandle(handle.Number));
        }

        call.State.Mail.Deadlines.Arm(call.Effects);
        if (syscall.Number is SyscallNumber.Send or SyscallNumber.Broadcast)
        {
            call.State.Models.Acted(call.State, call.Caller);
        }
    }

    private static bool IsRefused(SyscallContext call, int from)
    {
        for (var i = from; i < call.Effects.Count; i++)
        {
            if (call.Effects[i] is Refuse refuse && refuse.Call == call.Call)
            {
                return true;
            }
        }

        return false;
    }

    private static void Send(SyscallContext call, Send send)
    {
        var (state, room) = (call.State, call.State.Mail);
        var box = send.ToId is { } id ? room.Find(state, id) : room.Find(state, send.To!);
        if (box is null)
        {
            call.Refuse(SysError.NoSuchMailbox(send.To ?? send.ToId!.Value.ToString()));
            return;
        }

        if (SendRights.Problem(state, call.Caller, box) is { } denied)
        {
            call.Deny($"SEND to {box.Plan.Name}", denied);
            return;
        }

        if (send.Key is not null && !box.IsDurable)
        {
            call.Refuse(SysError.InvalidArgument($"key is for durable mailboxes, which {box.Plan.Name} is not"));
            return;
        }

        if (send.IsQuiet && box.IsDurable)
        {
            call.Refuse(SysError.InvalidArgument(
                $"mailbox {box.Plan.Name} is durable, and its sender is to know that the message is on disk",
                "leave out the flag QUIET"));
            return;
        }

        if (send.Handle is not null && box.IsDurable)
        {
            call.Refuse(SysError.InvalidArgument(
                $"mailbox {box.Plan.Name} is durable, and a handle is memory that goes with the kernel",
                $"send at most {Limits.MailDurableWeightMax} bytes in the body, or STORE the value and send its key"));
            return;
        }

        if (box.Knows(send.Key, out var known))
        {
            call.Answer(new SendReply(known, box.Process) { Duplicate = true, Count = send.Bodies?.Count });
            return;
        }

        var mail = MailOf(call, send);
        if (TooLarge(box, mail) is { } large)
        {
            call.Refuse(large);
        }
        else if (room.Accounts.NoRoom(mail, box.IsDurable) is { } full)
        {
            call.Refuse(full);
        }
        else if (!Admission.HasRoom(box, mail))
        {
            Block(call, box, mail, send);
        }
        else if (send.ReplyTimeoutMs is not null && room.Sending.NoRoom(call.Caller, "SENDs wait") is { } many)
        {
            call.Refuse(many);
        }
        else
        {
            Admission.Admit(state, call.Call, call.Caller, box, mail, send.ReplyTimeoutMs, call.Effects);
        }
    }

    private static SysError? TooLarge(Mailbox box, Mail mail)
    {
        var most = box.IsDurable ? Math.Min(box.Plan.MaxBytes, Limits.MailDurableWeightMax) : box.Plan.MaxBytes;
        if (mail.Count > box.Plan.MaxMessages)
        {
            return new SysError(
                SysErrorCode.TooLarge,
                $"bodies has {mail.Count} messages, and mailbox {box.Plan.Name} has room for {box.Plan.MaxMessages}",
                "send fewer at once");
        }

        return mail.Weight > most
            ? new SysError(
                SysErrorCode.TooLarge,
                $"{(mail.Bodies is null ? "the message counts" : "the messages count")} for "
                    + $"{mail.Weight} bytes, and mailbox {box.Plan.Name} takes at most {most}",
                mail.Bodies is not null ? "send fewer at once"
                    : box.IsDurable ? "STORE the value and send its key"
                    : "send it as a handle, or in pieces")
            : null;
    }

    private static void Block(SyscallContext call, Mailbox box, Mail mail, Send send)
    {
        MailTelling.Full(call.State, box, call.Effects);
        if (send.TimeoutMs is not > 0)
        {
            call.Refuse(Admission.Full(box));
        }
        else if (call.State.Mail.Sending.NoRoom(call.Caller, "SENDs wait") is { } many)
        {
            call.Refuse(many);
        }
        else
        {
            Admission.Block(call.State, new SendWait(call.Call, call.Caller, box, mail, send.ReplyTimeoutMs)
            {
                DueAt = After(call, send.TimeoutMs.Value),
            });
        }
    }

    /// <summary>Ends the request that waits for it, or refuses by itself.</summary>
    private static bool TryReply(
        SyscallContext call, Send send, long asked, [NotNullWhen(true)] out SendReply? answer)
    {
        var room = call.State.Mail;
        answer = null;
        if (!room.Replies.TryGetValue(asked, out var wait) || wait.Replier?.Process != call.Caller.Process)
        {
            call.Refuse(new SysError(
                SysErrorCode.NoSuchMessage,
                $"nobody waits for a reply to message {asked} from this caller",
                "its sender may have given up; a message says wants_reply while somebody waits"));
            return false;
        }

        if (send.Handle is not null && !wait.TakesHandles)
        {
            call.Refuse(SysError.InvalidArgument(
                $"who asked with message {asked} takes no handles", "reply with a body"));
            return false;
        }

        Letter letter = new(room.TakeVolatileId(call.State.Boot), MailOf(call, send));
        Delivery.End(room, wait);
        call.Effects.Add(new Answer(wait.Call, new SendReply(wait.Letter, wait.Box.Process)
        {
            Reply = letter.View(call.State.Now, wantsReply: false),
        }));
        answer = new SendReply(letter.Id, wait.Caller.Process);
        return true;
    }

    private static void Receive(SyscallContext call, Recv recv)
    {
        var (state, room) = (call.State, call.State.Mail);
        if (!TryFindOwn(call, recv.Mailbox, out var box))
        {
            return;
        }

        if (recv.Reply is { } reply && !TryReply(call, ReplyOf(reply), reply.InReplyTo, out _))
        {
            return;
        }

        if (MailDrain.NoticeFor(state, call.Caller, recv, box) is { } notice)
        {
            call.Answer(notice);
            return;
        }

        LetterFilter filter = new(recv.Topic, recv.Correlation, recv.From, recv.Handles == true);
        ReceiveWait wait = new(call.Call, call.Caller, box, filter, recv.Max ?? 1, recv.VisibilityMs);
        var letters = Delivery.Choose(state, box, filter, wait.Most, call.Effects);
        if (letters.Length > 0 || recv.TimeoutMs == 0)
        {
            Delivery.Answer(state, box, wait, letters, call.Effects);
            Admission.Pump(state, box, call.Effects);
        }
        else if (room.Receiving.NoRoom(call.Caller, "RECVs wait") is { } many)
        {
            call.Refuse(many);
        }
        else
        {
            wait.DueAt = recv.TimeoutMs is { } timeout ? After(call, timeout) : 0;
            wait.Node = box.Receivers.AddLast(wait);
            room.Receiving.Add(call.Caller);
            room.Waits.Add(call.Call, wait);
            room.Deadlines.Add(wait);
        }
    }

    /// <summary>The mailbox to receive from: the caller's inbox, or a named one. Refuses by itself.</summary>
    public static bool TryFindOwn(
        SyscallContext call, string? name, [NotNullWhen(true)] out Mailbox? box)
    {
        var room = call.State.Mail;
        box = name is null
            ? room.Find(call.State, call.Caller.Process)
            : room.Find(call.State, name);
        var error = box is not null ? SendRights.ReceiveProblem(call.State, call.Caller, box)
            : name is not null ? SysError.NoSuchMailbox(name)
            : call.Caller.IsHost ? SysError.InvalidArgument(
                "a client on the host has no inbox: give mailbox", "REGISTER a mailbox first")
            : new SysError(SysErrorCode.WrongState, "the process has ended");
        if (error is null)
        {
            Invariant.Holds(box is not null, "a mailbox is found or refused");
            return true;
        }

        box = null;
        call.Refuse(error);
        return false;
    }

    private static void Broadcast(SyscallContext call, Broadcast broadcast)
    {
        var (state, room) = (call.State, call.State.Mail);
        var mail = MailOf(call, new Send
        {
            Body = broadcast.Body,
            Encoding = broadcast.Encoding,
            Topic = broadcast.Topic,
            Correlation = broadcast.Correlation,
            Priority = broadcast.Priority,
            TtlMs = broadcast.TtlMs,
        });
        var (delivered, skipped) = (0, 0);
        List<Mailbox> durable = [];
        foreach (var box in room.Audience(broadcast.Topic))
        {
            var own = SendRights.ReceiveProblem(state, call.Caller, box) is null;
            if (own && !call.Caller.IsHost && broadcast.IncludeSelf != true)
            {
                continue;
            }

            if (!Admission.HasRoom(box, mail) || TooLarge(box, mail) is not null
                || room.Accounts.NoRoom(mail, box.IsDurable) is not null
                || SendRights.Problem(state, call.Caller, box) is not null)
            {
                skipped++;
            }
            else if (box.IsDurable)
            {
                durable.Add(box);
            }
            else
            {
                delivered++;
                Delivery.Offer(state, box, new Letter(room.TakeVolatileId(state.Boot), mail), call.Effects);
            }
        }

        if (durable.Count == 0)
        {
            call.Answer(new BroadcastReply(delivered, skipped));
            return;
        }

        CommitWait commit = new(call.Call, call.Caller)
        {
            IsBroadcast = true,
            Delivered = delivered,
            Skipped = skipped,
        };
        durable.ForEach(box => Admission.Reserve(room, commit, box, mail));
        room.Waits.Add(call.Call, commit);
        call.Effects.Add(new Raise(new Events.MailAccepted(
            call.Call, mail, [.. durable.Select(box => box.Plan.Name)])
        {
            At = state.Now,
        }));
    }

    private static Send ReplyOf(MailReply reply) => new()
    {
        InReplyTo = reply.InReplyTo,
        Body = reply.Body,
        Encoding = reply.Encoding,
        Topic = reply.Topic,
        Correlation = reply.Correlation,
    };

    private static Mail MailOf(SyscallContext call, Send send)
    {
        var now = call.State.Now;
        var lives = Math.Min(send.TtlMs ?? long.MaxValue, send.ReplyTimeoutMs is { } reply
            ? reply + (send.TimeoutMs ?? 0) : long.MaxValue);
        string? name = null;
        if (!call.Caller.IsHost && call.State.Processes.TryGet(call.Caller.Process, out var sender))
        {
            name = sender.Name;
        }

        return new Mail(call.Caller.Process, send.Body)
        {
            Bodies = send.Bodies,
            FromName = name,
            To = send.To,
            Encoding = send.Encoding,
            Topic = send.Topic,
            Correlation = send.Correlation,
            Priority = send.Priority,
            SentAt = now,
            ExpiresAt = lives == long.MaxValue ? 0 : now + (lives * TimeSpan.TicksPerMillisecond),
            Key = send.Key,
            Handle = send.Handle,
            TakesHandles = send.Handles == true,
        };
    }

    private static long After(SyscallContext call, long milliseconds) =>
        call.State.Now + (milliseconds * TimeSpan.TicksPerMillisecond);
}
