using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Functions;

namespace Analemma.Workflow.Jsonata.Pictures;

/// <summary>Functions of time.</summary>
internal static class DateTimeFunctions
{
    /// <summary>The same all through an evaluation.</summary>
    public static JsonValue Now(in Call call) => Formatted(call, call.Run.NowMillis, 0);

    public static JsonValue Millis(in Call call) => call.Run.NowMillis;

    public static JsonValue FromMillis(in Call call) =>
        call.Has(0) ? Formatted(call, call.Number(0), 1) : default(JsonValue);

    public static JsonValue ToMillis(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        if (!call.Has(1))
        {
            return DateTimeParser.Iso8601(call.Text(0));
        }

        call.Run.SpendText(call.Text(0).Length * 64L);
        var picture = call.Run.DatePictures.Of(call.Text(1));
        return DateTimeParser.Parse(call.Text(0), picture, call.Run.NowMillis) is { } millis
            ? millis
            : default(JsonValue);
    }

    private static JsonValue Formatted(in Call call, double millis, int picture)
    {
        var parts = call.Has(picture) ? call.Run.DatePictures.Of(call.Text(picture)) : DateTimePicture.Iso8601;
        call.Run.SpendText(parts.Count * 64L);
        return DateTimeFormatter.Format(millis, parts, call.Has(picture + 1) ? call.Text(picture + 1) : null);
    }
}
