using Analemma.Workflow.Json;

namespace Analemma.Workflow.Paths;

/// <summary>A function at the end of a path, as Jayway has them.</summary>
internal sealed class PathFunction(string name, IReadOnlyList<PathOperand> arguments)
{
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "min", "max", "avg", "stddev", "sum", "length", "size", "keys", "concat", "append", "first", "last", "index",
    };

    public static bool IsKnown(string name) => Known.Contains(name);

    /// <summary>Undefined, and why, when it cannot be applied.</summary>
    public JsonValue Apply(JsonValue value, JsonValue root, out string? missing)
    {
        missing = null;
        switch (name)
        {
            case "length" or "size":
                var measured = arguments.Count > 0 ? arguments[0].Get(value, root) : default;
                return Length(measured.IsDefined ? measured : value);
            case "keys":
                return Keys(value);
            case "first" or "last" or "index":
                return Element(value, root, out missing);
            case "concat":
                return string.Concat(All(value, root).Select(one => one.TryGetString(out var text) ? text : $"{one}"));
            case "append":
                return value.IsArray ? JsonArray.Of([.. All(value, root)]) : value;
            default:
                return Aggregate(value, root, out missing);
        }
    }

    private static JsonValue Length(JsonValue value) =>
        value.TryGetArray(out var items) ? items.Count
        : value.TryGetObject(out var fields) ? fields.Count
        : JsonValue.Null;

    private static JsonValue Keys(JsonValue value)
    {
        if (!value.TryGetObject(out var fields))
        {
            return JsonValue.Null;
        }

        JsonArrayBuilder keys = new(fields.Count);
        foreach (var key in fields.Names)
        {
            keys.Add(key);
        }

        return keys.Build();
    }

    private JsonValue Element(JsonValue value, JsonValue root, out string? missing)
    {
        var at = name switch
        {
            "first" => 0,
            "last" => -1,
            _ => arguments.Count > 0 && arguments[0].Get(value, root).TryGetInt32(out var index) ? index : 0,
        };
        var found = new IndexSegment(at).Step(value);
        missing = found.IsUndefined ? "No results for path" : null;
        return found;
    }

    // The elements, and the arguments after them.
    private IEnumerable<JsonValue> All(JsonValue value, JsonValue root) =>
        (value.TryGetArray(out var items) ? items.Items.ToArray() : [])
        .Concat(arguments.Select(argument => argument.Get(value, root)).Where(found => found.IsDefined));

    private JsonValue Aggregate(JsonValue value, JsonValue root, out string? missing)
    {
        var numbers = All(value, root).Where(item => item.IsNumber).Select(item => item.AsDouble()).ToList();
        if (numbers.Count == 0)
        {
            missing = "Aggregation function attempted to calculate value using empty array";
            return default;
        }

        var made = name switch
        {
            "min" => numbers.Min(),
            "max" => numbers.Max(),
            "sum" => numbers.Sum(),
            "avg" => numbers.Average(),
            _ => Deviation(numbers),
        };
        // Numbers that are too large for a double, which JSON may have and no answer can.
        missing = double.IsFinite(made) ? null : "Aggregation function calculated a value that is no number";
        return missing is null ? made : default(JsonValue);
    }

    private static double Deviation(List<double> numbers)
    {
        var mean = numbers.Average();
        return Math.Sqrt(numbers.Sum(number => (number - mean) * (number - mean)) / numbers.Count);
    }
}
