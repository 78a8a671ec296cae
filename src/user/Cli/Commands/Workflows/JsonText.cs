using System.Globalization;
using System.Text.Json;
using Analemma.Cli.Output;

namespace Analemma.Cli.Commands.Workflows;

/// <summary>Answers of the workflow API, printed.</summary>
internal static class JsonText
{
    public static void Write(Session session, JsonElement value) =>
        session.Terminal.Output.WriteLine(JsonLook.DocumentBy(value.WriteTo));

    /// <summary>A list, as the API has it, of all its pages.</summary>
    public static void Write(Session session, string name, IEnumerable<JsonElement> items) =>
        session.Terminal.Output.WriteLine(JsonLook.DocumentBy(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray(name);
            foreach (var item in items)
            {
                item.WriteTo(writer);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }));

    /// <summary>What comes in by a pipe.</summary>
    public static async Task<string> ReadInputAsync(Session session)
    {
        using StreamReader input = new(session.Terminal.PipedInput
            ?? throw CliException.Usage("- stands for standard input, and nothing is piped in"));
        return await input.ReadToEndAsync(session.CancellationToken);
    }

    /// <summary>A time in seconds, as people read it; empty when there is none.</summary>
    public static string Time(JsonElement value, string name) =>
        value.TryGetProperty(name, out var seconds)
            ? At(seconds).ToString("yyyy-MM-dd HH:mm:ssZ", CultureInfo.InvariantCulture)
            : "";

    public static DateTime At(JsonElement seconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Round(seconds.GetDouble() * 1000)).UtcDateTime;

    public static string Text(JsonElement value, string name) =>
        value.TryGetProperty(name, out var text) ? text.ToString() : "";
}
