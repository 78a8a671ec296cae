using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Workflow;

/// <summary>How something ended: exactly one of the two.</summary>
internal sealed record Ending(JsonValue Output, string? Error);

// The States Language as a person would run it on paper: one state after the other, by recursion, without events,
// timers or histories. It knows only what RandomMachine makes, and shares no code with the machine but JSON values.
/// <summary>A second opinion on what a state machine comes to.</summary>
internal sealed class ReferenceInterpreter(Func<string, JsonValue, int, Ending> world)
{
    private const int StepsMax = 100_000;

    private int _steps;

    public Ending Run(JsonValue machine, JsonValue input)
    {
        var name = machine["StartAt"].AsString();
        while (true)
        {
            if (++_steps > StepsMax)
            {
                throw new InvalidOperationException("the machine has no end");
            }

            var state = machine["States"][name];
            var (ending, next) = Do(name, state, input);
            if (ending.Error is not null || next is null)
            {
                return ending;
            }

            (name, input) = (next, ending.Output);
        }
    }

    private (Ending Ending, string? Next) Do(string name, JsonValue state, JsonValue input)
    {
        var next = state["Next"].TryGetString(out var target) ? target : null;
        switch (state["Type"].AsString())
        {
            case "Fail":
                return (new Ending(default, state["Error"].AsString()), null);
            case "Choice":
                return (new Ending(input, null), Choose(state, input));
            case "Pass":
                return (new Ending(Pass(state, input), null), next);
            case "Wait" or "Succeed":
                return (new Ending(input, null), next);
            default:
                return Try(name, state, input, next);
        }
    }

    private (Ending Ending, string? Next) Try(string name, JsonValue state, JsonValue input, string? next)
    {
        var tried = new Dictionary<int, long>();
        for (var retry = 0; ; retry++)
        {
            var ending = Attempt(name, state, input, retry);
            if (ending.Error is not { } error)
            {
                return (new Ending(With(input, state["ResultPath"], ending.Output), null), next);
            }

            var retrier = IndexOf(state["Retry"], error);
            if (retrier >= 0 && tried.GetValueOrDefault(retrier) < Long(state["Retry"][retrier]["MaxAttempts"], 3))
            {
                tried[retrier] = tried.GetValueOrDefault(retrier) + 1;
                continue;
            }

            var catcher = IndexOf(state["Catch"], error);
            if (catcher < 0)
            {
                return (ending, null);
            }

            var caught = state["Catch"][catcher];
            JsonValue told = JsonObject.Of(("Error", error), ("Cause", "c"));
            return (new Ending(With(input, caught["ResultPath"], told), null), caught["Next"].AsString());
        }
    }

    private Ending Attempt(string name, JsonValue state, JsonValue input, int retry)
    {
        switch (state["Type"].AsString())
        {
            case "Task":
                return world(name, input, retry);
            case "Parallel":
                return All(state["Branches"].AsArray().Items.ToArray().Select(branch => Run(branch, input)));
            default:
                var items = input["items"].AsArray().Items.ToArray();
                return All(items.Select(item => Run(state["ItemProcessor"], item)));
        }
    }

    private static Ending All(IEnumerable<Ending> endings)
    {
        var all = endings.ToList();
        return all.Find(ending => ending.Error is not null)
            ?? new Ending(JsonArray.Of([.. all.Select(ending => ending.Output)]), null);
    }

    private static string? Choose(JsonValue state, JsonValue input)
    {
        foreach (var rule in state["Choices"].AsArray())
        {
            if (input["n"].AsDouble() > rule["NumericGreaterThan"].AsDouble())
            {
                return rule["Next"].AsString();
            }
        }

        return state["Default"].AsString();
    }

    // {"n.$": "States.MathAdd($.n, C)", …}, other fields as they are or from the input.
    private static JsonValue Pass(JsonValue state, JsonValue input)
    {
        JsonObjectBuilder made = new();
        foreach (var (field, value) in state["Parameters"].AsObject())
        {
            if (!field.EndsWith(".$", StringComparison.Ordinal))
            {
                made.Set(field, value);
                continue;
            }

            var text = value.AsString();
            var plain = field[..^2];
            if (text.StartsWith("$.", StringComparison.Ordinal))
            {
                made.Set(plain, input[text[2..]]);
            }
            else
            {
                var added = JsonValue.Parse(text.Split(',')[1].TrimEnd(')')).AsDouble();
                made.Set(plain, input["n"].AsDouble() + added);
            }
        }

        return made.Build();
    }

    private static JsonValue With(JsonValue input, JsonValue path, JsonValue result) =>
        path.TryGetString(out var text) ? input.AsObject().With(text[2..], result)
        : path.IsNull ? input
        : result;

    private static int IndexOf(JsonValue list, string error)
    {
        var items = list.TryGetArray(out var array) ? array.Items.ToArray() : [];
        return Array.FindIndex(items, item => item["ErrorEquals"].AsArray().Items.ToArray().Any(
            wanted => wanted.AsString() is "States.ALL" or "States.TaskFailed" || wanted.AsString() == error));
    }

    private static long Long(JsonValue value, long otherwise) => value.TryGetInt64(out var given) ? given : otherwise;
}
