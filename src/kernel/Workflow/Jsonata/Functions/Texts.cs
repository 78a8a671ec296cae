using System.Globalization;
using System.Text;
using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Functions;

/// <summary>Functions of strings. Lengths and positions count code points, as the language does.</summary>
internal static class Texts
{
    /// <summary>What &amp; joins: nothing for what is undefined.</summary>
    public static string Of(JsonValue value, Evaluation run) => value.Kind switch
    {
        JsonKind.Undefined => "",
        JsonKind.String => value.AsString(),
        JsonKind.Number => OfNumber(value),
        _ => Written(value, 0, run),
    };

    public static JsonValue String(in Call call)
    {
        if (call[0].IsUndefined)
        {
            return default;
        }

        return call[1].IsTrue ? Pretty(call[0], call.Run) : Of(call[0], call.Run);
    }

    public static JsonValue Substring(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var text = call.Text(0);
        var start = call.Number(1);
        call.Run.SpendText(text.Length);
        var points = HasPairs(text) ? Points(text) : null;
        var count = points?.Length - 1 ?? text.Length;
        start = count + start < 0 ? 0 : start;
        double end = count;
        if (call.Has(2))
        {
            var length = call.Number(2);
            if (length <= 0)
            {
                return JsonValue.EmptyString;
            }

            end = start >= 0 ? start + length : count + start + length;
        }

        var (from, to) = (Clamped(start, count), Clamped(end, count));
        return from >= to ? JsonValue.EmptyString
            : points is null ? text[from..to]
            : text[points[from]..points[to]];
    }

    public static JsonValue SubstringBefore(in Call call) => Cut(call, isBefore: true);

    public static JsonValue SubstringAfter(in Call call) => Cut(call, isBefore: false);

    public static JsonValue Lowercase(in Call call) =>
        call.Has(0) ? call.Text(0).ToLowerInvariant() : default(JsonValue);

    public static JsonValue Uppercase(in Call call) =>
        call.Has(0) ? Upper(call.Text(0)) : default(JsonValue);

    public static JsonValue Length(in Call call) => call.Has(0) ? LengthOf(call.Text(0)) : default(JsonValue);

    public static JsonValue Trim(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        StringBuilder trimmed = new();
        var isGap = false;
        foreach (var character in call.Text(0))
        {
            if (character is ' ' or '\t' or '\n' or '\r')
            {
                isGap = trimmed.Length > 0;
                continue;
            }

            if (isGap)
            {
                trimmed.Append(' ');
                isGap = false;
            }

            trimmed.Append(character);
        }

        return trimmed.ToString();
    }

    public static JsonValue Pad(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var text = call.Text(0);
        var width = Math.Truncate(call.Number(1));
        var filler = call.Has(2) && call.Text(2).Length > 0 ? call.Text(2) : " ";
        var missing = Math.Abs(width) - LengthOf(text);
        if (!(missing > 0))
        {
            return text;
        }

        call.Run.SpendText((long)Math.Min(missing * filler.Length, long.MaxValue / 2));
        var points = Points(filler);
        StringBuilder padding = new();
        for (var i = 0; i < missing; i++)
        {
            var at = i % (points.Length - 1);
            padding.Append(filler.AsSpan(points[at], points[at + 1] - points[at]));
        }

        return width > 0 ? $"{text}{padding}" : $"{padding}{text}";
    }

    public static JsonValue Join(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var separator = call.Has(1) ? call.Text(1) : "";
        var items = Values.ItemsOf(call[0]);
        var texts = new string[items.Length];
        long length = 0;
        for (var i = 0; i < items.Length; i++)
        {
            texts[i] = items[i].TryGetString(out var text) ? text : Of(items[i], call.Run);
            length += texts[i].Length + separator.Length;
        }

        call.Run.SpendText(length);
        return string.Join(separator, texts);
    }

    public static int LengthOf(string text)
    {
        var count = text.Length;
        for (var i = 1; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i - 1], text[i]))
            {
                count--;
                i++;
            }
        }

        return count;
    }

    public static string Upper(string text)
    {
        // The one letter that ordinary texts have whose upper case is two letters.
        var upper = text.ToUpperInvariant();
        return upper.Contains('ß') ? upper.Replace("ß", "SS", StringComparison.Ordinal) : upper;
    }

    /// <summary>A number as $string writes it: 15 digits when it has a fraction.</summary>
    private static string OfNumber(JsonValue value)
    {
        if (value.IsInt64 && value.TryGetInt64(out var whole))
        {
            return whole.ToString(CultureInfo.InvariantCulture);
        }

        var number = value.AsDouble();
        if (!double.IsFinite(number))
        {
            throw new JsonataException("D3001", value);
        }

        var rounded = number == Math.Truncate(number) ? number : JsonNumberText.Rounded(number);
        return JsonNumberText.Format(rounded, JsonNumberStyle.JavaScript);
    }

    private static JsonValue Pretty(JsonValue value, Evaluation run) => value.Kind switch
    {
        JsonKind.String => value,
        JsonKind.Number => OfNumber(value),
        _ => Written(value, 2, run),
    };

    /// <summary>As JSON, functions as empty strings.</summary>
    private static string Written(JsonValue value, int indent, Evaluation run)
    {
        if (value.Kind is JsonKind.Opaque)
        {
            return "";
        }

        if (value.TryGetArray(out var array) && (array.Marks & JsonArrayMarks.OuterWrapper) != 0)
        {
            value = array[0];
        }

        JsonWriter writer = new(new JsonWriteOptions(Indent: indent)
        {
            IsRounded = true,
            BytesMax = run.Limits.StringMax,
        });
        try
        {
            writer.Value(value, 0);
        }
        catch (JsonSizeException)
        {
            throw new JsonataException("D1014", run.Limits.StringMax);
        }
        catch (JsonDepthException)
        {
            throw new JsonataException("D1015", JsonLimits.DepthCeiling);
        }

        if (writer.HasNoNumber)
        {
            throw new JsonataException("D1001", JsonValue.Null);
        }

        run.SpendText(writer.Written.Length);
        return Encoding.UTF8.GetString(writer.Written);
    }

    private static JsonValue Cut(in Call call, bool isBefore)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var text = call.Text(0);
        var mark = call.Has(1) ? call.Text(1) : "undefined";
        var index = text.IndexOf(mark, StringComparison.Ordinal);
        return index < 0 ? text : isBefore ? text[..index] : text[(index + mark.Length)..];
    }

    private static bool HasPairs(string text) => text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF');

    /// <summary>Where each code point begins, and the end.</summary>
    private static int[] Points(string text)
    {
        List<int> points = new(text.Length + 1);
        for (var i = 0; i < text.Length; i++)
        {
            points.Add(i);
            i += i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 1 : 0;
        }

        points.Add(text.Length);
        return [.. points];
    }

    /// <summary>As JavaScript's slice: toward zero, negative ones from the end.</summary>
    private static int Clamped(double index, int count)
    {
        index = double.IsNaN(index) ? 0 : Math.Truncate(index);
        return (int)(index < 0 ? Math.Max(0, count + index) : Math.Min(index, count));
    }
}
