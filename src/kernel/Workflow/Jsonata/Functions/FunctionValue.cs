using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Functions;

/// <summary>Something that can be called.</summary>
internal abstract class FunctionValue : JsonOpaque
{
    /// <summary>How many arguments it looks at: what calls it back gives no more.</summary>
    public abstract int Arity { get; }

    /// <summary>
    /// The same as an argument of another function: called from there, it has no context from which to take an
    /// argument that is missing.
    /// </summary>
    public virtual FunctionValue AsArgument() => this;

    /// <summary>Calls it, and whatever it ends with a call of.</summary>
    public static JsonValue Apply(
        JsonValue function, ReadOnlySpan<JsonValue> arguments, JsonValue context, Scope scope)
    {
        if (!function.TryGetOpaque<FunctionValue>(out var called))
        {
            throw new JsonataException("T1006", function);
        }

        // A call takes more of the stack than other nodes, above all when a function of the library calls back.
        var run = scope.Run;
        StackGuard.Check("D1011", run.Limits.DepthMax);
        var result = called.Call(arguments, context, scope);
        while (result.TryGetOpaque<TailCall>(out var tail))
        {
            run.Spend(1);
            result = tail.Call.Continue(tail, context);
        }

        return result;
    }

    /// <summary>A function of the library calls one that it was given: a level deeper, and without a context.</summary>
    public static JsonValue CallBack(JsonValue function, ReadOnlySpan<JsonValue> arguments, Scope scope)
    {
        scope.Run.Enter();
        var result = Apply(function, arguments, JsonValue.Null, scope);
        scope.Run.Leave();
        return result;
    }

    /// <summary>One call; what it gives may be a <see cref="TailCall"/>.</summary>
    public abstract JsonValue Call(ReadOnlySpan<JsonValue> arguments, JsonValue context, Scope scope);
}

/// <summary>A call that the function around it ends with, still to be made.</summary>
internal sealed class TailCall(Nodes.CallNode call, JsonValue input, Scope scope) : JsonOpaque
{
    public Nodes.CallNode Call { get; } = call;

    public JsonValue Input { get; } = input;

    public Scope Scope { get; } = scope;
}

/// <summary>What a function of the library is called with.</summary>
internal readonly ref struct Call(ReadOnlySpan<JsonValue> arguments, JsonValue context, Scope scope)
{
    public ReadOnlySpan<JsonValue> Arguments { get; } = arguments;

    public JsonValue Context { get; } = context;

    public Scope Scope { get; } = scope;

    public Evaluation Run => Scope.Run;

    /// <summary>Undefined when it was not given.</summary>
    public JsonValue this[int index] => index < Arguments.Length ? Arguments[index] : default;

    public bool Has(int index) => index < Arguments.Length && Arguments[index].IsDefined;

    public string Text(int index) => this[index].TryGetString(out var text) ? text : throw Wrong(index);

    public double Number(int index) => this[index].TryGetDouble(out var number) ? number : throw Wrong(index);

    public JsonArray Array(int index) => this[index].TryGetArray(out var array) ? array : throw Wrong(index);

    public FunctionValue Function(int index) =>
        this[index].TryGetOpaque<FunctionValue>(out var function) ? function : throw Wrong(index);

    /// <summary>Calls back with as many of the arguments as the function looks at, but always the first.</summary>
    public JsonValue Back(FunctionValue function, JsonValue first, JsonValue second, JsonValue third)
    {
        Run.Spend(1);
        JsonValue[] given = function.Arity switch
        {
            <= 1 => [first],
            2 => [first, second],
            _ => [first, second, third],
        };
        return FunctionValue.CallBack(JsonValue.From(function), given, Scope);
    }

    public JsonataException Wrong(int index) => new("T0410", this[index]) { Index = index + 1 };
}

internal delegate JsonValue Native(in Call call);

/// <summary>A function of the library.</summary>
internal sealed class NativeFunction(string name, int arity, Signature? signature, Native body) : FunctionValue
{
    private NativeFunction? _asArgument;

    public string Name { get; } = name;

    public override int Arity { get; } = arity;

    private bool IsArgument { get; init; }

    public override FunctionValue AsArgument() => signature is not { TakesContext: true } || IsArgument
        ? this
        : _asArgument ??= new NativeFunction(Name, Arity, signature, body) { IsArgument = true };

    public override JsonValue Call(ReadOnlySpan<JsonValue> arguments, JsonValue context, Scope scope)
    {
        context = IsArgument ? JsonValue.Null : context;
        var given = signature is null ? arguments : signature.Validate(arguments, context);
        return body(new Call(given, context, scope));
    }
}

/// <summary>A function that the expression defines, with the variables around it.</summary>
internal sealed class LambdaFunction(Nodes.LambdaNode node, JsonValue input, Scope scope) : FunctionValue
{
    public override int Arity => node.Parameters.Length;

    public bool IsArgument { get; init; }

    public override FunctionValue AsArgument() => node.Signature is not { TakesContext: true } || IsArgument
        ? this
        : new LambdaFunction(node, input, scope) { IsArgument = true };

    public override JsonValue Call(ReadOnlySpan<JsonValue> arguments, JsonValue context, Scope caller)
    {
        var given = node.Signature is null
            ? arguments
            : node.Signature.Validate(arguments, IsArgument ? JsonValue.Null : context);
        var names = node.Parameters;
        var values = new JsonValue[names.Length];
        given[..Math.Min(given.Length, names.Length)].CopyTo(values);
        return node.Body.Evaluate(input, new Scope(scope, names, values));
    }
}

/// <summary>A function with some of its arguments fixed.</summary>
internal sealed class PartialFunction(FunctionValue function, JsonValue[] arguments, bool[] isOpen) : FunctionValue
{
    public override int Arity { get; } = isOpen.Count(open => open);

    public override JsonValue Call(ReadOnlySpan<JsonValue> given, JsonValue context, Scope scope)
    {
        JsonValue[] all = [.. arguments];
        var next = 0;
        for (var i = 0; i < all.Length; i++)
        {
            if (isOpen[i])
            {
                all[i] = next < given.Length ? given[next] : default;
                next++;
            }
        }

        return function.Call(all, JsonValue.Null, scope);
    }
}

/// <summary>One function and then another: what ~> makes of two.</summary>
internal sealed class ComposedFunction(JsonValue first, JsonValue second) : FunctionValue
{
    public override int Arity => 1;

    public override JsonValue Call(ReadOnlySpan<JsonValue> arguments, JsonValue context, Scope scope)
    {
        scope.Run.Enter();
        JsonValue argument = arguments.IsEmpty ? default : arguments[0];
        var between = Apply(first, [argument], JsonValue.Null, scope);
        var result = Apply(second, [Values.Unwrapped(between)], JsonValue.Null, scope);
        scope.Run.Leave();
        return result;
    }
}
