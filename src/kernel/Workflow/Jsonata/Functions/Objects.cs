using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Functions;

/// <summary>Functions of objects, and of values of any kind.</summary>
internal static class Objects
{
    public static JsonValue Keys(in Call call)
    {
        SequenceBuilder keys = new(call.Run);
        HashSet<string> seen = new(StringComparer.Ordinal);
        Collect(call[0], call.Run, seen, ref keys);
        return JsonValue.From(keys.Build());
    }

    public static JsonValue Lookup(in Call call)
    {
        var key = call.Has(1) ? call.Text(1) : "undefined";
        return new Nodes.NameNode(key).Find(call[0], call.Run);
    }

    public static JsonValue Exists(in Call call) => call.Has(0);

    public static JsonValue Spread(in Call call)
    {
        if (!call[0].IsArray && !call[0].IsObject)
        {
            return call[0];
        }

        SequenceBuilder spread = new(call.Run);
        AddSpread(call[0], call.Run, ref spread);

        // Of an array, parts are appended to each other, and what comes out is an array like any other.
        var isPlain = call[0].TryGetArray(out var array) && array.Count > 0;
        return JsonValue.From(spread.Build(isPlain ? JsonArrayMarks.None : JsonArrayMarks.Sequence));
    }

    public static JsonValue Merge(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        JsonObjectBuilder merged = new();
        foreach (var item in Values.ItemsOf(call[0]))
        {
            if (!item.TryGetObject(out var members))
            {
                continue;
            }

            call.Run.Spend(members.Count);
            foreach (var (name, value) in members)
            {
                merged.Set(name, value);
            }
        }

        return JsonValue.From(merged.Build());
    }

    public static JsonValue Each(in Call call)
    {
        SequenceBuilder results = new(call.Run);
        if (call[0].TryGetObject(out var members))
        {
            var function = call.Function(1);
            foreach (var (name, value) in members)
            {
                var result = call.Back(function, value, name, call[0]);
                if (result.IsDefined)
                {
                    results.Add(result);
                }
            }
        }

        return JsonValue.From(results.Build());
    }

    public static JsonValue Sift(in Call call)
    {
        JsonObjectBuilder kept = new();
        if (call[0].TryGetObject(out var members))
        {
            var function = call.Function(1);
            foreach (var (name, value) in members)
            {
                if (Values.IsTrue(call.Back(function, value, name, call[0]), call.Run))
                {
                    kept.Set(name, value);
                }
            }
        }

        return kept.Count == 0 ? default : JsonValue.From(kept.Build());
    }

    public static JsonValue Error(in Call call) => throw new JsonataException("D3137")
    {
        Text = call.Has(0) && call.Text(0).Length > 0 ? call.Text(0) : "$error() function evaluated",
    };

    public static JsonValue Assert(in Call call) => call[0].IsTrue
        ? default
        : throw new JsonataException("D3141")
        {
            Text = call.Has(1) && call.Text(1).Length > 0 ? call.Text(1) : "$assert() statement failed",
        };

    public static JsonValue Type(in Call call) => call[0].Kind switch
    {
        JsonKind.Undefined => default(JsonValue),
        JsonKind.Null => "null",
        JsonKind.Number => Values.IsNumeric(call[0], out _) ? "number" : "object",
        JsonKind.String => "string",
        JsonKind.Boolean => "boolean",
        JsonKind.Array => "array",
        JsonKind.Object => "object",
        JsonKind.Opaque => "function",
    };

    public static JsonValue Boolean(in Call call) =>
        call.Has(0) ? Values.IsTrue(call[0], call.Run) : default(JsonValue);

    public static JsonValue Not(in Call call) =>
        call.Has(0) ? !Values.IsTrue(call[0], call.Run) : default(JsonValue);

    public static JsonValue CloneOf(in Call call) => Clone(call[0], call.Run);

    /// <summary>As through its text and back: new all through, functions as empty strings.</summary>
    public static JsonValue Clone(JsonValue value, Evaluation run)
    {
        run.Enter();
        run.Spend(1);
        JsonValue copy;
        switch (value.Kind)
        {
            case JsonKind.Array:
                var items = value.AsArray().Items.ToArray();
                for (var i = 0; i < items.Length; i++)
                {
                    items[i] = Clone(items[i], run);
                }

                copy = JsonValue.From(new JsonArray(items, items.Length));
                break;
            case JsonKind.Object:
                var members = value.AsObject();
                var values = members.Values.ToArray();
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = Clone(values[i], run);
                }

                copy = JsonValue.From(new JsonObject(members.Shape, values));
                break;
            case JsonKind.Opaque:
                copy = JsonValue.EmptyString;
                break;
            case JsonKind.Number when !value.IsInt64 && Values.IsNumeric(value, out var number):
                copy = number == Math.Truncate(number) ? value : JsonNumberText.Rounded(number);
                break;
            default:
                copy = value;
                break;
        }

        run.Leave();
        return copy;
    }

    private static void Collect(JsonValue value, Evaluation run, HashSet<string> seen, ref SequenceBuilder keys)
    {
        run.Enter();
        if (value.TryGetObject(out var members))
        {
            run.Spend(members.Count);
            foreach (var name in members.Names)
            {
                if (seen.Add(name))
                {
                    keys.Add(name);
                }
            }
        }
        else if (value.TryGetArray(out var array))
        {
            foreach (var item in array.Items)
            {
                Collect(item, run, seen, ref keys);
            }
        }

        run.Leave();
    }

    private static void AddSpread(JsonValue value, Evaluation run, ref SequenceBuilder spread)
    {
        run.Enter();
        if (value.TryGetArray(out var array))
        {
            foreach (var item in array.Items)
            {
                AddSpread(item, run, ref spread);
            }
        }
        else if (value.TryGetObject(out var members))
        {
            foreach (var (name, member) in members)
            {
                run.Spend(1);
                spread.Add(JsonValue.From(JsonObject.Of((name, member))));
            }
        }
        else if (value.IsDefined)
        {
            spread.Add(value);
        }

        run.Leave();
    }
}
