using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi;

// Most of what a message costs the kernel is JSON, and most messages are plain. Those are read and written here by
// hand, in a third of the time; whatever is out of the ordinary (an escape, a null, a field twice or unknown, a fault)
// is left to the serializer, which decides and explains as it does for every other syscall.

/// <summary>SEND, RECV and their answers, the quick way.</summary>
internal static class MailJson
{
    private static readonly MailBodyConverter Bodies = new();
    private static readonly JsonReaderOptions Options = new() { MaxDepth = AbiLimits.JsonDepthMax };

    /// <summary>False for what the serializer is to look at.</summary>
    public static bool TryRead(ReadOnlySpan<byte> json, [NotNullWhen(true)] out Send? send)
    {
        Utf8JsonReader reader = new(json, Options);
        SendFields fields = default;
        send = null;
        try
        {
            if (!ReadFields(ref reader, ref fields))
            {
                return false;
            }
        }
        catch (JsonException)
        {
            return false;
        }

        send = new Send
        {
            To = fields.To,
            ToId = fields.ToId is { } id ? new ProcessId(id) : null,
            InReplyTo = fields.InReplyTo,
            Body = fields.Body,
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
        Utf8JsonReader reader = new(json, Options);
        RecvFields fields = default;
        recv = null;
        try
        {
            if (!ReadFields(ref reader, ref fields))
            {
                return false;
            }
        }
        catch (JsonException)
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

    public static void Write(Utf8JsonWriter json, RecvReply reply)
    {
        json.WriteStartObject();
        json.WriteStartArray("messages"u8);
        for (var i = 0; i < reply.Messages.Count; i++)
        {
            Write(json, reply.Messages[i]);
        }

        json.WriteEndArray();
        json.WriteNumber("left"u8, reply.Left);
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, SendReply reply)
    {
        json.WriteStartObject();
        json.WriteNumber("id"u8, reply.Id);
        json.WriteNumber("to"u8, reply.To.Value);
        Write(json, "duplicate"u8, reply.Duplicate);
        if (reply.Reply is { } message)
        {
            json.WritePropertyName("reply"u8);
            Write(json, message);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, MailMessage message)
    {
        json.WriteStartObject();
        json.WriteNumber("id"u8, message.Id);
        json.WriteNumber("from"u8, message.From.Value);
        if (message.Body is { } body)
        {
            json.WritePropertyName("body"u8);
            json.WriteRawValue(body.Json.Span, skipInputValidation: true);
        }

        Write(json, "from_name"u8, message.FromName);
        Write(json, "to"u8, message.To);
        Write(json, "encoding"u8, message.Encoding);
        Write(json, "topic"u8, message.Topic);
        Write(json, "correlation"u8, message.Correlation);
        if (message.Priority is { } priority)
        {
            Write(json, "priority"u8, NameOf(priority));
        }

        json.WriteNumber("age_ms"u8, message.AgeMs);
        Write(json, "wants_reply"u8, message.WantsReply);
        Write(json, "receipt"u8, message.Receipt);
        Write(json, "delivery"u8, message.Delivery);
        Write(json, "handle_bytes"u8, message.HandleBytes);
        json.WriteEndObject();
    }

    private static string NameOf(MailPriority priority) => priority switch
    {
        MailPriority.Low => "low",
        MailPriority.Normal => "normal",
        MailPriority.High => "high",
    };

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, bool? value)
    {
        if (value is { } truth)
        {
            json.WriteBoolean(name, truth);
        }
    }

    private static bool ReadFields(ref Utf8JsonReader reader, ref SendFields fields)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var plain = reader.ValueSpan switch
            {
                var name when name.SequenceEqual("to"u8) => ReadText(ref reader, ref fields.To),
                var name when name.SequenceEqual("body"u8) => ReadBody(ref reader, ref fields.Body),
                var name when name.SequenceEqual("in_reply_to"u8) => ReadNumber(ref reader, ref fields.InReplyTo),
                var name when name.SequenceEqual("to_id"u8) => ReadNumber(ref reader, ref fields.ToId)
                    && fields.ToId is >= 0 and <= ProcessId.Max,
                var name when name.SequenceEqual("timeout_ms"u8) => ReadNumber(ref reader, ref fields.TimeoutMs),
                var name when name.SequenceEqual("reply_timeout_ms"u8) =>
                    ReadNumber(ref reader, ref fields.ReplyTimeoutMs),
                var name when name.SequenceEqual("topic"u8) => ReadText(ref reader, ref fields.Topic),
                var name when name.SequenceEqual("correlation"u8) => ReadText(ref reader, ref fields.Correlation),
                var name when name.SequenceEqual("encoding"u8) => ReadText(ref reader, ref fields.Encoding),
                var name when name.SequenceEqual("ttl_ms"u8) => ReadNumber(ref reader, ref fields.TtlMs),
                var name when name.SequenceEqual("key"u8) => ReadText(ref reader, ref fields.Key),
                _ => false,
            };
            if (!plain)
            {
                return false;
            }
        }

        return EndsHere(ref reader);
    }

    private static bool ReadFields(ref Utf8JsonReader reader, ref RecvFields fields)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var plain = reader.ValueSpan switch
            {
                var name when name.SequenceEqual("mailbox"u8) => ReadText(ref reader, ref fields.Mailbox),
                var name when name.SequenceEqual("max"u8) => ReadNumber(ref reader, ref fields.Max)
                    && fields.Max is >= int.MinValue and <= int.MaxValue,
                var name when name.SequenceEqual("timeout_ms"u8) => ReadNumber(ref reader, ref fields.TimeoutMs),
                var name when name.SequenceEqual("reply"u8) => ReadReply(ref reader, ref fields.Reply),
                var name when name.SequenceEqual("handles"u8) => ReadTruth(ref reader, ref fields.Handles),
                var name when name.SequenceEqual("topic"u8) => ReadText(ref reader, ref fields.Topic),
                var name when name.SequenceEqual("correlation"u8) => ReadText(ref reader, ref fields.Correlation),
                var name when name.SequenceEqual("visibility_ms"u8) => ReadNumber(ref reader, ref fields.VisibilityMs),
                _ => false,
            };
            if (!plain)
            {
                return false;
            }
        }

        return EndsHere(ref reader);
    }

    private static bool ReadReply(ref Utf8JsonReader reader, ref MailReply? reply)
    {
        long? asked = null;
        MailBody? body = null;
        reader.Read();
        if (reply is not null || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var plain = reader.ValueSpan switch
            {
                var name when name.SequenceEqual("in_reply_to"u8) => ReadNumber(ref reader, ref asked),
                var name when name.SequenceEqual("body"u8) => ReadBody(ref reader, ref body),
                _ => false,
            };
            if (!plain)
            {
                return false;
            }
        }

        reply = new MailReply { InReplyTo = asked ?? 0, Body = body };
        return reader.TokenType == JsonTokenType.EndObject;
    }

    private static bool EndsHere(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.EndObject && !reader.Read();

    private static bool ReadText(ref Utf8JsonReader reader, ref string? value)
    {
        reader.Read();
        if (value is not null || reader.TokenType != JsonTokenType.String || reader.ValueIsEscaped)
        {
            return false;
        }

        value = reader.GetString();
        return true;
    }

    private static bool ReadNumber(ref Utf8JsonReader reader, ref long? value)
    {
        reader.Read();
        if (value is not null || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number))
        {
            return false;
        }

        value = number;
        return true;
    }

    private static bool ReadTruth(ref Utf8JsonReader reader, ref bool? value)
    {
        reader.Read();
        if (value is not null || reader.TokenType is not (JsonTokenType.True or JsonTokenType.False))
        {
            return false;
        }

        value = reader.TokenType == JsonTokenType.True;
        return true;
    }

    private static bool ReadBody(ref Utf8JsonReader reader, ref MailBody? body)
    {
        reader.Read();
        if (body is not null || reader.TokenType == JsonTokenType.Null)
        {
            return false;
        }

        body = Bodies.Read(ref reader, typeof(MailBody), JsonSerializerOptions.Default);
        return true;
    }

    private struct SendFields
    {
        public string? To;
        public long? ToId;
        public long? InReplyTo;
        public MailBody? Body;
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
