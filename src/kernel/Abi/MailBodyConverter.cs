using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi;

/// <summary>A body is the JSON value that it holds.</summary>
public sealed class MailBodyConverter : JsonConverter<MailBody>
{
    /// <inheritdoc/>
    public override bool HandleNull => true;

    /// <inheritdoc/>
    public override MailBody? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            using var document = JsonDocument.ParseValue(ref reader);
            ArrayBufferWriter<byte> copy = new();
            using (Utf8JsonWriter writer = new(copy))
            {
                document.RootElement.WriteTo(writer);
            }

            return new MailBody(copy.WrittenMemory.ToArray());
        }

        var raw = reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan.ToArray();
        return new MailBody(reader.TokenType == JsonTokenType.String ? [(byte)'"', .. raw, (byte)'"'] : raw);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, MailBody value, JsonSerializerOptions options)
    {
        if (value is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            writer.WriteRawValue(value.Json.Span, skipInputValidation: true);
        }
    }
}
