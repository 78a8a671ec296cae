using Analemma.Workflow.Json;

namespace Analemma.Workflow.Paths;

// JSONPATH AS STEP FUNCTIONS USES IT
//
//   $            the state's input (or its result, where the language says so)
//   $$           the context object                    $name   a variable
//   .name ['a'] ["a"] ['a','b'] .* [*] ..name ..*      properties
//   [0] [-1] [0,2] [1:3] [:-1] [::2]                   elements
//   [?(@.price < 10 && @.kind == 'book')]              filters, with Jayway's operators
//   .length() .sum() .min() …                          functions, at the end
//
// A path is definite when it can find one value at most: names and single indices only. What a definite path does not
// find is an error; what an indefinite one does not find is an empty list. Both follow the Jayway library, whose words
// the service's causes carry.
/// <summary>A path, compiled once; immutable.</summary>
public sealed class JsonPath
{
    private readonly PathSegment[] _segments;
    private readonly PathFunction? _function;

    internal JsonPath(string text, PathRoot root, string? variable, PathSegment[] segments, PathFunction? function)
    {
        (Text, Root, Variable, _segments, _function) = (text, root, variable, segments, function);
        IsDefinite = Array.TrueForAll(segments, static segment => segment.IsDefinite);
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>What it starts from.</summary>
    public PathRoot Root { get; }

    /// <summary>Without the dollar, when it starts from a variable.</summary>
    public string? Variable { get; }

    /// <summary>Whether it finds one value at most.</summary>
    public bool IsDefinite { get; }

    /// <summary>
    /// Whether it names one node to write to: from the input, only names and indices (States Language, Reference
    /// Paths).
    /// </summary>
    public bool IsReference => IsDefinite && _function is null && Root == PathRoot.Input;

    internal IReadOnlyList<PathSegment> Segments => _segments;

    /// <summary>Reads a path.</summary>
    /// <exception cref="PathSyntaxException">It is none.</exception>
    internal static JsonPath Parse(string text) => PathParser.Parse(text);

    /// <summary>Reads a path; null when it is none.</summary>
    public static JsonPath? TryParse(string text)
    {
        try
        {
            return PathParser.Parse(text);
        }
        catch (PathSyntaxException)
        {
            return null;
        }
    }

    /// <summary>Finds what it names.</summary>
    /// <param name="roots">What it may start from.</param>
    /// <param name="missing">Says what was not found, in Jayway's words; null when something was.</param>
    /// <returns>Undefined when nothing was found.</returns>
    public JsonValue Find(IPathRoots roots, out string? missing)
    {
        var root = roots.Get(Root, Variable);
        if (root.IsUndefined)
        {
            missing = $"Variable ${Variable} is not defined";
            return default;
        }

        return Find(root, out missing);
    }

    /// <summary>Finds what it names below a value.</summary>
    public JsonValue Find(JsonValue root, out string? missing)
    {
        var found = IsDefinite ? FindOne(root, out missing) : FindAll(root, out missing);
        return found.IsUndefined || _function is null ? found : _function.Apply(found, root, out missing);
    }

    public override string ToString() => Text;

    private JsonValue FindOne(JsonValue root, out string? missing)
    {
        var at = root;
        for (var i = 0; i < _segments.Length; i++)
        {
            var next = _segments[i].Step(at);
            if (next.IsUndefined)
            {
                missing = WhyMissing(at, i);
                return default;
            }

            at = next;
        }

        missing = null;
        return at;
    }

    private JsonValue FindAll(JsonValue root, out string? missing)
    {
        missing = null;
        List<JsonValue> found = [];
        Collect(root, 0, root, found);
        return JsonArray.Of([.. found]);
    }

    private void Collect(JsonValue at, int index, JsonValue root, List<JsonValue> found)
    {
        if (index == _segments.Length)
        {
            found.Add(at);
            return;
        }

        foreach (var next in _segments[index].All(at, root))
        {
            Collect(next, index + 1, root, found);
        }
    }

    // Jayway tells a missing leaf from a missing step on the way, and an absent property from a thing without any.
    private string WhyMissing(JsonValue at, int index)
    {
        var segment = (DefiniteSegment)_segments[index];
        var before = string.Concat(_segments.Take(index).Select(step => step.Canonical));
        var here = $"${before}{segment.Canonical}";
        if (index == _segments.Length - 1)
        {
            return $"No results for path: {here}";
        }

        return segment switch
        {
            NameSegment when at.IsObject => $"Missing property in path {here}",
            NameSegment name =>
                $"Expected to find an object with property ['{name.Name}'] in path ${before} but found "
                + $"'{NodeName(at)}'. This is not a json object according to the JsonProvider: "
                + "'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'.",
            _ when at.IsArray => $"No results for path: {here}",
            _ => $"Filter: {segment.Canonical} can only be applied to arrays. Current context is: {at}",
        };
    }

    private static string NodeName(JsonValue value) => "com.fasterxml.jackson.databind.node." + value.Kind switch
    {
        JsonKind.String => "TextNode",
        JsonKind.Number => "IntNode",
        JsonKind.Boolean => "BooleanNode",
        JsonKind.Array => "ArrayNode",
        JsonKind.Object => "ObjectNode",
        _ => "NullNode",
    };
}

/// <summary>What a path starts from.</summary>
public enum PathRoot
{
    /// <summary>$</summary>
    Input,

    /// <summary>$$</summary>
    Context,

    /// <summary>$name</summary>
    Variable,
}

/// <summary>What paths may start from, where they are evaluated.</summary>
public interface IPathRoots
{
    /// <summary>The value; undefined when there is no such variable.</summary>
    JsonValue Get(PathRoot root, string? variable);
}

/// <summary>A text that is no path.</summary>
internal sealed class PathSyntaxException(string text, int offset, string what)
    : Exception($"{what} at offset {offset} of '{text}'")
{
    /// <summary>The text that was to be one.</summary>
    public string Text { get; } = text;

    /// <summary>Characters before the mistake.</summary>
    public int Offset { get; } = offset;

    /// <summary>The mistake.</summary>
    public string What { get; } = what;
}
