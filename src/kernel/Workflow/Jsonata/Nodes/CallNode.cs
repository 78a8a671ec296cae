using System.Runtime.CompilerServices;
using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Functions;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Nodes;

/// <summary>
/// $f(a, b). At the end of a function body it is not made but handed back, see <see cref="TailCall"/>.
/// </summary>
internal sealed class CallNode(Node procedure, string? name, Node[] arguments, bool isTail, int position) : Node
{
    private const int FewMax = 4;

    public override JsonValue Evaluate(JsonValue input, Scope scope)
    {
        if (isTail)
        {
            return InTail(input, scope);
        }

        scope.Run.Enter();
        var function = Procedure(input, scope);
        var result = Finished(Made(function, input, scope));
        scope.Run.Leave();
        return result;
    }

    /// <summary>With a first argument from the left side of ~>.</summary>
    public JsonValue Evaluate(JsonValue input, Scope scope, JsonValue first)
    {
        scope.Run.Enter();
        var function = Procedure(input, scope);
        JsonValue[] given = [first, .. new JsonValue[arguments.Length]];
        Arguments(input, scope, given.AsSpan(1));
        var result = Applied(function, given, input, scope);
        scope.Run.Leave();
        return result;
    }

    /// <summary>Makes the call that was handed back.</summary>
    public JsonValue Continue(TailCall tail, JsonValue context)
    {
        var function = Procedure(tail.Input, tail.Scope);
        if (!function.TryGetOpaque<FunctionValue>(out var called))
        {
            throw new JsonataException("T1006", function).At(position, name);
        }

        var given = new JsonValue[arguments.Length];
        Arguments(tail.Input, tail.Scope, given);
        try
        {
            return called.Call(given, context, tail.Scope);
        }
        catch (JsonataException wrong) when (Place(wrong))
        {
            throw;
        }
    }

    /// <summary>A function of the library is called at once: it ends soon, and ends no function of its own.</summary>
    private JsonValue InTail(JsonValue input, Scope scope)
    {
        var function = Procedure(input, scope);
        if (!function.TryGetOpaque<NativeFunction>(out _))
        {
            return JsonValue.From(new TailCall(this, input, scope));
        }

        scope.Run.Enter();
        var result = Made(function, input, scope);
        scope.Run.Leave();
        return result;
    }

    private JsonValue Made(JsonValue function, JsonValue input, Scope scope)
    {
        if (arguments.Length > FewMax)
        {
            var many = new JsonValue[arguments.Length];
            Arguments(input, scope, many);
            return Applied(function, many, input, scope);
        }

        Few few = default;
        Span<JsonValue> given = few;
        given = given[..arguments.Length];
        Arguments(input, scope, given);
        return Applied(function, given, input, scope);
    }

    private JsonValue Procedure(JsonValue input, Scope scope)
    {
        var function = procedure.Evaluate(input, scope);
        return function.IsUndefined && procedure is PathNode { FirstName: { } first } && scope.Find(first).IsDefined
            ? throw new JsonataException("T1005").At(position, first)
            : function;
    }

    private void Arguments(JsonValue input, Scope scope, Span<JsonValue> given)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            var value = arguments[i].Evaluate(input, scope);
            given[i] = value.TryGetOpaque<FunctionValue>(out var function)
                ? JsonValue.From(function.AsArgument())
                : value;
        }
    }

    private JsonValue Applied(JsonValue function, ReadOnlySpan<JsonValue> given, JsonValue input, Scope scope)
    {
        try
        {
            return FunctionValue.Apply(function, given, input, scope);
        }
        catch (JsonataException wrong) when (Place(wrong))
        {
            throw;
        }
    }

    /// <summary>Notes where, while the error passes; catches nothing.</summary>
    private bool Place(JsonataException wrong)
    {
        wrong.At(position, name);
        return false;
    }

    [InlineArray(FewMax)]
    private struct Few
    {
        private JsonValue _first;
    }
}

/// <summary>$f(?, b): a function of the arguments that are left open.</summary>
internal sealed class PartialCallNode(Node procedure, string? name, Node?[] arguments, int position) : InnerNode
{
    protected override JsonValue Run(JsonValue input, Scope scope)
    {
        var given = new JsonValue[arguments.Length];
        var isOpen = new bool[arguments.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            isOpen[i] = arguments[i] is null;
            given[i] = arguments[i]?.Evaluate(input, scope) ?? default;
        }

        var function = procedure.Evaluate(input, scope);
        if (function.TryGetOpaque<FunctionValue>(out var called))
        {
            return JsonValue.From(new PartialFunction(called, given, isOpen));
        }

        throw function.IsUndefined && procedure is PathNode { FirstName: { } first } && scope.Find(first).IsDefined
            ? new JsonataException("T1007").At(position, first)
            : new JsonataException("T1008").At(position, name);
    }
}
