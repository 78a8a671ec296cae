using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Workflow;

/// <summary>State machines of all shapes, from a seed: chains, loops, branches, maps, retriers and catchers.</summary>
internal sealed class RandomMachine(Random random)
{
    private const int DepthMax = 3;

    private int _names;

    /// <summary>Any input of such a machine: a number to count down, and items to map over.</summary>
    public JsonValue Input(int depth = 0)
    {
        JsonArrayBuilder items = new();
        for (var i = depth < DepthMax ? random.Next(4) : 0; i > 0; i--)
        {
            items.Add(Input(depth + 1));
        }

        return JsonObject.Of(("n", random.Next(4)), ("v", 0), ("items", items.Build()));
    }

    public JsonValue Make(int depth = 0)
    {
        var count = random.Next(1, 5);
        var names = Enumerable.Range(0, count).Select(_ => $"S{_names++}").ToArray();
        JsonObjectBuilder states = new();
        for (var i = 0; i < count; i++)
        {
            Add(states, names, i, depth);
        }

        return JsonObject.Of(("StartAt", names[0]), ("States", states.Build()));
    }

    private void Add(JsonObjectBuilder states, string[] names, int index, int depth)
    {
        var next = index + 1 < names.Length ? names[index + 1] : null;
        switch (random.Next(depth < DepthMax ? 9 : 6))
        {
            case 0 when next is null && depth > 0:
                states.Set(names[index], JsonObject.Of(("Type", "Fail"), ("Error", "E"), ("Cause", "c")));
                break;
            case 1:
                AddLoop(states, names, index, next);
                break;
            case 2:
                states.Set(names[index], Ended(JsonObject.Of(("Type", "Wait"), ("Seconds", random.Next(3))), next));
                break;
            case 3 or 4:
                states.Set(names[index], Failing(names, index, next, JsonObject.Of(
                    ("Type", "Task"), ("Resource", "arn:aws:lambda:us-east-1:000000000000:function:f"))));
                break;
            case 6 or 7:
                states.Set(names[index], Failing(names, index, next, JsonObject.Of(
                    ("Type", "Parallel"), ("Branches", Machines(random.Next(1, 4), depth)))));
                break;
            case 8:
                states.Set(names[index], Failing(names, index, next, JsonObject.Of(
                    ("Type", "Map"),
                    ("ItemsPath", "$.items"),
                    ("MaxConcurrency", random.Next(3)),
                    ("ItemProcessor", Make(depth + 1)))));
                break;
            default:
                states.Set(names[index], Ended(Adding(random.Next(-1, 3)), next));
                break;
        }
    }

    // Counts down, and goes back to the state that counts while there is something left.
    private void AddLoop(JsonObjectBuilder states, string[] names, int index, string? next)
    {
        var choice = $"S{_names++}";
        var end = $"S{_names++}";
        states.Set(names[index], Ended(Adding(-1), choice));
        states.Set(choice, JsonObject.Of(
            ("Type", "Choice"),
            ("Choices", JsonArray.Of(JsonObject.Of(
                ("Variable", "$.n"), ("NumericGreaterThan", random.Next(-1, 2)), ("Next", names[index])))),
            ("Default", end)));
        states.Set(end, Ended(Adding(random.Next(3)), next));
    }

    private JsonArray Machines(int count, int depth)
    {
        JsonArrayBuilder machines = new();
        for (var i = 0; i < count; i++)
        {
            machines.Add(Make(depth + 1));
        }

        return machines.Build();
    }

    private static JsonObject Adding(int what) => JsonObject.Of(
        ("Type", "Pass"),
        ("Parameters", JsonObject.Of(
            ("n.$", $"States.MathAdd($.n, {what})"), ("v.$", "$.v"), ("items.$", "$.items"))));

    private JsonObject Failing(string[] names, int index, string? next, JsonObject state)
    {
        state = Ended(state.With("ResultPath", random.Next(3) == 0 ? JsonValue.Null : "$.v"), next);
        if (random.Next(2) == 0)
        {
            state = state.With("Retry", JsonArray.Of(JsonObject.Of(
                ("ErrorEquals", Errors()), ("MaxAttempts", random.Next(3)), ("IntervalSeconds", 1))));
        }

        return next is not null && random.Next(2) == 0
            ? state.With("Catch", JsonArray.Of(JsonObject.Of(
                ("ErrorEquals", Errors()),
                ("Next", names[random.Next(index + 1, names.Length)]),
                ("ResultPath", "$.v"))))
            : state;
    }

    private JsonValue Errors() => JsonArray.Of(random.Next(4) switch
    {
        0 => "States.ALL",
        1 => "States.TaskFailed",
        2 => "E",
        _ => "F",
    });

    private static JsonObject Ended(JsonObject state, string? next) =>
        next is null ? state.With("End", true) : state.With("Next", next);
}
