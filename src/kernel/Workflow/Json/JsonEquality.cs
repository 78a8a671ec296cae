using System.Globalization;

namespace Analemma.Workflow.Json;

/// <summary>Equality and hash by content.</summary>
internal static class JsonEquality
{
    public static bool AreEqual(JsonValue left, JsonValue right, int depth)
    {
        if (left.IsSame(right))
        {
            return true;
        }

        var kind = left.Kind;
        if (kind != right.Kind)
        {
            return false;
        }

        JsonLimits.CheckDepth(depth);
        return kind switch
        {
            JsonKind.Number => AreEqualNumbers(left, right),
            JsonKind.String => string.Equals(left.AsString(), right.AsString(), StringComparison.Ordinal),
            JsonKind.Array => AreEqualArrays(left.AsArray(), right.AsArray(), depth),
            JsonKind.Object => AreEqualObjects(left.AsObject(), right.AsObject(), depth),
            _ => false,
        };
    }

    public static int Hash(JsonValue value, int depth)
    {
        JsonLimits.CheckDepth(depth);
        unchecked
        {
            switch (value.Kind)
            {
                case JsonKind.Boolean:
                    return value.IsTrue ? 3 : 2;
                case JsonKind.Number:
                    var bits = BitConverter.DoubleToInt64Bits(value.AsDouble() + 0.0);
                    return (int)(bits ^ (bits >>> 32));
                case JsonKind.String:
                    return HashText(value.AsString());
                case JsonKind.Array:
                    var hash = 7;
                    foreach (var item in value.AsArray().Items)
                    {
                        hash = (hash * 31) + Hash(item, depth + 1);
                    }

                    return hash;
                case JsonKind.Object:
                    // A sum, for the order of names does not matter.
                    var sum = 11;
                    foreach (var (name, member) in value.AsObject())
                    {
                        sum += HashText(name) ^ (Hash(member, depth + 1) * 31);
                    }

                    return sum;
                default:
                    return (int)value.Kind;
            }
        }
    }

    /// <summary>FNV-1a over the characters.</summary>
    private static int HashText(string text)
    {
        unchecked
        {
            var hash = (int)2166136261;
            foreach (var character in text)
            {
                hash = (hash ^ character) * 16777619;
            }

            return hash;
        }
    }

    private static bool AreEqualNumbers(JsonValue left, JsonValue right)
    {
        var bothBig = left.IsBigNumber(out var leftText) & right.IsBigNumber(out var rightText);
        if (bothBig && double.IsInfinity(left.AsDouble()))
        {
            return string.Equals(leftText, rightText, StringComparison.Ordinal);
        }

        if (bothBig && IsWhole(leftText!) && IsWhole(rightText!))
        {
            return System.Numerics.BigInteger.Parse(leftText!, CultureInfo.InvariantCulture)
                == System.Numerics.BigInteger.Parse(rightText!, CultureInfo.InvariantCulture);
        }

        // Two integers are compared as such, for they may differ and have the same nearest double. A double beside an
        // integer is one, however many of its digits are written.
        return left.IsInt64 && right.IsInt64
            ? left.TryGetInt64(out var leftWhole) && right.TryGetInt64(out var rightWhole) && leftWhole == rightWhole
            : left.AsDouble() == right.AsDouble();
    }

    private static bool IsWhole(string text) => text.AsSpan().IndexOfAny(".eE") < 0;

    private static bool AreEqualArrays(JsonArray left, JsonArray right, int depth)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        for (var i = 0; i < left.Count; i++)
        {
            if (!AreEqual(left[i], right[i], depth + 1))
            {
                return false;
            }
        }

        return true;
    }

    private static bool AreEqualObjects(JsonObject left, JsonObject right, int depth)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        for (var i = 0; i < left.Count; i++)
        {
            var other = ReferenceEquals(left.Shape, right.Shape) ? right.ValueAt(i) : right[left.NameAt(i)];
            if (other.IsUndefined || !AreEqual(left.ValueAt(i), other, depth + 1))
            {
                return false;
            }
        }

        return true;
    }
}
