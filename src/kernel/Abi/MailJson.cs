using System.Diagnostics.CodeAnalysis;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi;

// Most of what a message costs the kernel is JSON, and most messages are plain. Those are read and written here by
// hand, in a third of the time; whatever is out of the ordinary (an escape, a null, a field twice or unknown, a fault)
// is left to the serializer, which decides and explains as it does for every other syscall.

/// <summary>SEND and RECV, read the quick way; <see cref="QuickJsonWriter"/> has their answers.</summary>
internal static class MailJson
{
    /// <summary>False for what the serializer is to look at.</summary>
    public static bool TryRead(ReadOnlySpan<byte> json, [NotNullWhen(true)] out Send? send)
    {
        QuickJsonReader reader = new(json);
        SendFields fields = default;
        send = null;
        if (!ReadFields(ref reader, ref fields))
        {
            return false;
        }

        send = new Send
        {
            To = fields.To,
            ToId = fields.ToId is { } id ? new ProcessId(id) : null,
            InReplyTo = fields.InReplyTo,
            Body = fields.Body,
            Bodies = fields.Bodies,
            Encoding = fields.Encoding,
            Topic = fields.Topic,
            Correlation = fields.Correlation,
            TtlMs = fields.TtlMs,
            TimeoutMs = fields.TimeoutMs,
            ReplyTimeoutMs = fields.ReplyTimeoutMs,
            Key = fields.Key,
        };
        return true;
    }

    /// <summary>False for what the serializer is to look at.</summary>
    public static bool TryRead(ReadOnlySpan<byte> json, [NotNullWhen(true)] out Recv? recv)
    {
        QuickJsonReader reader = new(json);
        RecvFields fields = default;
        recv = null;
        if (!ReadFields(ref reader, ref fields))
        {
            return false;
        }

        recv = new Recv
        {
            Mailbox = fields.Mailbox,
            Max = fields.Max is { } max ? (int)max : null,
            TimeoutMs = fields.TimeoutMs,
            Topic = fields.Topic,
            Correlation = fields.Correlation,
            VisibilityMs = fields.VisibilityMs,
            Handles = fields.Handles,
            Reply = fields.Reply,
        };
        return true;
    }

    private static bool ReadFields(ref QuickJsonReader reader, ref SendFields fields)
    {
        var plain = reader.Open((byte)'{');
        for (var first = true; plain && reader.NextName(first, out var name); first = false)
        {
            if (name.IsEmpty)
            {
                return reader.EndsHere();
            }

            plain = name switch
            {
                _ when name.SequenceEqual("to"u8) => reader.Read(ref fields.To),
                _ when name.SequenceEqual("body"u8) => reader.Read(ref fields.Body),
                _ when name.SequenceEqual("bodies"u8) => reader.Read(ref fields.Bodies),
                _ when name.SequenceEqual("in_reply_to"u8) => reader.Read(ref fields.InReplyTo),
                _ when name.SequenceEqual("to_id"u8) =>
                    reader.Read(ref fields.ToId) && fields.ToId is >= 0 and <= ProcessId.Max,
                _ when name.SequenceEqual("timeout_ms"u8) => reader.Read(ref fields.TimeoutMs),
                _ when name.SequenceEqual("reply_timeout_ms"u8) => reader.Read(ref fields.ReplyTimeoutMs),
                _ when name.SequenceEqual("topic"u8) => reader.Read(ref fields.Topic),
                _ when name.SequenceEqual("correlation"u8) => reader.Read(ref fields.Correlation),
                _ when name.SequenceEqual("encoding"u8) => reader.Read(ref fields.Encoding),
                _ when name.SequenceEqual("ttl_ms"u8) => reader.Read(ref fields.TtlMs),
                _ when name.SequenceEqual("key"u8) => reader.Read(ref fields.Key),
                _ => false,
            };
        }

        return false;
    }

    private static bool ReadFields(ref QuickJsonReader reader, ref RecvFields fields)
    {
        var plain = reader.Open((byte)'{');
        for (var first = true; plain && reader.NextName(first, out var name); first = false)
        {
            if (name.IsEmpty)
            {
                return reader.EndsHere();
            }

            plain = name switch
            {
                _ when name.SequenceEqual("mailbox"u8) => reader.Read(ref fields.Mailbox),
                _ when name.SequenceEqual("max"u8) =>
                    reader.Read(ref fields.Max) && fields.Max is >= int.MinValue and <= int.MaxValue,
                _ when name.SequenceEqual("timeout_ms"u8) => reader.Read(ref fields.TimeoutMs),
                _ when name.SequenceEqual("reply"u8) => fields.Reply is null && ReadReply(ref reader, ref fields.Reply),
                _ when name.SequenceEqual("handles"u8) => reader.Read(ref fields.Handles),
                _ when name.SequenceEqual("topic"u8) => reader.Read(ref fields.Topic),
                _ when name.SequenceEqual("correlation"u8) => reader.Read(ref fields.Correlation),
                _ when name.SequenceEqual("visibility_ms"u8) => reader.Read(ref fields.VisibilityMs),
                _ => false,
            };
        }

        return false;
    }

    private static bool ReadReply(ref QuickJsonReader reader, ref MailReply? reply)
    {
        long? asked = null;
        MailBody? body = null;
        var plain = reader.Open((byte)'{');
        for (var first = true; plain && reader.NextName(first, out var name); first = false)
        {
            if (name.IsEmpty)
            {
                reply = new MailReply { InReplyTo = asked ?? 0, Body = body };
                return true;
            }

            plain = name switch
            {
                _ when name.SequenceEqual("in_reply_to"u8) => reader.Read(ref asked),
                _ when name.SequenceEqual("body"u8) => reader.ReadBody(2, ref body),
                _ => false,
            };
        }

        return false;
    }

    private struct SendFields
    {
        public string? To;
        public long? ToId;
        public long? InReplyTo;
        public MailBody? Body;
        public IReadOnlyList<MailBody>? Bodies;
        public string? Encoding;
        public string? Topic;
        public string? Correlation;
        public long? TtlMs;
        public long? TimeoutMs;
        public long? ReplyTimeoutMs;
        public string? Key;
    }

    private struct RecvFields
    {
        public string? Mailbox;
        public long? Max;
        public long? TimeoutMs;
        public string? Topic;
        public string? Correlation;
        public long? VisibilityMs;
        public bool? Handles;
        public MailReply? Reply;
    }
}
