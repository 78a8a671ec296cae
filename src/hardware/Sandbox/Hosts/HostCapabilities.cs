using System.Globalization;

namespace Analemma.Sandbox.Hosts;

/// <summary>What a root that is not all-powerful, as in many containers, may not do.</summary>
internal static class HostCapabilities
{
    private const string Effective = "CapEff:";

    /// <summary>Those that making a sandbox takes, by their numbers in capabilities(7).</summary>
    private static readonly (int Number, string Name)[] Used =
    [
        (0, "CAP_CHOWN"),
        (1, "CAP_DAC_OVERRIDE"),
        (3, "CAP_FOWNER"),
        (5, "CAP_KILL"),
        (6, "CAP_SETGID"),
        (7, "CAP_SETUID"),
        (21, "CAP_SYS_ADMIN"),
    ];

    /// <param name="status">The text of /proc/self/status.</param>
    public static IReadOnlyList<string> Lacking(string? status)
    {
        var line = status?.Split('\n').FirstOrDefault(each => each.StartsWith(Effective, StringComparison.Ordinal));
        return line is not null && ulong.TryParse(
            line.AsSpan(Effective.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var held)
            ? [.. Used.Where(each => (held & (1UL << each.Number)) == 0).Select(each => each.Name)]
            : [];
    }
}
