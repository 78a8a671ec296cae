using System.Text.Json;
using System.Text.Json.Serialization;

namespace Analemma.Abi.Syscalls;

/// <summary>
/// What a message says: any JSON value, kept as the sender wrote it. The kernel carries it and never looks inside.
/// </summary>
[JsonConverter(typeof(MailBodyConverter))]
public sealed class MailBody : IEquatable<MailBody>
{
    private readonly ReadOnlyMemory<byte> _json;

    /// <summary>Takes the UTF-8 of one JSON value, which the caller knows to be well-formed.</summary>
    /// <param name="json">Kept, not copied.</param>
    public MailBody(ReadOnlyMemory<byte> json) => _json = json;

    /// <summary>The JSON value, in UTF-8.</summary>
    public ReadOnlyMemory<byte> Json => _json;

    /// <summary>Bytes of the JSON value.</summary>
    public int Length => _json.Length;

    /// <summary>A body that is a text.</summary>
    /// <param name="text">Any text.</param>
    public static MailBody Of(string text) =>
        new(JsonSerializer.SerializeToUtf8Bytes(text, AbiJsonContext.Default.String));

    /// <summary>A body that is a JSON value.</summary>
    /// <param name="value">Any value.</param>
    public static MailBody Of(JsonElement value) =>
        new(JsonSerializer.SerializeToUtf8Bytes(value, AbiJsonContext.Default.JsonElement));

    /// <summary>The body as a value to look into.</summary>
    public JsonElement ToElement()
    {
        using var document = JsonDocument.Parse(_json);
        return document.RootElement.Clone();
    }

    /// <summary>The text, of a body that is one; else its JSON.</summary>
    public string ToText()
    {
        var element = ToElement();
        return element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText();
    }

    /// <inheritdoc/>
    public bool Equals(MailBody? other) => other is not null && _json.Span.SequenceEqual(other._json.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MailBody);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(_json.Span);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Length} bytes";
}
