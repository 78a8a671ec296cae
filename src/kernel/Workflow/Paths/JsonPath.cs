using Analemma.Workflow.Json;
using Analemma.Workflow.Templates;

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

    // Where it names several properties and goes on; negative for nowhere.
    private readonly int _pick;

    internal JsonPath(string text, PathRoot root, string? variable, PathSegment[] segments, PathFunction? function)
    {
        if (segments.Length > 0)
        {
            segments[^1] = segments[^1].AsLast();
        }

        (Text, Root, Variable, _segments, _function) = (text, root, variable, segments, function);
        _pick = Array.FindIndex(segments, static segment => segment is NamesSegment);
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
    public bool IsReference => _function is null && Root == PathRoot.Input
        && Array.TrueForAll(_segments, static segment => segment is NameSegment or IndexSegment);

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

        // In the service's words; whoever takes the whole as it is asks no path.
        return root.IsNull && Root is PathRoot.Input
            ? throw StateErrorException.Runtime("Unable to apply Path transformation to null or empty input.")
            : Find(root, out missing);
    }

    /// <summary>Finds what it names below a value.</summary>
    public JsonValue Find(JsonValue root, out string? missing)
    {
        if (_pick >= 0)
        {
            missing = $"Multi properties can only be used as path leafs: {Before(_pick + 1)}";
            return default;
        }

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

    // Jayway tells a missing leaf from a missing step on the way, and both from a thing that has no such steps.
    private string WhyMissing(JsonValue at, int index)
    {
        var segment = _segments[index];
        var isLast = index == _segments.Length - 1;
        return segment switch
        {
            IndexSegment when at.IsArray => $"No results for path: {Before(_segments.Length)}",
            IndexSegment =>
                $"Filter: {segment.Canonical} can only be applied to arrays. Current context is: {at}",
            _ when !at.IsObject => $"Property {segment.Canonical} not found in path {Before(index)}",
            _ when isLast => $"No results for path: {Before(_segments.Length)}",
            _ => $"Missing property in path {Before(index + 1)}",
        };
    }

    private string Before(int count) => $"${string.Concat(_segments.Take(count).Select(step => step.Canonical))}";
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
