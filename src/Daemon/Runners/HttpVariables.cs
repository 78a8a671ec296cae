namespace Analemma.Daemon.Runners;

/// <summary>
/// The variables by which programs that have never heard of the kernel find it. What a spawn sets itself wins.
/// </summary>
internal static class HttpVariables
{
    /// <summary>The kernel's address over HTTP, for whoever asks for it by name.</summary>
    public const string Url = "ANALEMMA_URL";

    /// <summary>
    /// What stands where clients want a key: none of a provider's, and of no use to anybody. Who speaks is known by the
    /// socket.
    /// </summary>
    public const string Placeholder = "analemma-placeholder-the-kernel-has-the-keys";

    private static readonly Dictionary<string, string> Nothing = [];

    /// <summary>
    /// By which programs find a proxy, in the two cases that they look for; what the kernel serves itself is asked
    /// for directly. Node heeds them from version 24 on, when the last says so.
    /// </summary>
    private static readonly (string Name, string Value)[] OfProxy =
    [
        ("HTTP_PROXY", ProxyUrl), ("http_proxy", ProxyUrl), ("HTTPS_PROXY", ProxyUrl), ("https_proxy", ProxyUrl),
        ("NO_PROXY", Own), ("no_proxy", Own), ("NODE_USE_ENV_PROXY", "1"),
    ];

    /// <summary>With its port, for curl's default for proxies is another.</summary>
    private const string ProxyUrl = "http://127.0.0.1:80";

    private const string Own = "127.0.0.1,localhost,::1";

    /// <summary>The variables for an agent that finds the kernel there; none where it cannot.</summary>
    /// <param name="baseUrl">The kernel's address, without a path.</param>
    /// <param name="key">What it shows there for a key.</param>
    public static IReadOnlyDictionary<string, string> Of(string? baseUrl, string key = Placeholder) =>
        baseUrl is null ? Nothing : new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Url] = baseUrl,
            ["OPENAI_BASE_URL"] = $"{baseUrl}/v1",
            ["OPENAI_API_KEY"] = key,
            ["GOOGLE_GEMINI_BASE_URL"] = baseUrl,
            ["GEMINI_API_KEY"] = key,
            ["ANTHROPIC_BASE_URL"] = baseUrl,
            ["ANTHROPIC_API_KEY"] = key,
        };

    /// <summary>The same, and the proxy for an agent whose spawn has network rules.</summary>
    public static IReadOnlyDictionary<string, string> WithProxy(IReadOnlyDictionary<string, string> variables)
    {
        Dictionary<string, string> all = new(variables, StringComparer.Ordinal);
        foreach (var (name, value) in OfProxy)
        {
            all[name] = value;
        }

        return all;
    }
}
