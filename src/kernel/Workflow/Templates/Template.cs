using Analemma.Workflow.Intrinsics;
using Analemma.Workflow.Json;
using Analemma.Workflow.Paths;

namespace Analemma.Workflow.Templates;

// PAYLOAD TEMPLATES
//
// With JSONPath a field whose name ends in .$ is replaced by what its text finds or computes (States Language, Payload
// Template); all else stands for itself. With JSONata every text between {% and %} is an expression; an array may hold
// such texts too. Both are compiled once to a tree in which only what changes is a node of its own.
/// <summary>A compiled payload template; immutable.</summary>
public abstract class Template
{
    /// <summary>Whether it is the same whatever it is evaluated in.</summary>
    public virtual bool IsLiteral => false;

    /// <summary>What it stands for.</summary>
    /// <exception cref="StateErrorException">Something in it cannot be evaluated.</exception>
    public abstract JsonValue Evaluate(EvaluationScope scope);

    /// <summary>The variables that it reads.</summary>
    public virtual IEnumerable<string> Variables() => [];
}

/// <summary>A part that stands for itself.</summary>
internal sealed class LiteralTemplate(JsonValue value) : Template
{
    public override bool IsLiteral => true;

    public override JsonValue Evaluate(EvaluationScope scope) => value;
}

/// <summary>An object of which some field changes.</summary>
internal sealed class ObjectTemplate(IReadOnlyList<(string Name, Template Value)> fields) : Template
{
    public override JsonValue Evaluate(EvaluationScope scope)
    {
        JsonObjectBuilder made = new(fields.Count);
        foreach (var (name, value) in fields)
        {
            made.Set(name, value.Evaluate(scope));
        }

        return made.Build();
    }

    public override IEnumerable<string> Variables() => fields.SelectMany(field => field.Value.Variables());
}

/// <summary>An array of which some element changes.</summary>
internal sealed class ArrayTemplate(IReadOnlyList<Template> items) : Template
{
    public override JsonValue Evaluate(EvaluationScope scope)
    {
        JsonArrayBuilder made = new(items.Count);
        foreach (var item in items)
        {
            made.Add(item.Evaluate(scope));
        }

        return made.Build();
    }

    public override IEnumerable<string> Variables() => items.SelectMany(item => item.Variables());
}

/// <summary>The value of a field whose name ends in .$, when it is a path.</summary>
internal sealed class PathTemplate(string field, JsonPath path) : Template
{
    public override JsonValue Evaluate(EvaluationScope scope)
    {
        var found = path.Find(scope, out _);
        return found.IsDefined
            ? found
            : throw Missing(path, field, scope);
    }

    /// <summary>A path found nothing where a field wants something.</summary>
    public static StateErrorException Missing(JsonPath path, string field, EvaluationScope scope) =>
        StateErrorException.Runtime(
            $"The JSONPath '{path}' specified for the field '{field}' could not be found in the input "
            + $"'{scope.Input.ToString(JsonWriteOptions.Service)}'");

    public override IEnumerable<string> Variables() => path.Variable is { } variable ? [variable] : [];
}

/// <summary>The value of a field whose name ends in .$, when it is a call.</summary>
internal sealed class CallTemplate(IntrinsicCall call) : Template
{
    public override JsonValue Evaluate(EvaluationScope scope)
    {
        try
        {
            return call.Evaluate(scope, scope.Chance);
        }
        catch (IntrinsicPathException missing)
        {
            throw StateErrorException.Runtime(missing.Message);
        }
        catch (IntrinsicFailureException failed)
        {
            throw new StateErrorException(ErrorNames.IntrinsicFailure, failed.Message);
        }
    }

    public override IEnumerable<string> Variables() =>
        call.Paths().Select(path => path.Variable).OfType<string>();
}
