using System.Globalization;

namespace Analemma.Cli.Values;

/// <summary>Numbers of things, in words.</summary>
internal static class Plural
{
    /// <summary>1 agent, 2 agents.</summary>
    public static string Of(long count, string one) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {one}{(count == 1 ? "" : "s")}");
}
