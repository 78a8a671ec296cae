using System.Globalization;
using System.Text.RegularExpressions;

namespace Analemma.Kernel.Schemas;

/// <summary>The formats that are checked, as section 7.3 of JSON Schema's validation part names them.</summary>
internal static partial class SchemaFormats
{
    public static IReadOnlyDictionary<string, Func<string, bool>> All { get; } =
        new Dictionary<string, Func<string, bool>>(StringComparer.Ordinal)
        {
            ["date-time"] = text => text.IndexOfAny(['T', 't', ' ']) is var at and > 0
                && IsDate(text[..at]) && IsTime(text[(at + 1)..]),
            ["date"] = IsDate,
            ["time"] = IsTime,
            ["duration"] = text => Duration().IsMatch(text) && text is not ([.., 'P'] or [.., 'T']),
            ["email"] = text => Email().IsMatch(text),
            ["uri"] = text => Uri.TryCreate(text, UriKind.Absolute, out _) && Scheme().IsMatch(text),
            ["uuid"] = text => Guid.TryParseExact(text, "D", out _),
            ["ipv4"] = text => Ipv4().IsMatch(text),
            ["ipv6"] = IsIpv6,
            ["hostname"] = text => text.Length <= 253 && Hostname().IsMatch(text),
        };

    private static bool IsDate(string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    /// <summary>RFC 3339: with an offset. A leap second is not checked for its day.</summary>
    private static bool IsTime(string text) => Time().IsMatch(text);

    /// <summary>RFC 4291, section 2.2: eight groups, one run of zeros left out, IPv4 for the last two.</summary>
    private static bool IsIpv6(string text)
    {
        var halves = text.Split("::");
        if (halves.Length > 2)
        {
            return false;
        }

        var groups = halves.SelectMany(half => half.Length == 0 ? [] : half.Split(':')).ToList();
        var count = groups.Count;
        if (groups is [.., var last] && last.Contains('.', StringComparison.Ordinal))
        {
            if (!Ipv4().IsMatch(last))
            {
                return false;
            }

            groups.RemoveAt(groups.Count - 1);
            count++;
        }

        return groups.All(group => group.Length is >= 1 and <= 4 && group.All(char.IsAsciiHexDigit))
            && (halves.Length == 2 ? count <= 7 : count == 8);
    }

    [GeneratedRegex(
        @"^([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Time();

    [GeneratedRegex(@"^P([0-9]+W|([0-9]+Y)?([0-9]+M)?([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]+)?S)?)?)\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Duration();

    [GeneratedRegex(@"^[^@\s]{1,64}@[^@\s]{1,255}\z")]
    private static partial Regex Email();

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9+.-]*:")]
    private static partial Regex Scheme();

    [GeneratedRegex(@"^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(?!\z)|\z)){4}\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Ipv4();

    [GeneratedRegex(@"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Hostname();
}
