using System.Globalization;

namespace Analemma.Kernel.Network;

// Own code, because the base library's addresses come with its sockets, which the kernel must not have, and because
// what a URL may write for an address is a decision here: every form that any resolver understands is understood, so
// that none of them can pass for a name.

/// <summary>An IP address as a number: version 4 in the low 32 bits.</summary>
public readonly record struct NetAddress(UInt128 Bits, bool IsV6)
{
    private const int GroupCount = 8;

    public static NetAddress V4(byte a, byte b, byte c, byte d) =>
        new(((UInt128)a << 24) | ((UInt128)b << 16) | ((UInt128)c << 8) | d, false);

    /// <summary>From network order: 4 or 16 bytes.</summary>
    public static NetAddress Of(ReadOnlySpan<byte> bytes)
    {
        UInt128 bits = 0;
        foreach (var part in bytes)
        {
            bits = (bits << 8) | part;
        }

        return new NetAddress(bits, bytes.Length == 16);
    }

    /// <summary>
    /// Reads an address in any notation: <c>10.1</c>, <c>0x7f.1</c>, <c>2130706433</c> and <c>0177.0.0.1</c> as
    /// inet_aton(3) and the URL standard (https://url.spec.whatwg.org/#ipv4-parser) do, RFC 4291 section 2.2 with or
    /// without brackets. A zone (<c>%eth0</c>) is not read.
    /// </summary>
    public static bool TryParse(string text, out NetAddress address)
    {
        address = default;
        if (text.Contains(':', StringComparison.Ordinal))
        {
            var inner = text is ['[', .., ']'] ? text[1..^1] : text;
            return TryParseV6(inner, out address);
        }

        return TryParseV4(text, out address);
    }

    /// <summary>
    /// Whether a name ends like a number, so that some resolver may take it for an address: it is one, or nothing.
    /// </summary>
    public static bool IsNumeric(string host)
    {
        var last = host.Split('.')[^1];
        return last.Length > 0 && (last.All(char.IsAsciiDigit)
            || (last.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && last[2..].All(char.IsAsciiHexDigit)));
    }

    /// <summary>The IPv4 address in the low bits, or from a bit on.</summary>
    public NetAddress Embedded(int fromBit = 0) => new((Bits >> fromBit) & uint.MaxValue, false);

    public bool IsIn(NetAddress network, int prefix) => IsV6 == network.IsV6
        && (prefix == 0 || ((Bits ^ network.Bits) >> ((IsV6 ? 128 : 32) - prefix)) == 0);

    /// <summary>Dotted, or as RFC 5952 writes it, without brackets.</summary>
    public override string ToString()
    {
        if (!IsV6)
        {
            var bits = (uint)Bits;
            return string.Create(
                CultureInfo.InvariantCulture, $"{bits >> 24}.{(bits >> 16) & 255}.{(bits >> 8) & 255}.{bits & 255}");
        }

        var groups = new int[GroupCount];
        for (var i = 0; i < GroupCount; i++)
        {
            groups[i] = (int)((Bits >> (16 * (GroupCount - 1 - i))) & 0xFFFF);
        }

        var (start, length) = LongestZeros(groups);
        string Part(int from, int to) => string.Join(
            ':', groups[from..to].Select(group => group.ToString("x", CultureInfo.InvariantCulture)));
        return length < 2
            ? Part(0, GroupCount)
            : $"{Part(0, start)}::{Part(start + length, GroupCount)}";
    }

    private static (int Start, int Length) LongestZeros(int[] groups)
    {
        var best = (Start: 0, Length: 0);
        for (var i = 0; i < groups.Length; i++)
        {
            var length = groups[i..].TakeWhile(group => group == 0).Count();
            if (length > best.Length)
            {
                best = (i, length);
            }
        }

        return best;
    }

    private static bool TryParseV4(string text, out NetAddress address)
    {
        address = default;
        var parts = text.Split('.');
        if (parts.Length > 4 || !parts.All(part => TryNumber(part, out _)))
        {
            return false;
        }

        UInt128 bits = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            TryNumber(parts[i], out var number);
            var isLast = i == parts.Length - 1;
            var room = isLast ? 8 * (4 - i) : 8;
            if (number >> room != 0)
            {
                return false;
            }

            bits = (bits << room) | number;
        }

        address = new NetAddress(bits, false);
        return true;
    }

    private static bool TryNumber(string part, out ulong number)
    {
        number = 0;
        if (part.Length is 0 or > 20)
        {
            return false;
        }

        if (part.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return part.Length == 2 || ulong.TryParse(
                part.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);
        }

        if (part.Length == 1 || part[0] != '0')
        {
            return ulong.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out number);
        }

        foreach (var digit in part)
        {
            if (digit is < '0' or > '7' || number > uint.MaxValue)
            {
                return false;
            }

            number = (number * 8) + (ulong)(digit - '0');
        }

        return true;
    }

    private static bool TryParseV6(string text, out NetAddress address)
    {
        address = default;
        var halves = text.Split("::");
        if (halves.Length > 2 || !TryGroups(halves[0], halves.Length == 1, out var left))
        {
            return false;
        }

        List<int> right = [];
        if (halves.Length == 2 && !TryGroups(halves[1], true, out right))
        {
            return false;
        }

        var missing = GroupCount - left.Count - right.Count;
        if (halves.Length == 1 ? missing != 0 : missing < 1)
        {
            return false;
        }

        UInt128 bits = 0;
        foreach (var group in left.Concat(Enumerable.Repeat(0, missing)).Concat(right))
        {
            bits = (bits << 16) | (UInt128)group;
        }

        address = new NetAddress(bits, true);
        return true;
    }

    private static bool TryGroups(string text, bool mayEndInV4, out List<int> groups)
    {
        groups = [];
        if (text.Length == 0)
        {
            return true;
        }

        var parts = text.Split(':');
        for (var i = 0; i < parts.Length; i++)
        {
            if (mayEndInV4 && i == parts.Length - 1 && parts[i].Contains('.', StringComparison.Ordinal))
            {
                var digits = parts[i].Split('.');
                if (digits.Length != 4
                    || !digits.All(digit => digit.Length is > 0 and < 4 && digit.All(char.IsAsciiDigit)
                        && (digit.Length == 1 || digit[0] != '0'))
                    || !TryParseV4(parts[i], out var v4))
                {
                    return false;
                }

                groups.Add((int)(v4.Bits >> 16));
                groups.Add((int)(v4.Bits & 0xFFFF));
                continue;
            }

            if (parts[i].Length is 0 or > 4 || !parts[i].All(char.IsAsciiHexDigit))
            {
                return false;
            }

            groups.Add(int.Parse(parts[i], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        }

        return groups.Count <= GroupCount;
    }
}
