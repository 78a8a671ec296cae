using System.Globalization;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows;

/// <summary>What reading and writing JSON of workflows needs again and again.</summary>
internal static class Json
{
    /// <summary>Undefined for null, which a member then is not there for.</summary>
    public static JsonValue Maybe(string? text) => text is null ? JsonValue.Undefined : JsonValue.From(text);

    /// <summary>A time as the service's protocol has it: seconds, with milliseconds behind the point.</summary>
    public static JsonValue Time(DateTimeOffset at) => JsonValue.FromWritten(at.ToUnixTimeMilliseconds() / 1000.0);

    /// <summary>A time as the service's results have it: ISO 8601, with milliseconds.</summary>
    public static JsonValue IsoTime(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The member that is text; null for any other and for none.</summary>
    public static string? MaybeText(this JsonValue json, string name) =>
        json[name].TryGetString(out var text) ? text : null;

    /// <summary>The text of a payload.</summary>
    public static string Payload(this JsonValue json) => json.ToString(JsonWriteOptions.Service);
}
