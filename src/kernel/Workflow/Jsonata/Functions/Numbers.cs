using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Functions;

/// <summary>Functions of numbers.</summary>
internal static partial class Numbers
{
    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";

    public static JsonValue Sum(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var total = 0.0;
        foreach (var item in Values.ItemsOf(call[0]))
        {
            total += item.TryGetDouble(out var number) ? number : throw call.Wrong(0);
        }

        return total;
    }

    public static JsonValue Count(in Call call) => Values.ItemsOf(call[0]).Length;

    public static JsonValue Max(in Call call) => Extreme(call, 1);

    public static JsonValue Min(in Call call) => Extreme(call, -1);

    public static JsonValue Average(in Call call)
    {
        var count = Values.ItemsOf(call[0]).Length;
        return count == 0 ? default(JsonValue) : Sum(call).AsDouble() / count;
    }

    public static JsonValue Number(in Call call)
    {
        var value = call[0];
        switch (value.Kind)
        {
            case JsonKind.Undefined:
                return default;
            case JsonKind.Number:
                return value;
            case JsonKind.Boolean:
                return value.IsTrue ? 1 : 0;
            case JsonKind.String when Parse(value.AsString()) is { } number:
                return number;
            default:
                throw new JsonataException("D3030", value) { Index = 1 };
        }
    }

    public static JsonValue Abs(in Call call) => call.Has(0) ? Math.Abs(call.Number(0)) : default(JsonValue);

    public static JsonValue Floor(in Call call) => call.Has(0) ? Math.Floor(call.Number(0)) : default(JsonValue);

    public static JsonValue Ceil(in Call call) => call.Has(0) ? Math.Ceiling(call.Number(0)) : default(JsonValue);

    public static JsonValue Round(in Call call) => call.Has(0)
        ? Rounded(call.Number(0), call.Has(1) ? call.Number(1) : 0)
        : default(JsonValue);

    public static JsonValue Sqrt(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var number = call.Number(0);
        return number < 0 ? throw new JsonataException("D3060", call[0]) { Index = 1 } : Math.Sqrt(number);
    }

    public static JsonValue Power(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var result = Math.Pow(call.Number(0), call.Has(1) ? call.Number(1) : double.NaN);
        return double.IsFinite(result)
            ? result
            : throw new JsonataException("D3061", call[0]) { Index = 1, Value2 = call[1] };
    }

    public static JsonValue Random(in Call call) => call.Run.NextRandom();

    public static JsonValue FormatBase(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var number = Rounded(call.Number(0), 0);
        var radix = call.Has(1) ? Rounded(call.Number(1), 0) : 10;
        if (!(radix is >= 2 and <= 36))
        {
            throw new JsonataException("D3100", radix);
        }

        if (radix == 10 || !double.IsFinite(number))
        {
            return JsonNumberText.Format(number, JsonNumberStyle.JavaScript);
        }

        return InBase(new BigInteger(Math.Abs(number)), (int)radix, number < 0);
    }

    /// <summary>To so many decimals, halves to the even neighbour, as the decimal digits show it.</summary>
    public static double Rounded(double number, double precision)
    {
        var shifted = Shifted(number, precision);
        var floor = Math.Floor(shifted);
        var result = shifted - floor >= 0.5 ? floor + 1 : floor;
        if (Math.Abs(result - shifted) == 0.5 && Math.Abs(result % 2) == 1)
        {
            result--;
        }

        result = Shifted(result, -precision);
        return result == 0 ? 0 : result;
    }

    /// <summary>Times a power of ten, by moving the point in its shortest decimal form.</summary>
    private static double Shifted(double number, double places)
    {
        if (places == 0 || !double.IsFinite(number))
        {
            return number;
        }

        var text = number.ToString("R", CultureInfo.InvariantCulture);
        var at = text.IndexOf('E', StringComparison.Ordinal);
        var exponent = at < 0 ? 0 : int.Parse(text.AsSpan(at + 1), CultureInfo.InvariantCulture);
        var mantissa = at < 0 ? text : text[..at];
        var moved = exponent + (int)Math.Clamp(Math.Truncate(places), -10_000, 10_000);
        return double.Parse(
            string.Create(CultureInfo.InvariantCulture, $"{mantissa}E{moved}"),
            NumberStyles.Float,
            CultureInfo.InvariantCulture);
    }

    private static JsonValue Extreme(in Call call, int sign)
    {
        JsonValue result = default;
        var best = 0.0;
        foreach (var item in Values.ItemsOf(call[0]))
        {
            var number = item.TryGetDouble(out var given) ? given : throw call.Wrong(0);
            if (result.IsUndefined || number.CompareTo(best) * sign > 0)
            {
                (result, best) = (item, number);
            }
        }

        return result;
    }

    private static JsonValue? Parse(string text)
    {
        if (Decimal().IsMatch(text))
        {
            var number = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
            return double.IsFinite(number) ? number : null;
        }

        if (!Prefixed().IsMatch(text))
        {
            return null;
        }

        var radix = char.ToLowerInvariant(text[1]) switch { 'x' => 16, 'o' => 8, _ => 2 };
        var value = 0.0;
        foreach (var digit in text.AsSpan(2))
        {
            value = (value * radix) + Digits.IndexOf(char.ToLowerInvariant(digit), StringComparison.Ordinal);
        }

        return double.IsFinite(value) ? value : null;
    }

    private static string InBase(BigInteger number, int radix, bool isNegative)
    {
        if (number.IsZero)
        {
            return "0";
        }

        List<char> digits = [];
        for (; !number.IsZero; number /= radix)
        {
            digits.Add(Digits[(int)(number % radix)]);
        }

        if (isNegative)
        {
            digits.Add('-');
        }

        digits.Reverse();
        return new string([.. digits]);
    }

    [GeneratedRegex("^-?[0-9]+(\\.[0-9]+)?([Ee][-+]?[0-9]+)?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Decimal();

    [GeneratedRegex("^0([xX][0-9A-Fa-f]+|[oO][0-7]+|[bB][01]+)\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Prefixed();
}
