using System.Globalization;

namespace Analemma.Kernel.Happenings;

// PLACES
//
// What follows from durable events alone is numbered by the journal's side: a fold gives the same numbers. What does
// not outlive the kernel cannot take part in that, so it is numbered between: by the last durable one before it, and by
// a count of its own since the kernel started. A start is itself a durable happening, so no place of one start is ever
// after one of the next.

/// <summary>Where in the order of all that was told something stands. The default is before everything.</summary>
/// <param name="Durable">The number of the latest durable happening at or before it.</param>
/// <param name="Volatile">Its own number among the others; 0 when it is the durable one itself.</param>
public readonly record struct Place(long Durable, long Volatile) : IComparable<Place>
{
    public int CompareTo(Place other) =>
        Durable != other.Durable ? Durable.CompareTo(other.Durable) : Volatile.CompareTo(other.Volatile);

    /// <summary>As the wire has it.</summary>
    public override string ToString() => Volatile == 0
        ? Durable.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Durable}.{Volatile}");

    /// <summary>False when the text is no cursor.</summary>
    public static bool TryParse(string text, out Place place)
    {
        place = default;
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var count = 0L;
        if (!TryRead(dot < 0 ? text : text[..dot], out var durable)
            || (dot >= 0 && (!TryRead(text[(dot + 1)..], out count) || count == 0)))
        {
            return false;
        }

        place = new Place(durable, count);
        return true;
    }

    public static bool operator <(Place left, Place right) => left.CompareTo(right) < 0;

    public static bool operator >(Place left, Place right) => left.CompareTo(right) > 0;

    public static bool operator <=(Place left, Place right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Place left, Place right) => left.CompareTo(right) >= 0;

    private static bool TryRead(string digits, out long number) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
