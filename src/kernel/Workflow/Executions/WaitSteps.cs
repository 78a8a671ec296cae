using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Templates;
using Analemma.Workflow.Times;

namespace Analemma.Workflow.Executions;

/// <summary>Wait: a timer.</summary>
internal static class WaitSteps
{
    private const string NotATime = "ISO-8601 extended offset date-time format string";

    public static void Begin(Turn turn, Frame frame, WaitDefinition wait)
    {
        var scope = DataFlow.Scope(turn, frame, DataFlow.EffectiveInput(turn, frame));
        var due = wait.Seconds is { } seconds
            ? turn.At.AddSeconds(Seconds(seconds, scope))
            : Time(wait.Timestamp!, scope);
        if (due <= turn.At)
        {
            StateSteps.LeaveWith(turn, frame, frame.Input);
            return;
        }

        frame.TimerId = turn.Arm(TimerKind.Wait, due, frame);
    }

    private static long Seconds(ValueField field, EvaluationScope scope)
    {
        var value = Value(field, scope);
        if (field.Expression is ExpressionTemplate expression && !value.IsNumber)
        {
            throw Failures.WrongType(expression, "number", value);
        }

        if (!value.TryGetInt64(out var seconds) || !value.IsInt64)
        {
            throw Wrong(field, $"The {field.Name} parameter cannot be parsed as a long value: {Shown(field, value)}");
        }

        if (seconds < 0)
        {
            throw Wrong(field, $"The {field.Name} parameter references a negative value: {Shown(field, value)}");
        }

        if (field.Expression is ExpressionTemplate computed && seconds > DefinitionLimits.SecondsMax)
        {
            throw Failures.NotInRange(computed, value);
        }

        return Math.Min(seconds, DefinitionLimits.SecondsMax);
    }

    private static DateTimeOffset Time(ValueField field, EvaluationScope scope)
    {
        var value = Value(field, scope);
        if (value.TryGetString(out var text) && Rfc3339.TryParse(text, out var time))
        {
            // Whole seconds count (Developer Guide, Wait state).
            return time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond));
        }

        if (field.Expression is ExpressionTemplate expression)
        {
            throw value.IsString
                ? StateErrorException.Query(
                    $"The Timestamp field cannot be parsed as an {NotATime}: {text}", expression.Location)
                : Failures.WrongType(expression, "string", value);
        }

        throw StateErrorException.Runtime(
            $"The {field.Name} parameter does not reference a valid {NotATime}: {Shown(field, value)}");
    }

    private static JsonValue Value(ValueField field, EvaluationScope scope) =>
        field.Path is { } path && path.Find(scope, out _).IsUndefined
            ? throw StateErrorException.Runtime($"The {field.Name} parameter does not reference an input value: {path}")
            : DataFlow.Value(field, scope);

    private static StateErrorException Wrong(ValueField field, string message) =>
        field.Expression is ExpressionTemplate expression
            ? StateErrorException.Query(message, expression.Location)
            : StateErrorException.Runtime(message);

    private static string Shown(ValueField field, JsonValue value)
    {
        var shown = value.TryGetString(out var text) ? text : value.ToString(JsonWriteOptions.Service);
        return field.Path is { } path ? $"{path} == {shown}" : shown;
    }
}
