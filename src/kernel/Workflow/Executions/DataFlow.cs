using Analemma.Workflow.Definitions;
using Analemma.Workflow.Intrinsics;
using Analemma.Workflow.Json;
using Analemma.Workflow.Paths;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Executions;

/// <summary>What flows into a state and out of it (States Language, Input and Output Processing).</summary>
internal static class DataFlow
{
    private static readonly JsonValue EmptyObject = JsonObject.Empty;

    /// <summary>What fields of a state are evaluated in.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="frame">The state.</param>
    /// <param name="input">$ of its paths.</param>
    /// <param name="result">$states.result.</param>
    /// <param name="error">$states.errorOutput.</param>
    public static EvaluationScope Scope(
        Turn turn, Frame frame, JsonValue input, JsonValue result = default, JsonValue error = default)
    {
        JsonValue context = default;
        return new EvaluationScope
        {
            Input = input,
            StateInput = frame.Input,
            Context = () => context.IsDefined ? context : context = ContextObject.Make(turn, frame),
            Variable = frame.Scope.Variable,
            Chance = turn.Chance,
            At = turn.At,
            Result = result,
            ErrorOutput = error,
        };
    }

    /// <summary>The input after InputPath.</summary>
    public static JsonValue EffectiveInput(Turn turn, Frame frame) =>
        frame.State.IsJsonata ? frame.Input : Select(turn, frame, frame.State.InputPath, frame.Input);

    /// <summary>What Parameters or Arguments make of the input; the input when there are none.</summary>
    public static JsonValue Parameters(Turn turn, Frame frame, JsonValue input) =>
        frame.State.Parameters?.Evaluate(Scope(turn, frame, input)) ?? input;

    /// <summary>InputPath and OutputPath: null stands for an empty object.</summary>
    public static JsonValue Select(Turn turn, Frame frame, PathField field, JsonValue value)
    {
        if (field.Path is null)
        {
            return EmptyObject;
        }

        return field.IsWhole ? value : Find(field.Path, Scope(turn, frame, value));
    }

    /// <summary>What a path finds.</summary>
    /// <exception cref="StateErrorException">It finds nothing.</exception>
    public static JsonValue Find(JsonPath path, EvaluationScope scope)
    {
        var found = path.Find(scope, out var missing);
        return found.IsDefined ? found : throw StateErrorException.Runtime($"Invalid path '{path}' : {missing}");
    }

    /// <summary>The value of a field; undefined when there is no such field.</summary>
    public static JsonValue Value(ValueField? field, EvaluationScope scope)
    {
        if (field is null)
        {
            return default;
        }

        if (field.Literal.IsDefined)
        {
            return field.Literal;
        }

        if (field.Expression is not null)
        {
            return field.Expression.Evaluate(scope);
        }

        return field.Path is not null ? Find(field.Path, scope) : Call(field.Call!, scope);
    }

    /// <summary>The state's input with the result where ResultPath says.</summary>
    public static JsonValue ApplyResultPath(PathField field, JsonValue input, JsonValue result)
    {
        if (field.Path is null)
        {
            return input;
        }

        return field.IsWhole
            ? result
            : Put(input, field.Path.Segments, 0, result) is { IsDefined: true } made
                ? made
                : throw new StateErrorException(
                    ErrorNames.ResultPathMatchFailure,
                    $"Unable to apply ReferencePath {field.Path} to input {input.ToString(JsonWriteOptions.Service)}");
    }

    private static JsonValue Call(IntrinsicCall call, EvaluationScope scope)
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

    // Objects are made on the way where there is nothing; arrays are only written within.
    private static JsonValue Put(JsonValue into, IReadOnlyList<PathSegment> segments, int at, JsonValue value)
    {
        if (at == segments.Count)
        {
            return value;
        }

        if (segments[at] is NameSegment name)
        {
            if (into.IsUndefined)
            {
                into = EmptyObject;
            }

            return into.TryGetObject(out var fields)
                && Put(fields[name.Name], segments, at + 1, value) is { IsDefined: true } made
                ? fields.With(name.Name, made)
                : default(JsonValue);
        }

        var index = ((IndexSegment)segments[at]).Index;
        return into.TryGetArray(out var items) && index >= 0 && index < items.Count
            && Put(items[index], segments, at + 1, value) is { IsDefined: true } element
            ? items.With(index, element)
            : default(JsonValue);
    }
}
