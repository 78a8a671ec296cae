namespace Analemma.Workflow.Json;

/// <summary>
/// How much a value is, about as many bytes as it takes when it is written, and how many levels it has. Each array and
/// object is measured once and remembers it: a value that holds the same part a million times is measured at once, and
/// would take for ever to be gone through.
/// </summary>
/// <param name="Weight">About, in bytes; <see cref="int.MaxValue"/> and more are the same.</param>
/// <param name="Height">Arrays and objects within each other; 0 for what is neither.</param>
internal readonly record struct JsonMeasure(int Weight, int Height)
{
    private const int NumberWeight = 8;

    public bool IsKnown => Weight > 0;

    /// <summary>In one word, so that two threads that measure the same at once do no harm.</summary>
    public long Packed => ((long)Height << 32) | (uint)Weight;

    public static JsonMeasure From(long packed) => new((int)(packed & int.MaxValue), (int)(packed >> 32));

    /// <exception cref="JsonDepthException">It is too deep, or in itself.</exception>
    public static JsonMeasure Of(JsonValue value) => Of(value, 0);

    private static JsonMeasure Of(JsonValue value, int depth)
    {
        if (value.TryGetArray(out var array))
        {
            if (!array.Measure.IsKnown)
            {
                JsonLimits.CheckDepth(depth);
                array.Measure = OfItems(array.Items, depth + 1);
            }

            return array.Measure;
        }

        if (value.TryGetObject(out var members))
        {
            if (!members.Measure.IsKnown)
            {
                JsonLimits.CheckDepth(depth);
                var measure = OfItems(members.Values, depth + 1);
                members.Measure = measure with { Weight = Sum(measure.Weight, NamesOf(members)) };
            }

            return members.Measure;
        }

        return new JsonMeasure(value.TryGetString(out var text) ? Sum(text.Length, 2) : NumberWeight, 0);
    }

    private static JsonMeasure OfItems(ReadOnlySpan<JsonValue> items, int depth)
    {
        var (weight, height) = (2, 0);
        foreach (var item in items)
        {
            var measure = Of(item, depth);
            weight = Sum(weight, Sum(measure.Weight, 1));
            height = Math.Max(height, measure.Height);
        }

        return new JsonMeasure(weight, height + 1);
    }

    private static int NamesOf(JsonObject members)
    {
        var weight = 0;
        foreach (var name in members.Names)
        {
            weight = Sum(weight, Sum(name.Length, 3));
        }

        return weight;
    }

    private static int Sum(int left, int right) => (int)Math.Min((long)left + right, int.MaxValue);
}
