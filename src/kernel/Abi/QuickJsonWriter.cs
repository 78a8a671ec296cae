using System.Buffers;
using System.Text;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi;

/// <summary>
/// Writes what RECV, SEND and FUNCTIONNEXT answer, as the serializer would, into memory that was asked for once.
/// </summary>
internal ref struct QuickJsonWriter
{
    /// <summary>For the names, signs and numbers of one message, and of one answer.</summary>
    private const int Around = 512;

    /// <summary>A character may become six: an escape.</summary>
    private const int CharBytesMax = 6;

    /// <summary>Characters that stand for themselves in any encoder's eyes.</summary>
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/ ,;=@#*()[]{}|~^$%!?");

    /// <summary>From so many bytes on, a body that is alone in its answer is not copied into it.</summary>
    private const int LargeBytes = 16 * 1024;

    private readonly Span<byte> _into;
    private readonly MailBody? _leftOut;
    private int _at;
    private int _gap;

    private QuickJsonWriter(Span<byte> into, MailBody? leftOut)
    {
        _into = into;
        _leftOut = leftOut;
    }

    /// <summary>The body that is worth leaving out of an answer: its bytes are sent from where they are.</summary>
    public static MailBody? LargeIn(Reply reply)
    {
        var body = reply switch
        {
            RecvReply { Messages: [var only] } => only.Body,
            SendReply { Reply: { } message } => message.Body,
            _ => null,
        };
        return body?.Length >= LargeBytes ? body : null;
    }

    /// <summary>Writes all but one body; where it belongs.</summary>
    public static int Write(RecvReply reply, PooledBytes into, MailBody? leftOut = null)
    {
        var room = Around;
        foreach (var message in reply.Messages)
        {
            room += RoomFor(message, leftOut);
        }

        QuickJsonWriter json = new(into.GetSpan(room), leftOut);
        json.Raw("{\"messages\":["u8);
        for (var i = 0; i < reply.Messages.Count; i++)
        {
            if (i > 0)
            {
                json.Raw(","u8);
            }

            json.Write(reply.Messages[i]);
        }

        json.Raw("],\"left\":"u8);
        json.Number(reply.Left);
        if (reply.Draining is { } draining)
        {
            json.Raw(draining ? ",\"draining\":true"u8 : ",\"draining\":false"u8);
        }

        json.Raw("}"u8);
        into.Advance(json._at);
        return json._gap;
    }

    /// <summary>Writes all but one body; where it belongs.</summary>
    public static int Write(SendReply reply, PooledBytes into, MailBody? leftOut = null)
    {
        QuickJsonWriter json = new(
            into.GetSpan(Around + (reply.Reply is { } room ? RoomFor(room, leftOut) : 0)), leftOut);
        json.Raw("{\"id\":"u8);
        json.Number(reply.Id);
        json.Raw(",\"to\":"u8);
        json.Number(reply.To.Value);
        json.Field(",\"duplicate\":"u8, reply.Duplicate);
        json.Field(",\"count\":"u8, reply.Count);
        if (reply.Reply is { } message)
        {
            json.Raw(",\"reply\":"u8);
            json.Write(message);
        }

        json.Raw("}"u8);
        into.Advance(json._at);
        return json._gap;
    }

    public static void Write(FunctionNextReply reply, PooledBytes into)
    {
        QuickJsonWriter json = new(into.GetSpan(Around + (reply.Event?.Length ?? 0)
            + (CharBytesMax * ((reply.RequestId?.Length ?? 0) + (reply.FunctionArn?.Length ?? 0)
                + (reply.TraceId?.Length ?? 0) + (reply.ClientContext?.Length ?? 0)))), leftOut: null);
        if (reply.RequestId is null)
        {
            json.Raw("{}"u8);
            into.Advance(json._at);
            return;
        }

        json.Field("{\"request_id\":"u8, reply.RequestId);
        json.Field(",\"deadline_ms\":"u8, reply.DeadlineMs);
        json.Field(",\"function_arn\":"u8, reply.FunctionArn);
        json.Field(",\"trace_id\":"u8, reply.TraceId);
        json.Field(",\"client_context\":"u8, reply.ClientContext);
        if (reply.Event is { } body)
        {
            json.Raw(",\"event\":"u8);
            json.Raw(body.Json.Span);
        }

        json.Raw("}"u8);
        into.Advance(json._at);
    }

    private static int RoomFor(MailMessage message, MailBody? leftOut) => Around
        + (ReferenceEquals(message.Body, leftOut) ? 0 : message.Body?.Length ?? 0)
        + (CharBytesMax * ((message.FromName?.Length ?? 0) + (message.To?.Length ?? 0)
            + (message.Encoding?.Length ?? 0) + (message.Topic?.Length ?? 0) + (message.Correlation?.Length ?? 0)));

    private void Write(MailMessage message)
    {
        Raw("{\"id\":"u8);
        Number(message.Id);
        Raw(",\"from\":"u8);
        Number(message.From.Value);
        if (message.Body is { } body)
        {
            Raw(",\"body\":"u8);
            if (ReferenceEquals(body, _leftOut))
            {
                _gap = _at;
            }
            else
            {
                Raw(body.Json.Span);
            }
        }

        Field(",\"from_name\":"u8, message.FromName);
        Field(",\"to\":"u8, message.To);
        Field(",\"encoding\":"u8, message.Encoding);
        Field(",\"topic\":"u8, message.Topic);
        Field(",\"correlation\":"u8, message.Correlation);
        if (message.Priority is { } priority)
        {
            Field(",\"priority\":"u8, NameOf(priority));
        }

        Raw(",\"age_ms\":"u8);
        Number(message.AgeMs);
        Field(",\"wants_reply\":"u8, message.WantsReply);
        Field(",\"receipt\":"u8, message.Receipt);
        Field(",\"delivery\":"u8, message.Delivery);
        Field(",\"handle_bytes\":"u8, message.HandleBytes);
        Raw("}"u8);
    }

    private static string NameOf(MailPriority priority) => priority switch
    {
        MailPriority.Low => "low",
        MailPriority.Normal => "normal",
        MailPriority.High => "high",
    };

    private void Field(ReadOnlySpan<byte> name, string? value)
    {
        if (value is null)
        {
            return;
        }

        Raw(name);
        Raw("\""u8);
        if (value.AsSpan().ContainsAnyExcept(Plain))
        {
            Raw(JsonEncodedText.Encode(value).EncodedUtf8Bytes);
        }
        else
        {
            _at += Encoding.UTF8.GetBytes(value, _into[_at..]);
        }

        Raw("\""u8);
    }

    private void Field(ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
        {
            Raw(name);
            Number(number);
        }
    }

    private void Field(ReadOnlySpan<byte> name, bool? value)
    {
        if (value is { } truth)
        {
            Raw(name);
            Raw(truth ? "true"u8 : "false"u8);
        }
    }

    private void Number(long value)
    {
        if (value is >= 0 and < 10)
        {
            _into[_at++] = (byte)('0' + value);
            return;
        }

        value.TryFormat(_into[_at..], out var written, provider: System.Globalization.CultureInfo.InvariantCulture);
        _at += written;
    }

    private void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_into[_at..]);
        _at += bytes.Length;
    }
}
