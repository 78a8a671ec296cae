namespace Analemma.Daemon.Runners;

/// <summary>
/// The variables by which programs that have never heard of the kernel find it. What a spawn sets itself wins.
/// </summary>
internal static class HttpVariables
{
    /// <summary>The kernel's address over HTTP, for whoever asks for it by name.</summary>
    public const string Url = "ANALEMMA_URL";

    private static readonly Dictionary<string, string> Nothing = [];

    /// <summary>The variables for an agent that finds the kernel there; none where it cannot.</summary>
    public static IReadOnlyDictionary<string, string> Of(string? baseUrl) =>
        baseUrl is null ? Nothing : new Dictionary<string, string>(StringComparer.Ordinal) { [Url] = baseUrl };
}
