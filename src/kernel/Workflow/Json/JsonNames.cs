using System.Text.Json;

namespace Analemma.Workflow.Json;

/// <summary>The names and shapes that one text has had so far, the latest of them.</summary>
internal struct JsonNames
{
    private const int Slots = 64;
    private const int ShapesKept = 8;
    private const int LengthMax = 64;

    private string?[]? _bySlot;
    private JsonShape?[]? _shapes;
    private int _nextShape;

    public string Get(ref Utf8JsonReader reader, scoped in JsonParser parser)
    {
        var raw = reader.ValueSpan;
        if (raw.Length is 0 or > LengthMax || reader.ValueIsEscaped)
        {
            return parser.Text();
        }

        _bySlot ??= new string?[Slots];
        var slot = ((raw[0] * 31) + (raw[^1] * 7) + (raw[raw.Length / 2] * 3) + raw.Length) & (Slots - 1);
        if (_bySlot[slot] is { } known && reader.ValueTextEquals(known))
        {
            return known;
        }

        return _bySlot[slot] = parser.Text();
    }

    /// <summary>The shape with these names; null when one of them comes twice.</summary>
    public JsonShape? ShapeOf(ReadOnlySpan<string> names)
    {
        _shapes ??= new JsonShape?[ShapesKept];
        foreach (var shape in _shapes)
        {
            if (shape is null)
            {
                break;
            }

            if (shape.Count == names.Length && names.SequenceEqual(shape.Names))
            {
                return shape;
            }
        }

        if (HasTwice(names))
        {
            return null;
        }

        JsonShape made = new(names.ToArray());
        _shapes[_nextShape] = made;
        _nextShape = (_nextShape + 1) % ShapesKept;
        return made;
    }

    private static bool HasTwice(ReadOnlySpan<string> names)
    {
        if (names.Length > 16)
        {
            HashSet<string> seen = new(names.Length, StringComparer.Ordinal);
            foreach (var name in names)
            {
                if (!seen.Add(name))
                {
                    return true;
                }
            }

            return false;
        }

        for (var i = 1; i < names.Length; i++)
        {
            if (names[..i].Contains(names[i]))
            {
                return true;
            }
        }

        return false;
    }
}
