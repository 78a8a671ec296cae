using System.Security.Cryptography;
using System.Text;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Jsonata.Functions;

/// <summary>
/// What AWS Step Functions adds to the language in place of its intrinsic functions. Where they need a whole number, a
/// fraction is rounded down (Developer Guide, JSONata functions provided by Step Functions).
/// </summary>
internal static class ServiceFunctions
{
    /// <summary>An array in parts of a size, the last of what is left.</summary>
    public static JsonValue Partition(in Call call)
    {
        if (!call.Has(0) || !call.Has(1))
        {
            return default;
        }

        var items = call.Array(0).Items;
        var size = (int)Math.Clamp(Math.Floor(call.Number(1)), 0, int.MaxValue);
        if (size <= 0)
        {
            throw call.Wrong(1);
        }

        call.Run.SpendSequence(items.Length);
        JsonArrayBuilder parts = new();
        for (var i = 0; i < items.Length; i += Math.Min(size, items.Length - i))
        {
            var part = items.Slice(i, Math.Min(size, items.Length - i));
            parts.Add(JsonValue.From(new JsonArray(part.ToArray(), part.Length)));
        }

        return JsonValue.From(parts.Build());
    }

    /// <summary>From the first number to the last, both included, in steps.</summary>
    public static JsonValue Range(in Call call)
    {
        if (!call.Has(0) || !call.Has(1) || !call.Has(2))
        {
            return default;
        }

        var (start, end, step) = (
            Math.Floor(call.Number(0)), Math.Floor(call.Number(1)), Math.Floor(call.Number(2)));
        if (step == 0 || !double.IsFinite(step))
        {
            throw call.Wrong(2);
        }

        var count = Math.Floor((end - start) / step) + 1;
        if (!(count > 0))
        {
            return JsonValue.From(JsonArray.Empty);
        }

        call.Run.SpendSequence((long)Math.Min(count, long.MaxValue / 2));
        var items = new JsonValue[(int)count];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = start + (i * step);
        }

        return JsonValue.From(new JsonArray(items, items.Length));
    }

    /// <summary>In lower-case hexadecimal, of the text in UTF-8; of what is no text, of its JSON.</summary>
    public static JsonValue Hash(in Call call)
    {
        if (!call.Has(0) || !call.Has(1))
        {
            return default;
        }

        var bytes = Encoding.UTF8.GetBytes(call.Text(0));
        call.Run.SpendText(bytes.Length);
        var algorithm = call.Text(1) switch
        {
            "MD5" => HashAlgorithmName.MD5,
            "SHA-1" => HashAlgorithmName.SHA1,
            "SHA-256" => HashAlgorithmName.SHA256,
            "SHA-384" => HashAlgorithmName.SHA384,
            "SHA-512" => HashAlgorithmName.SHA512,
            _ => throw call.Wrong(1),
        };
        return Convert.ToHexStringLower(CryptographicOperations.HashData(algorithm, bytes));
    }

    /// <summary>
    /// At least 0, less than 1. With a seed always the same for it (SplitMix64), though not the service's number,
    /// which nobody has published how to get.
    /// </summary>
    public static JsonValue Random(in Call call)
    {
        if (!call.Has(0))
        {
            return call.Run.NextRandom();
        }

        unchecked
        {
            var mixed = (ulong)BitConverter.DoubleToInt64Bits(Math.Floor(call.Number(0))) + 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return ((mixed ^ (mixed >> 31)) >> 11) * (1.0 / (1UL << 53));
        }
    }

    public static JsonValue Uuid(in Call call) => call.Run.NextUuid();

    /// <summary>A value from its JSON.</summary>
    public static JsonValue Parse(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var text = call.Text(0);
        var utf8 = Encoding.UTF8.GetBytes(text);
        call.Run.SpendText(utf8.Length);
        JsonLimits limits = new(call.Run.Limits.StringMax, call.Run.Limits.DepthMax);
        return JsonValue.TryParse(utf8, limits, out var value, out var error)
            ? value
            : throw new JsonataException("D3142", call[0]) { Text = ExecutionInput.Worded(text, error) };
    }
}
