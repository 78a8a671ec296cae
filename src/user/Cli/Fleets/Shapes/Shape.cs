using System.Text.Json.Nodes;

namespace Analemma.Cli.Fleets.Shapes;

/// <summary>
/// What may stand in a place of a fleet file: read from YAML into the JSON of the contract, with every problem told,
/// and said as JSON Schema for editors. One table of shapes is both, so that neither can know more than the other.
/// </summary>
internal abstract class Shape
{
    /// <summary>The value in the contract's terms; null when it is wrong and its problem is told.</summary>
    public abstract JsonNode? Read(YamlValue value, ShapeReading reading);

    /// <summary>The same as JSON Schema, draft 2020-12.</summary>
    public abstract JsonObject Schema();
}

/// <summary>One reading of one file: the path that it is at, the problems so far, where each value is.</summary>
internal sealed class ShapeReading(
    List<FileProblem> problems, string folder, Func<string, string?> environment)
{
    private readonly Stack<string> _paths = new([""]);

    /// <summary>Relative paths in the file begin here.</summary>
    public string Folder => folder;

    /// <summary>The variables of the shell that reads.</summary>
    public Func<string, string?> Environment => environment;

    public string Path => _paths.Peek();

    /// <summary>Where the value of each path stands.</summary>
    public Dictionary<string, Place> Places { get; } = new(StringComparer.Ordinal);

    public JsonNode? Inside(string key, YamlValue value, Shape shape)
    {
        var path = key.StartsWith('[') || Path.Length == 0 ? $"{Path}{key}" : $"{Path}.{key}";
        Places[path] = value.Place;
        _paths.Push(path);
        var read = shape.Read(value, this);
        _paths.Pop();
        return read;
    }

    /// <summary>Tells a problem with the value that is read.</summary>
    public JsonNode? Wrong(YamlValue value, string message, string? hint = null) =>
        Wrong(value.Place, Path, message, hint);

    public JsonNode? Wrong(Place place, string path, string message, string? hint = null)
    {
        // A default is read once for each agent that takes it.
        if (!problems.Exists(known => known.Line == place.Line && known.Column == place.Column
            && known.Message == message))
        {
            problems.Add(new FileProblem(place.Line, place.Column, path, message, hint));
        }

        return null;
    }
}
