using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Analemma.Abi;

/// <summary>
/// Names one process for the life of the journal: 1 and up, never reused, at most 2^32 - 1 because the AgentOS framing
/// carries it in 32 bits. Zero is nobody. A host pid is a different thing.
/// </summary>
[JsonConverter(typeof(ProcessIdConverter))]
public readonly record struct ProcessId(long Value) : IComparable<ProcessId>
{
    /// <summary>The largest id that the AgentOS framing can carry.</summary>
    public const long Max = uint.MaxValue;

    /// <summary>Nobody: as a parent, a client on the host.</summary>
    public static ProcessId None => default;

    /// <summary>Ids are ordered as they were given.</summary>
    public static bool operator <(ProcessId left, ProcessId right) => left.Value < right.Value;

    /// <summary>Ids are ordered as they were given.</summary>
    public static bool operator >(ProcessId left, ProcessId right) => left.Value > right.Value;

    /// <summary>Ids are ordered as they were given.</summary>
    public static bool operator <=(ProcessId left, ProcessId right) => left.Value <= right.Value;

    /// <summary>Ids are ordered as they were given.</summary>
    public static bool operator >=(ProcessId left, ProcessId right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public int CompareTo(ProcessId other) => Value.CompareTo(other.Value);

    /// <summary>The number, in digits.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>An id is a JSON number.</summary>
    public sealed class ProcessIdConverter : JsonConverter<ProcessId>
    {
        /// <inheritdoc/>
        public override ProcessId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value) && value is >= 0 and <= Max
                ? new ProcessId(value)
                : throw new JsonException("expected a process id: a whole number from 0 to 4294967295");

        /// <inheritdoc/>
        public override void Write(Utf8JsonWriter writer, ProcessId value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Value);
    }
}
