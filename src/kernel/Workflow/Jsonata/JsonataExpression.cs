using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Nodes;
using Analemma.Workflow.Jsonata.Pictures;
using Analemma.Workflow.Jsonata.Runtime;
using Analemma.Workflow.Jsonata.Syntax;

namespace Analemma.Workflow.Jsonata;

/// <summary>
/// A JSONata expression (docs.jsonata.org, as of jsonata-js 2.2), compiled once and evaluated any number of times, also
/// at once. An evaluation depends on what it is given alone, and always ends.
/// </summary>
public sealed class JsonataExpression
{
    private readonly Node _node;
    private readonly JsonataProfile _profile;
    private readonly JsonataLimits _limits;
    private readonly DatePictures _datePictures = new();

    private JsonataExpression(string text, SyntaxNode tree, JsonataProfile profile, JsonataLimits limits)
    {
        Text = text;
        _node = Compiler.Compile(tree);
        _profile = profile;
        _limits = limits;
    }

    public string Text { get; }

    /// <summary>
    /// Names, without $, that the expression uses and does not bind: variables of the caller, functions.
    /// </summary>
    public required IReadOnlySet<string> FreeNames { get; init; }

    /// <summary>Names that are looked up in the input itself, each once.</summary>
    public required IReadOnlyList<string> TopReferences { get; init; }

    /// <summary>Members of $states that it names.</summary>
    public required IReadOnlySet<string> StatesMembers { get; init; }

    /// <exception cref="JsonataException">It is no expression: S codes, with the place.</exception>
    public static JsonataExpression Compile(
        string text,
        JsonataProfile profile = JsonataProfile.Jsonata,
        JsonataLimits? limits = null)
    {
        limits ??= JsonataLimits.Default;
        var tree = Parser.Parse(text, limits.ExpressionMax);
        HashSet<string> bound = new(StringComparer.Ordinal);
        HashSet<string> free = new(StringComparer.Ordinal);
        Bindings.Collect(tree, bound);
        Bindings.CollectFree(tree, bound, free);
        HashSet<string> members = new(StringComparer.Ordinal);
        Bindings.CollectMembers(tree, "states", members);
        return new JsonataExpression(text, tree, profile, limits)
        {
            FreeNames = free,
            TopReferences = Nodes.TopReferences.Of(tree),
            StatesMembers = members,
        };
    }

    /// <summary>The value, or undefined.</summary>
    /// <param name="input">What the expression looks at.</param>
    /// <param name="host">Time and chance.</param>
    /// <param name="variables">By name without $. They hide functions of the same name.</param>
    /// <exception cref="JsonataException">It failed, or used up what it may: T and D codes.</exception>
    public JsonValue Evaluate(
        JsonValue input,
        IJsonataHost host,
        IReadOnlyDictionary<string, JsonValue>? variables = null)
    {
        Evaluation run = new(_profile, _limits, input, host, variables) { DatePictures = _datePictures };
        var wrapped = input.IsArray
            ? JsonValue.From(new JsonArray([input], 1, JsonArrayMarks.Sequence | JsonArrayMarks.OuterWrapper))
            : input;
        return Checked(_node.Evaluate(wrapped, new Scope(run)));
    }

    /// <summary>Whatever is handed out can be gone through and written.</summary>
    private JsonValue Checked(JsonValue result)
    {
        JsonMeasure measure;
        try
        {
            measure = JsonMeasure.Of(result);
        }
        catch (JsonDepthException)
        {
            throw new JsonataException("D1015", _limits.ResultDepthMax);
        }

        return measure.Height > _limits.ResultDepthMax ? throw new JsonataException("D1015", _limits.ResultDepthMax)
            : measure.Weight > _limits.ResultMax ? throw new JsonataException("D1017", _limits.ResultMax)
            : result;
    }
}
