using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Analemma.Workflow.Json;

// NUMBERS
//
// An integer of 64 bits stays one, exactly. What was written with a point or an exponent is a double, and stays one
// (a service in Java writes 1.0 back as 1.0, see JsonNumberStyle). What neither can hold keeps its text and is handed
// on as it was; arithmetic sees the nearest double, as it does for all others in the end.
public readonly partial struct JsonValue
{
    private const double IntegerExactMax = 9007199254740992;

    public bool IsNumber => Kind is JsonKind.Number;

    public static JsonValue From(int value) => new(JsonTag.Integer, value);

    public static JsonValue From(long value) => new(JsonTag.Integer, value);

    /// <summary>The result of arithmetic: a whole number within 2^53 becomes an integer.</summary>
    public static JsonValue From(double value)
    {
        if (value >= -IntegerExactMax && value <= IntegerExactMax)
        {
            var whole = (long)value;
            if (whole == value)
            {
                return new JsonValue(JsonTag.Integer, whole);
            }
        }

        return new JsonValue(JsonTag.Double, BitConverter.DoubleToInt64Bits(value));
    }

    /// <summary>A number that was written with a point or an exponent, and is to be written so again.</summary>
    public static JsonValue FromWritten(double value) => new(JsonTag.Double, BitConverter.DoubleToInt64Bits(value));

    /// <summary>A number in JSON's notation of any size, exactly as written where no other form can hold it.</summary>
    internal static JsonValue FromBig(string text) => new(
        new JsonBigNumber(text, double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture)),
        (long)JsonKind.Number);

    /// <summary>False also for a number that has a fraction or needs more than 64 bits. 1.0 is an integer.</summary>
    public bool TryGetInt64(out long value)
    {
        if (ReferenceEquals(_ref, JsonTag.Integer))
        {
            value = _bits;
            return true;
        }

        value = 0;
        if (!ReferenceEquals(_ref, JsonTag.Double))
        {
            return false;
        }

        var number = BitConverter.Int64BitsToDouble(_bits);
        if (number is >= -9223372036854775808d and < 9223372036854775808d && Math.Truncate(number) == number)
        {
            value = (long)number;
            return true;
        }

        return false;
    }

    public bool TryGetInt32(out int value)
    {
        var fits = TryGetInt64(out var wide) && wide is >= int.MinValue and <= int.MaxValue;
        value = fits ? (int)wide : 0;
        return fits;
    }

    /// <summary>The nearest double; infinite beyond its range. False when this is no number.</summary>
    public bool TryGetDouble(out double value)
    {
        if (ReferenceEquals(_ref, JsonTag.Integer))
        {
            value = _bits;
            return true;
        }

        if (ReferenceEquals(_ref, JsonTag.Double))
        {
            value = BitConverter.Int64BitsToDouble(_bits);
            return true;
        }

        value = _ref is JsonBigNumber big ? big.Approximate : 0;
        return _ref is JsonBigNumber;
    }

    /// <exception cref="InvalidOperationException">This is no number.</exception>
    public double AsDouble() => TryGetDouble(out var value) ? value : throw Not(JsonKind.Number);

    /// <summary>Whether it is held as an integer of 64 bits, not as a double that happens to be whole.</summary>
    public bool IsInt64 => ReferenceEquals(_ref, JsonTag.Integer);

    internal bool IsBigNumber([NotNullWhen(true)] out string? text) =>
        (text = (_ref as JsonBigNumber)?.Text) is not null;
}
