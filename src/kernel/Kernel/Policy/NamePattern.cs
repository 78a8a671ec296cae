namespace Analemma.Kernel.Policy;

/// <summary>
/// Names with <c>*</c> for any text, and nothing else: whether one pattern covers another must be decided at a glance,
/// and never be wrong in favour of who asks.
/// </summary>
public static class NamePattern
{
    public const string All = "*";

    /// <summary>Those near an agent. No name begins so, and none of another kind matches it.</summary>
    public const string Family = "_family";

    private const char Any = '*';

    /// <summary>Whether it stands for a name. Linear in both: it goes back to the last star alone.</summary>
    public static bool Matches(string pattern, string name) => pattern == Family
        ? name == Family
        : Match(pattern, name, starInName: false);

    /// <summary>
    /// Whether every name of the one is also one of the other: when it is matched, stars taken for a letter that only
    /// stars match.
    /// </summary>
    public static bool Covers(string pattern, string other) =>
        pattern == other || pattern == All || (pattern != Family && other != Family
            && Match(pattern, other, starInName: true));

    public static bool Matches(IReadOnlyList<string> patterns, string name) =>
        patterns.Any(pattern => Matches(pattern, name));

    public static bool Covers(IReadOnlyList<string> patterns, string other) =>
        patterns.Any(pattern => Covers(pattern, other));

    /// <summary>What is in both lists: never more than in either, though where stars cross it may be less.</summary>
    public static IReadOnlyList<string> Both(IReadOnlyList<string> above, IReadOnlyList<string> own) =>
    [
        .. own.Where(pattern => Covers(above, pattern))
            .Concat(above.Where(pattern => Covers(own, pattern)))
            .Distinct(StringComparer.Ordinal),
    ];

    private static bool Match(string pattern, string name, bool starInName)
    {
        var (at, from, star, back) = (0, 0, -1, 0);
        while (from < name.Length)
        {
            if (at < pattern.Length && pattern[at] == Any)
            {
                (star, back) = (at++, from);
            }
            else if (at < pattern.Length && pattern[at] == name[from] && !(starInName && name[from] == Any))
            {
                at++;
                from++;
            }
            else if (star >= 0)
            {
                (at, from) = (star + 1, ++back);
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(at).Trim(Any).IsEmpty;
    }
}
