using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Nodes;

/// <summary>[a, b]: arrays that the items give are flattened, those that are constructors themselves are not.</summary>
internal sealed class ArrayNode((Node Node, bool IsWhole)[] items, bool isConstructed) : InnerNode
{
    protected override JsonValue Run(JsonValue input, Scope scope)
    {
        SequenceBuilder made = new(scope.Run, items.Length);
        foreach (var (node, isWhole) in items)
        {
            var value = node.Evaluate(input, scope);
            if (value.IsUndefined)
            {
                continue;
            }

            if (isWhole)
            {
                made.Add(value);
            }
            else
            {
                made.AddRange(Values.ItemsOf(value));
            }
        }

        return JsonValue.From(made.Build(isConstructed ? JsonArrayMarks.Constructed : JsonArrayMarks.None));
    }
}

internal sealed class ConditionNode(Node condition, Node then, Node? otherwise) : Node
{
    public override JsonValue Evaluate(JsonValue input, Scope scope)
    {
        scope.Run.Enter();
        var result = Values.IsTrue(condition.Evaluate(input, scope), scope.Run) ? then.Evaluate(input, scope)
            : otherwise is null ? default
            : otherwise.Evaluate(input, scope);
        scope.Run.Leave();
        return KeepArray ? Finished(result) : result;
    }
}

/// <summary>a ?: b takes a if it is true; a ?? b takes it if it is there.</summary>
internal sealed class AlternativeNode(Node first, Node second, bool isCoalesce) : Node
{
    public override JsonValue Evaluate(JsonValue input, Scope scope)
    {
        scope.Run.Enter();
        var result = first.Evaluate(input, scope);
        if (isCoalesce ? result.IsUndefined : !Values.IsTrue(result, scope.Run))
        {
            result = second.Evaluate(input, scope);
        }

        scope.Run.Leave();
        return KeepArray ? Finished(result) : result;
    }
}

/// <summary>(a; b): all in turn, the last one's value. Variables that are bound in it end with it.</summary>
internal sealed class BlockNode(Node[] expressions, bool binds) : Node
{
    public override JsonValue Evaluate(JsonValue input, Scope scope)
    {
        scope.Run.Enter();
        var inner = binds ? new Scope(scope) : scope;
        JsonValue result = default;
        foreach (var expression in expressions)
        {
            result = expression.Evaluate(input, inner);
        }

        scope.Run.Leave();
        return KeepArray ? Finished(result) : result;
    }
}

internal sealed class BindNode(string name, Node value) : InnerNode
{
    protected override JsonValue Run(JsonValue input, Scope scope)
    {
        var bound = value.Evaluate(input, scope);
        scope.Bind(name, bound);
        return bound;
    }
}

internal sealed class RegexNode(Regexes.Pattern pattern, int position) : Node
{
    public override JsonValue Evaluate(JsonValue input, Scope scope) =>
        JsonValue.From(new Regexes.RegexFunction(pattern, position));
}

internal sealed class LambdaNode(string[] parameters, Node body, Functions.Signature? signature) : Node
{
    public string[] Parameters => parameters;

    public Node Body => body;

    public Functions.Signature? Signature => signature;

    public override JsonValue Evaluate(JsonValue input, Scope scope) =>
        JsonValue.From(new Functions.LambdaFunction(this, input, scope));
}

/// <summary>~>: the left side becomes the first argument of the right; of two functions, one is made.</summary>
internal sealed class ApplyNode(Node left, Node right, int position) : InnerNode
{
    protected override JsonValue Run(JsonValue input, Scope scope)
    {
        var argument = left.Evaluate(input, scope);
        if (right is CallNode call)
        {
            return call.Evaluate(input, scope, argument);
        }

        var function = right.Evaluate(input, scope);
        if (!Values.IsFunction(function))
        {
            throw new JsonataException("T2006", function).At(position, "~>");
        }

        return Values.IsFunction(argument)
            ? JsonValue.From(new Functions.ComposedFunction(argument, function))
            : Functions.FunctionValue.Apply(function, [argument], JsonValue.Null, scope);
    }
}
