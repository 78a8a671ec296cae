namespace Analemma.Workflow.Json;

/// <summary>
/// The names of an object, in order, none twice. Objects that have the same ones share it: an array of a thousand
/// records holds their names once, and a member that was found in one is at the same place in the next.
/// </summary>
internal sealed class JsonShape
{
    /// <summary>Up to here, looking at each is faster than a dictionary.</summary>
    private const int ScanMax = 8;

    private readonly string[] _names;

    private Dictionary<string, int>? _index;

    public JsonShape(string[] names) => _names = names;

    public static JsonShape Empty { get; } = new([]);

    public int Count => _names.Length;

    public ReadOnlySpan<string> Names => _names;

    public int IndexOf(string name)
    {
        var names = _names;
        if (names.Length > ScanMax)
        {
            return (_index ??= Index(names)).GetValueOrDefault(name, -1);
        }

        for (var i = 0; i < names.Length; i++)
        {
            if (string.Equals(names[i], name))
            {
                return i;
            }
        }

        return -1;
    }

    public JsonShape With(string name) => new([.. _names, name]);

    public JsonShape Without(int index) => new([.. _names.AsSpan(0, index), .. _names.AsSpan(index + 1)]);

    private static Dictionary<string, int> Index(string[] names)
    {
        Dictionary<string, int> index = new(names.Length, StringComparer.Ordinal);
        for (var i = 0; i < names.Length; i++)
        {
            index.Add(names[i], i);
        }

        return index;
    }
}
