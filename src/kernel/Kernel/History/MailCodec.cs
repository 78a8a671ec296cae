using System.Text.Json;
using System.Text.Json.Serialization;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.History;

/// <summary>
/// The events of durable mailboxes to journal bodies and back: the records whose types begin with mail.
/// </summary>
internal static class MailCodec
{
    public const string Prefix = "mail.";

    public static (string Type, byte[] Body) Write(MailEvent @event) => @event switch
    {
        MailAccepted accepted => ("mail.accepted", Json(accepted, MailJsonContext.Default.MailAccepted)),
        MailAcknowledged acked => ("mail.acknowledged", Json(acked, MailJsonContext.Default.MailAcknowledged)),
        MailDropped dropped => ("mail.dropped", Json(dropped, MailJsonContext.Default.MailDropped)),
        MailboxRegistered made => ("mail.registered", Json(made, MailJsonContext.Default.MailboxRegistered)),
        MailboxUnregistered gone => ("mail.unregistered", Json(gone, MailJsonContext.Default.MailboxUnregistered)),
        _ => throw new KernelPanicException($"no journal type for {@event.GetType().Name}"),
    };

    public static MailEvent Read(string type, ReadOnlySpan<byte> body) => type switch
    {
        "mail.accepted" => Parse(body, MailJsonContext.Default.MailAccepted),
        "mail.acknowledged" => Parse(body, MailJsonContext.Default.MailAcknowledged),
        "mail.dropped" => Parse(body, MailJsonContext.Default.MailDropped),
        "mail.registered" => Parse(body, MailJsonContext.Default.MailboxRegistered),
        "mail.unregistered" => Parse(body, MailJsonContext.Default.MailboxUnregistered),
        _ => throw new JsonException($"the journal holds a record of type {type}, which this kernel does not know"),
    };

    private static byte[] Json<T>(T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        JsonSerializer.SerializeToUtf8Bytes(value, type);

    private static T Parse<T>(
        ReadOnlySpan<byte> body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class =>
        JsonSerializer.Deserialize(body, type) ?? throw new JsonException("a journal record is null");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(MailAccepted))]
[JsonSerializable(typeof(MailAcknowledged))]
[JsonSerializable(typeof(MailDropped))]
[JsonSerializable(typeof(MailboxRegistered))]
[JsonSerializable(typeof(MailboxUnregistered))]
internal sealed partial class MailJsonContext : JsonSerializerContext;
