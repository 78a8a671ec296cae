using System.Text.Json;
using System.Text.Json.Serialization;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi.AgentOs;

internal sealed record AgentOsSend
{
    [JsonConverter(typeof(WholeNumberConverter))]
    public long? To { get; init; }

    public string? ToName { get; init; }

    public MailBody? Message { get; init; }
}

internal sealed record AgentOsReceive
{
    [JsonConverter(typeof(WholeNumberConverter))]
    public long? Max { get; init; }
}

internal sealed record AgentOsBroadcast
{
    public MailBody? Message { get; init; }

    public bool? IncludeSelf { get; init; }
}

internal sealed record AgentOsRegister
{
    public string? Name { get; init; }
}

/// <summary>Messaging as AgentOS programs word it: SEND, RECV that does not wait, BROADCAST, REGISTER.</summary>
internal static class AgentOsMail
{
    private const int ReceiveDefault = 10;
    private const int ReceiveMax = 256;

    public static AgentOsRequest Send(AgentOsSend send)
    {
        if (send.To is null && string.IsNullOrEmpty(send.ToName))
        {
            return Refuse("target agent required (to or to_name)");
        }

        return send.To is < 1 or > ProcessId.Max
            ? Refuse("to is a whole number from 1 to 4294967295")
            : new AgentOsRequest
            {
                Syscall = new Send
                {
                    ToId = send.To is { } id ? new ProcessId(id) : null,
                    To = send.To is null ? send.ToName : null,
                    Body = send.Message,
                },
            };
    }

    public static AgentOsRequest Receive(AgentOsReceive receive) => new()
    {
        Syscall = new Recv { Max = (int)Math.Clamp(receive.Max ?? ReceiveDefault, 1, ReceiveMax), TimeoutMs = 0 },
    };

    public static AgentOsRequest Broadcast(AgentOsBroadcast broadcast) => new()
    {
        Syscall = new Broadcast { Body = broadcast.Message, IncludeSelf = broadcast.IncludeSelf },
    };

    public static AgentOsRequest Register(AgentOsRegister register) => string.IsNullOrEmpty(register.Name)
        ? Refuse("name required")
        : new AgentOsRequest { Syscall = new Register { Name = register.Name } };

    /// <summary>The answer to one of these; null when it is none of them.</summary>
    public static Action<Utf8JsonWriter>? Answer(Syscall syscall, Reply reply) => reply switch
    {
        SendReply send => json =>
        {
            json.WriteBoolean("success", true);
            json.WriteNumber("delivered_to", send.To.Value);
        }
        ,
        BroadcastReply broadcast => json =>
        {
            json.WriteBoolean("success", true);
            json.WriteNumber("delivered_count", broadcast.Delivered);
        }
        ,
        MailboxView box when syscall is Register register => json =>
        {
            json.WriteBoolean("success", true);
            json.WriteNumber("agent_id", box.Process?.Value ?? 0);
            json.WriteString("name", register.Name);
        }
        ,
        RecvReply received => json => Received(json, received),
        _ => null,
    };

    private static void Received(Utf8JsonWriter json, RecvReply received)
    {
        json.WriteBoolean("success", true);
        json.WriteStartArray("messages");
        foreach (var message in received.Messages)
        {
            json.WriteStartObject();
            json.WriteNumber("from", message.From.Value);
            json.WriteString("from_name", message.FromName ?? "");
            json.WritePropertyName("message");
            json.WriteRawValue(message.Body is { } body ? body.Json.Span : "null"u8, skipInputValidation: true);
            json.WriteNumber("age_ms", message.AgeMs);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("count", received.Messages.Count);
    }

    private static AgentOsRequest Refuse(string message) => new() { Error = SysError.InvalidArgument(message) };
}
