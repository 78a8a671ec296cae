using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Analemma.Cli.Output;

/// <summary>
/// JSON as people read it: letters are letters, <c>é</c> and <c>'</c> no <c>\u00E9</c> and <c>\u0027</c>. It goes to
/// terminals and files, and into no page; control characters are escaped as ever.
/// </summary>
internal static class JsonLook
{
    private static readonly JsonWriterOptions Line = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions Indented = Line with { Indented = true };

    public static string LineOf<T>(T value, JsonTypeInfo<T> type) =>
        Text(Line, writer => JsonSerializer.Serialize(writer, value, type));

    public static string LineOf(JsonElement value) => Text(Line, value.WriteTo);

    public static string DocumentOf<T>(T value, JsonTypeInfo<T> type) =>
        Text(Indented, writer => JsonSerializer.Serialize(writer, value, type));

    public static string DocumentBy(Action<Utf8JsonWriter> write) => Text(Indented, write);

    private static string Text(JsonWriterOptions options, Action<Utf8JsonWriter> write)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer, options))
        {
            write(writer);
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }
}
