using System.Globalization;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Executions;

/// <summary>Map: one machine for each item. Those of an inline one are scopes of the same execution.</summary>
internal static class MapSteps
{
    public static void Begin(Turn turn, Frame frame, MapDefinition map)
    {
        var input = DataFlow.EffectiveInput(turn, frame);
        var scope = DataFlow.Scope(turn, frame, input);
        if (map.IsDistributed)
        {
            DistributedSteps.Begin(turn, frame, map, scope);
            return;
        }

        var items = Items(map, scope, input).Inputs;
        var limit = Concurrency(map, scope);
        turn.Write(frame.Scope, HistoryEventType.MapStateStarted, JsonObject.Of(("length", items.Count)));
        frame.Branches = new BranchesRun(items.Count)
        {
            Items = items,
            ConcurrencyMax = limit == 0 ? ExecutionLimits.InlineConcurrencyMax : (int)Math.Min(limit, int.MaxValue),
            Input = input,
        };
        if (items.Count == 0)
        {
            BranchSteps.Finish(turn, frame, HistoryEventType.MapStateSucceeded);
            return;
        }

        StartMore(turn, frame, map, frame.Scope.LastEventId);
    }

    public static void IterationSucceeded(Turn turn, Frame owner, MapDefinition map, Scope scope)
    {
        var written = turn.Write(
            scope, HistoryEventType.MapIterationSucceeded, Iteration(owner, scope.Index), isAside: true);
        var run = owner.Branches!;
        if (run.Done == run.Results.Length)
        {
            owner.Scope.LastEventId = written;
            BranchSteps.Finish(turn, owner, HistoryEventType.MapStateSucceeded);
            return;
        }

        StartRest(turn, owner, map, scope.LastEventId);
    }

    /// <summary>Starts those that have a place now. One whose input cannot be made fails the state.</summary>
    public static void StartRest(Turn turn, Frame frame, MapDefinition map, long after)
    {
        try
        {
            StartMore(turn, frame, map, after);
        }
        catch (StateErrorException wrong)
        {
            Failures.Evaluation(turn, frame, wrong);
        }
    }

    /// <summary>Details of an iteration's events.</summary>
    public static JsonValue Iteration(Frame frame, int index) =>
        JsonObject.Of(("name", frame.State.Name), ("index", index));

    /// <summary>
    /// What is mapped over: an array, of a distributed Map also the entries of an object (Developer Guide, ItemReader,
    /// JSON data from a previous step; an inline one was seen to refuse it).
    /// </summary>
    public static MapItems Items(MapDefinition map, EvaluationScope scope, JsonValue input)
    {
        if (!map.IsJsonata)
        {
            return JsonPathItems(map, scope, input);
        }

        var items = map.Items?.Evaluate(scope) ?? input;
        if (ItemsOf(map, items) is { } found)
        {
            return found;
        }

        throw map.Items is ExpressionTemplate expression
            ? Failures.WrongType(expression, "array", items)
            : StateErrorException.Query(
                $"Map state input must be an array but was: {items.ToString(JsonWriteOptions.Service)}", null);
    }

    /// <summary>The input of one item.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="frame">The Map.</param>
    /// <param name="map">Its definition.</param>
    /// <param name="context">Map.Item of the context object.</param>
    /// <param name="item">What it is when nothing selects another input.</param>
    /// <param name="input">$ of the selector's paths.</param>
    public static JsonValue Select(
        Turn turn, Frame frame, MapDefinition map, JsonValue context, JsonValue item, JsonValue input)
    {
        if (map.ItemSelector is null)
        {
            return item;
        }

        frame.Item = context;
        try
        {
            return map.ItemSelector.Evaluate(DataFlow.Scope(turn, frame, input));
        }
        finally
        {
            frame.Item = default;
        }
    }

    /// <summary>MaxConcurrency; 0 for no limit.</summary>
    public static long Concurrency(MapDefinition map, EvaluationScope scope) =>
        Whole(map.MaxConcurrency, scope) ?? 0;

    /// <summary>How many failures are borne.</summary>
    public static (long Count, double Percentage) Tolerance(MapDefinition map, EvaluationScope scope)
    {
        var count = Whole(map.ToleratedFailureCount, scope) ?? 0;
        var percentage = DataFlow.Value(map.ToleratedFailurePercentage, scope);
        return (count, percentage.IsUndefined ? 0 : Percentage(map.ToleratedFailurePercentage!, percentage));
    }

    /// <summary>A whole number of at least 0; null when there is no such field.</summary>
    public static long? Whole(ValueField? field, EvaluationScope scope)
    {
        var value = DataFlow.Value(field, scope);
        if (value.IsUndefined)
        {
            return null;
        }

        if (field!.Expression is ExpressionTemplate expression)
        {
            return value.TryGetInt64(out var computed) && computed >= 0
                ? computed
                : throw Failures.NotInRange(expression, value);
        }

        var isWhole = value.TryGetString(out var text)
            ? long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
            : value.TryGetInt64(out whole) && value.IsInt64;
        return !isWhole ? throw Invalid(field, value, "integer")
            : whole >= 0 ? whole
            : throw StateErrorException.Runtime($"{field.BaseName} cannot be negative.");
    }

    private static MapItems? ItemsOf(MapDefinition map, JsonValue items) =>
        items.TryGetArray(out var array) ? new MapItems(array)
        : map.IsDistributed && items.TryGetObject(out var entries) ? MapItems.Of(entries)
        : null;

    private static MapItems JsonPathItems(MapDefinition map, EvaluationScope scope, JsonValue input)
    {
        if (map.ItemsPath.Path is not { } path || map.ItemsPath.IsWhole)
        {
            return ItemsOf(map, input) ?? throw NoArray("$");
        }

        return ItemsOf(map, DataFlow.Find(path, scope))
            ?? throw NoArray(path.Text.StartsWith("$$", StringComparison.Ordinal) ? path.Text[1..] : path.Text);
    }

    private static StateErrorException NoArray(string path) =>
        StateErrorException.Runtime($"Reference path \"{path}\" must point to array.");

    private static double Percentage(ValueField field, JsonValue value)
    {
        var isNumber = value.TryGetString(out var text)
            ? double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            : value.TryGetDouble(out number);
        if (isNumber && number is >= 0 and <= 100)
        {
            return number;
        }

        throw field.Expression is ExpressionTemplate expression
            ? Failures.NotInRange(expression, value)
            : isNumber ? StateErrorException.Runtime($"{field.BaseName} must be between 0 and 100.")
            : Invalid(field, value, "float");
    }

    private static StateErrorException Invalid(ValueField field, JsonValue value, string wanted)
    {
        var shown = value.TryGetString(out var text) ? text : value.ToString(JsonWriteOptions.Service);
        return StateErrorException.Runtime(
            $"The {field.Name} field refers to value \"{shown}\" which is not a valid {wanted}: {field.Path}");
    }

    private static void StartMore(Turn turn, Frame frame, MapDefinition map, long after)
    {
        var run = frame.Branches!;
        while (run.Next < run.Items.Count && run.Scopes.Count < run.ConcurrencyMax)
        {
            var index = run.Next;
            var context = MapItems.Context(index, run.Items[index]);
            var input = Select(turn, frame, map, context, run.Items[index], run.Input);
            run.Next++;
            var scope = BranchSteps.Start(turn, frame, run, map.Processor, index, input);
            scope.Item = context;
            scope.LastEventId = after;
            turn.Write(scope, HistoryEventType.MapIterationStarted, Iteration(frame, index));
        }
    }
}
