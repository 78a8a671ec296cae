using Analemma.Abi;
using Analemma.Abi.Syscalls;
using static Analemma.Kernel.Policy.SyscallRules;

namespace Analemma.Kernel.Policy;

/// <summary>When a request to messaging is well-formed.</summary>
internal static class MailRules
{
    private const long ReceiptsMax = 1_000;

    /// <summary>True of a SEND or RECV without a problem that has nothing unusual in it.</summary>
    public static bool IsPlain(Syscall syscall) => syscall switch
    {
        Send send => (send.To is null ? 0 : 1) + (send.ToId is null ? 0 : 1) + (send.InReplyTo is null ? 0 : 1) == 1
            && (send.To is null || SpawnRules.IsName(send.To))
            && send.Encoding is null or "base64"
            && !(send.Body?.Length > AbiLimits.PayloadBytesMax)
            && (send.Bodies is null || AreBodies(send))
            && IsLabel(send.Topic) && IsLabel(send.Correlation) && IsLabel(send.Key)
            && send.TtlMs is null or (>= 1 and <= Limits.MailTtlMsMax)
            && send.TimeoutMs is null or (>= 0 and <= Limits.WaitMsMax)
            && send.ReplyTimeoutMs is null or (>= 1 and <= Limits.WaitMsMax)
            && !(send.IsQuiet && send.ReplyTimeoutMs is not null),
        Recv recv => (recv.Mailbox is null || SpawnRules.IsName(recv.Mailbox))
            && recv.Max is null or (>= 1 and <= Limits.MailPerAnswerMax)
            && recv.TimeoutMs is null or (>= 0 and <= Limits.WaitMsMax)
            && IsLabel(recv.Topic) && IsLabel(recv.Correlation)
            && recv.VisibilityMs is null or (>= Limits.MailVisibilityMsMin and <= Limits.MailVisibilityMsMax)
            && (recv.Reply is not { } reply || (reply.InReplyTo != 0
                && reply.Encoding is null or "base64"
                && !(reply.Body?.Length > AbiLimits.PayloadBytesMax)
                && IsLabel(reply.Topic) && IsLabel(reply.Correlation))),
        _ => false,
    };

    public static IEnumerable<string> Problems(Syscall syscall) => syscall switch
    {
        Send send => SendProblems(send),
        Recv recv =>
        [
            .. NameProblems("mailbox", recv.Mailbox),
            .. Range("max", recv.Max, 1, Limits.MailPerAnswerMax),
            .. Range("timeout_ms", recv.TimeoutMs, 0, Limits.WaitMsMax),
            .. LabelProblems("topic", recv.Topic),
            .. LabelProblems("correlation", recv.Correlation),
            .. Range("visibility_ms", recv.VisibilityMs, Limits.MailVisibilityMsMin, Limits.MailVisibilityMsMax),
            .. ReplyProblems(recv),
        ],
        Broadcast broadcast =>
        [
            .. BodyProblems(broadcast.Body, broadcast.Encoding),
            .. LabelProblems("topic", broadcast.Topic),
            .. LabelProblems("correlation", broadcast.Correlation),
            .. Range("ttl_ms", broadcast.TtlMs, 1, Limits.MailTtlMsMax),
        ],
        Register register => RegisterProblems(register),
        Unregister unregister =>
        [
            .. unregister is { Name: null, Topic: null } ? ["give name, topic or both"] : Array.Empty<string>(),
            .. NameProblems("name", unregister.Name),
            .. LabelProblems("topic", unregister.Topic),
        ],
        Ack ack => Range("receipts, how many", ack.Receipts.Count, 1, ReceiptsMax),
        Nack nack =>
        [
            .. Range("receipts, how many", nack.Receipts.Count, 1, ReceiptsMax),
            .. Range("delay_ms", nack.DelayMs, 0, Limits.MailVisibilityMsMax),
        ],
        DeadLetters dead =>
        [
            .. NameProblems("mailbox", dead.Mailbox),
            .. Range("max", dead.Max, 1, Limits.DeadLettersMax),
        ],
        _ => [],
    };

    private static IEnumerable<string> SendProblems(Send send)
    {
        var targets = (send.To is null ? 0 : 1) + (send.ToId is null ? 0 : 1) + (send.InReplyTo is null ? 0 : 1);
        return
        [
            .. targets == 1 ? Array.Empty<string>() : ["give exactly one of to, to_id and in_reply_to"],
            .. NameProblems("to", send.To),
            .. BodyProblems(send.Body, send.Encoding),
            .. BodiesProblems(send),
            .. LabelProblems("topic", send.Topic),
            .. LabelProblems("correlation", send.Correlation),
            .. LabelProblems("key", send.Key),
            .. Range("ttl_ms", send.TtlMs, 1, Limits.MailTtlMsMax),
            .. Range("timeout_ms", send.TimeoutMs, 0, Limits.WaitMsMax),
            .. Range("reply_timeout_ms", send.ReplyTimeoutMs, 1, Limits.WaitMsMax),
            .. send is { IsQuiet: true, ReplyTimeoutMs: not null }
                ? ["who waits for a reply is answered: leave out reply_timeout_ms or the flag QUIET"]
                : Array.Empty<string>(),
        ];
    }

    private static bool AreBodies(Send send) => send.Bodies!.Count is >= 1 and <= Limits.MailPerAnswerMax
        && send is { Body: null, InReplyTo: null, ReplyTimeoutMs: null, Handle: null }
        && !send.Bodies.Any(body => body.Length > AbiLimits.PayloadBytesMax);

    private static IEnumerable<string> BodiesProblems(Send send)
    {
        if (send.Bodies is not { } bodies)
        {
            yield break;
        }

        if (bodies.Count is < 1 or > Limits.MailPerAnswerMax)
        {
            yield return $"bodies has {bodies.Count} items; it must have 1 to {Limits.MailPerAnswerMax}";
        }

        if (send is not { Body: null, InReplyTo: null, ReplyTimeoutMs: null, Handle: null })
        {
            yield return "bodies goes without body, in_reply_to, reply_timeout_ms and a handle";
        }

        for (var i = 0; i < bodies.Count; i++)
        {
            if (bodies[i].Length > AbiLimits.PayloadBytesMax)
            {
                yield return $"bodies[{i}] has {bodies[i].Length} bytes; at most {AbiLimits.PayloadBytesMax}";
            }
        }
    }

    private static IEnumerable<string> ReplyProblems(Recv recv) => recv.Reply is not { } reply
        ? []
        :
        [
            .. reply.InReplyTo == 0 ? ["reply needs in_reply_to"] : Array.Empty<string>(),
            .. BodyProblems(reply.Body, reply.Encoding),
            .. LabelProblems("reply.topic", reply.Topic),
            .. LabelProblems("reply.correlation", reply.Correlation),
        ];

    private static IEnumerable<string> RegisterProblems(Register register) =>
    [
        .. register is { Name: null, Topic: null } ? ["give name, topic or both"] : Array.Empty<string>(),
        .. register is { Name: null, Durable: true } ? ["a durable mailbox needs a name"] : Array.Empty<string>(),
        .. NameProblems("name", register.Name),
        .. NameProblems("receiver", register.Receiver),
        .. LabelProblems("topic", register.Topic),
        .. OptionProblems(
            "", register.MaxMessages, register.MaxBytes, register.VisibilityMs, register.MaxDeliveries),
    ];

    /// <summary>Of the options of a mailbox, wherever they stand.</summary>
    internal static IEnumerable<string> OptionProblems(
        string at, int? maxMessages, long? maxBytes, long? visibilityMs, int? maxDeliveries) =>
    [
        .. Range($"{at}max_messages", maxMessages, 1, Limits.MailboxMessagesMax),
        .. Range($"{at}max_bytes", maxBytes, 1_024, Limits.MailboxBytesMax),
        .. Range($"{at}visibility_ms", visibilityMs, Limits.MailVisibilityMsMin, Limits.MailVisibilityMsMax),
        .. Range($"{at}max_deliveries", maxDeliveries, 1, Limits.MailDeliveriesMax),
    ];

    internal static IEnumerable<string> TopicProblems(string field, string? topic) =>
        topic is null ? [$"{field}: an item is null"] : LabelProblems(field, topic);

    private static IEnumerable<string> BodyProblems(MailBody? body, string? encoding) =>
    [
        .. OneOf("encoding", encoding, "base64"),
        .. body?.Length > AbiLimits.PayloadBytesMax
            ? [
                $"body has {body.Length} bytes; at most {AbiLimits.PayloadBytesMax}, "
                + "and more goes beside it, as a handle",
            ]
            : Array.Empty<string>(),
    ];

    private static bool IsLabel(string? label)
    {
        if (label is null)
        {
            return true;
        }

        foreach (var letter in label)
        {
            if (char.IsControl(letter))
            {
                return false;
            }
        }

        return label.Length is >= 1 and <= Limits.MailLabelCharsMax;
    }

    private static IEnumerable<string> LabelProblems(string field, string? label)
    {
        if (label is not null && !IsLabel(label))
        {
            yield return $"{field} is {Quote(label)}; it must be 1 to {Limits.MailLabelCharsMax} characters, "
                + "none of control";
        }
    }

    private static IEnumerable<string> NameProblems(string field, string? name)
    {
        if (name is not null && !SpawnRules.IsName(name))
        {
            yield return $"{field} is {Quote(name)}; it must be 1 to {AbiLimits.NameLengthMax} letters, digits "
                + "and . _ - inside";
        }
    }
}
