using System.Text.Json;

namespace Analemma.Kernel.Schemas;

/// <summary>A JSON number: exact where a decimal holds it, else as near as a double comes.</summary>
internal readonly record struct SchemaNumber(decimal? Exact, double Rough)
{
    public bool IsWhole => Exact is { } exact
        ? exact == decimal.Floor(exact)
        : double.IsFinite(Rough) && Rough == Math.Floor(Rough);

    public static SchemaNumber Of(JsonElement value) => new(
        value.TryGetDecimal(out var exact) ? exact : null,
        value.TryGetDouble(out var rough) ? rough : double.NaN);

    public int CompareTo(SchemaNumber other) => Exact is { } one && other.Exact is { } two
        ? one.CompareTo(two)
        : Rough.CompareTo(other.Rough);

    public bool IsMultipleOf(SchemaNumber unit)
    {
        if (Exact is { } exact && unit.Exact is { } of and not 0)
        {
            return exact % of == 0;
        }

        var times = Rough / unit.Rough;
        return double.IsFinite(times) && times == Math.Round(times);
    }
}
