using System.Security.Cryptography;
using System.Text;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Intrinsics;

/// <summary>One function: how many arguments it takes, and what it does.</summary>
internal sealed record IntrinsicFunction(int ArgumentsMin, int ArgumentsMax, Func<IntrinsicValues, JsonValue> Call)
{
    public bool Takes(int count) => count >= ArgumentsMin && count <= ArgumentsMax;
}

/// <summary>The arguments of one call, read as what the function needs.</summary>
internal sealed class IntrinsicValues(IntrinsicCall call, JsonValue[] values, IChance chance)
{
    public IChance Chance => chance;

    public int Count => values.Length;

    public string? Template { get; init; }

    public ReadOnlySpan<JsonValue> All => values;

    public JsonValue this[int index] => values[index];

    public JsonArray Array(int index) => values[index].TryGetArray(out var items)
        ? items
        : throw Failure($"Invalid argument: expected an array, but got '{values[index]}'");

    public JsonObject Object(int index) => values[index].TryGetObject(out var fields)
        ? fields
        : throw Failure($"Invalid argument: expected a JSON object, but got '{values[index]}'");

    public string Text(int index) => values[index].TryGetString(out var text)
        ? text
        : throw Failure($"Invalid argument: expected a string, but got '{values[index]}'");

    // A number with a fraction is rounded off, as the documentation has it.
    public long Whole(int index) => values[index].TryGetInt64(out var whole)
        ? whole
        : values[index].TryGetDouble(out var number) && Math.Abs(number) < long.MaxValue
            ? (long)Math.Floor(number + 0.5)
            : throw Failure($"Invalid argument: expected a number, but got '{values[index]}'");

    public IntrinsicFailureException Failure(string what) => new(call, what);
}

/// <summary>All functions there are, by name.</summary>
internal static class IntrinsicFunctions
{
    private const int BytesMax = 10_000;
    private const int RangeMax = 1_000;

    private static readonly Dictionary<string, IntrinsicFunction> ByName = new(StringComparer.Ordinal)
    {
        ["States.Format"] = new(1, int.MaxValue, Format),
        ["States.StringToJson"] = new(1, 1, StringToJson),
        ["States.JsonToString"] = new(1, 1, arguments => arguments[0].ToString(JsonWriteOptions.Service)),
        ["States.Array"] = new(0, int.MaxValue, arguments => JsonArray.Of(arguments.All)),
        ["States.ArrayPartition"] = new(2, 2, ArrayPartition),
        ["States.ArrayContains"] = new(2, 2, ArrayContains),
        ["States.ArrayRange"] = new(3, 3, ArrayRange),
        ["States.ArrayGetItem"] = new(2, 2, ArrayGetItem),
        ["States.ArrayLength"] = new(1, 1, arguments => arguments.Array(0).Count),
        ["States.ArrayUnique"] = new(1, 1, ArrayUnique),
        ["States.Base64Encode"] = new(1, 1, Base64Encode),
        ["States.Base64Decode"] = new(1, 1, Base64Decode),
        ["States.Hash"] = new(2, 2, Hash),
        ["States.JsonMerge"] = new(3, 3, JsonMerge),
        ["States.MathRandom"] = new(2, 3, MathRandom),
        ["States.MathAdd"] = new(2, 2, MathAdd),
        ["States.StringSplit"] = new(2, 2, StringSplit),
        ["States.UUID"] = new(0, 0, arguments => Uuid(arguments.Chance.Next())),
    };

    public static IntrinsicFunction? Of(string name) => ByName.GetValueOrDefault(name);

    /// <summary>16 random bytes as a UUID of version 4 (RFC 9562 §5.4).</summary>
    public static string Uuid(UInt128 random)
    {
        var high = ((ulong)(random >> 64) & 0xFFFFFFFFFFFF0FFF) | 0x4000;
        var low = ((ulong)(random & 0x3FFFFFFFFFFFFFFF)) | 0x8000000000000000;
        var hex = $"{high:x16}{low:x16}";
        return $"{hex[..8]}-{hex[8..12]}-{hex[12..16]}-{hex[16..20]}-{hex[20..]}";
    }

    private static JsonValue Format(IntrinsicValues arguments) =>
        IntrinsicTemplate.Fill(arguments.Template ?? arguments.Text(0), arguments.All[1..])
        ?? throw arguments.Failure("Arguments do not match template: the number of {} differs from that of values");

    private static JsonValue StringToJson(IntrinsicValues arguments)
    {
        var text = arguments.Text(0);
        if (string.IsNullOrWhiteSpace(text))
        {
            return JsonValue.Null;
        }

        return JsonValue.TryParse(Encoding.UTF8.GetBytes(text), JsonLimits.Payload, out var value, out var error)
            ? value
            : throw arguments.Failure($"Invalid JSON provided as argument: {ExecutionInput.Worded(text, error)}");
    }

    private static JsonValue ArrayPartition(IntrinsicValues arguments)
    {
        var (items, size) = (arguments.Array(0), arguments.Whole(1));
        if (size <= 0)
        {
            throw arguments.Failure("The chunk size must be a positive integer");
        }

        JsonArrayBuilder chunks = new();
        for (long at = 0; at < items.Count; at += size)
        {
            chunks.Add(JsonArray.Of(items.Items[(int)at..(int)Math.Min(at + size, items.Count)]));
        }

        return chunks.Build();
    }

    private static JsonValue ArrayContains(IntrinsicValues arguments)
    {
        foreach (var item in arguments.Array(0))
        {
            if (item == arguments[1])
            {
                return true;
            }
        }

        return false;
    }

    private static JsonValue ArrayRange(IntrinsicValues arguments)
    {
        var (first, last, step) = (arguments.Whole(0), arguments.Whole(1), arguments.Whole(2));
        if (step == 0)
        {
            throw arguments.Failure("The step must not be 0");
        }

        Int128 count = (((Int128)last - first) / step) + 1;
        if (count > RangeMax)
        {
            throw arguments.Failure($"The range has more than {RangeMax} items");
        }

        JsonArrayBuilder range = new();
        for (Int128 at = first; step > 0 ? at <= last : at >= last; at += step)
        {
            range.Add((long)at);
        }

        return range.Build();
    }

    private static JsonValue ArrayGetItem(IntrinsicValues arguments)
    {
        var (items, index) = (arguments.Array(0), arguments.Whole(1));
        return index >= 0 && index < items.Count
            ? items[(int)index]
            : throw arguments.Failure("The index for the array is out of bounds");
    }

    private static JsonValue ArrayUnique(IntrinsicValues arguments)
    {
        HashSet<JsonValue> seen = [];
        JsonArrayBuilder unique = new();
        foreach (var item in arguments.Array(0))
        {
            if (seen.Add(item))
            {
                unique.Add(item);
            }
        }

        return unique.Build();
    }

    private static JsonValue Base64Encode(IntrinsicValues arguments) =>
        Convert.ToBase64String(Bounded(arguments, arguments.Text(0)));

    private static JsonValue Base64Decode(IntrinsicValues arguments)
    {
        Bounded(arguments, arguments.Text(0));
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(arguments.Text(0)));
        }
        catch (FormatException)
        {
            throw arguments.Failure("The argument is not Base64");
        }
    }

    private static byte[] Bounded(IntrinsicValues arguments, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return bytes.Length <= BytesMax
            ? bytes
            : throw arguments.Failure($"The argument is longer than {BytesMax} characters");
    }

    private static JsonValue Hash(IntrinsicValues arguments)
    {
        var text = arguments[0].TryGetString(out var given) ? given : arguments[0].ToString(JsonWriteOptions.Service);
        var bytes = Bounded(arguments, text);
        var algorithm = arguments.Text(1) switch
        {
            "MD5" => HashAlgorithmName.MD5,
            "SHA-1" => HashAlgorithmName.SHA1,
            "SHA-256" => HashAlgorithmName.SHA256,
            "SHA-384" => HashAlgorithmName.SHA384,
            "SHA-512" => HashAlgorithmName.SHA512,
            var other => throw arguments.Failure($"Invalid hash algorithm '{other}'"),
        };
        return Convert.ToHexStringLower(CryptographicOperations.HashData(algorithm, bytes));
    }

    private static JsonValue JsonMerge(IntrinsicValues arguments)
    {
        var (first, second) = (arguments.Object(0), arguments.Object(1));
        if (!arguments[2].IsBoolean || arguments[2].IsTrue)
        {
            throw arguments.Failure("Only shallow merging is supported: the third argument must be false");
        }

        JsonObjectBuilder merged = new(first);
        foreach (var (name, value) in second)
        {
            merged.Set(name, value);
        }

        return merged.Build();
    }

    private static JsonValue MathRandom(IntrinsicValues arguments)
    {
        var (from, to) = (arguments.Whole(0), arguments.Whole(1));
        if (from >= to)
        {
            throw arguments.Failure("The start must be less than the end");
        }

        var width = (UInt128)((Int128)to - from);
        var drawn = arguments.Count == 3
            ? SeededChance.Once(arguments.Whole(2))
            : arguments.Chance.Next();
        return (long)(from + (Int128)(drawn % width));
    }

    private static JsonValue MathAdd(IntrinsicValues arguments)
    {
        Int128 sum = (Int128)arguments.Whole(0) + arguments.Whole(1);
        return sum >= long.MinValue && sum <= long.MaxValue
            ? (long)sum
            : throw arguments.Failure("The sum needs more than 64 bits");
    }

    // Every character of the second argument separates; empty parts are left out, as the service does.
    private static JsonValue StringSplit(IntrinsicValues arguments)
    {
        JsonArrayBuilder parts = new();
        var (text, separators) = (arguments.Text(0), arguments.Text(1));
        foreach (var part in text.Split(separators.ToCharArray(), StringSplitOptions.RemoveEmptyEntries))
        {
            parts.Add(part);
        }

        return parts.Build();
    }
}
