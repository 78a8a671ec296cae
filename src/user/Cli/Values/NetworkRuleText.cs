using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Cli.Values;

/// <summary>Network rules as people write them: a line each, or a file as the syscall takes it.</summary>
internal static class NetworkRuleText
{
    /// <summary>Null when nothing is asked for.</summary>
    public static NetworkAccess? Access(string[] allowed, string? file)
    {
        NetworkRule[] rules = [.. file is null ? [] : FromFile(file), .. allowed.Select(Parse)];
        return rules.Length == 0 ? null : NetworkAccess.Allow(rules);
    }

    /// <summary>
    /// <c>api.example.com</c>, <c>*.example.com:8443</c>, <c>http://10.0.0.5/status</c>,
    /// <c>GET,HEAD https://api.example.com/v1/</c>.
    /// </summary>
    public static NetworkRule Parse(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var (methods, place) = words switch
        {
            [var all] => (null, all),
            [var some, var where] => (some.Split(','), where),
            _ => throw CliException.Usage($"--allow {text} is not HOST or [METHODS ]URL-PREFIX"),
        };
        var scheme = place.Split("://") is [var written, _] ? written : null;
        var rest = scheme is null ? place : place[(scheme.Length + 3)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var (authority, path) = slash < 0 ? (rest, null) : (rest[..slash], rest[slash..]);
        var colon = authority.LastIndexOf(':');
        var hasPort = colon > authority.LastIndexOf(']');
        var port = 0;
        if (hasPort && !int.TryParse(authority[(colon + 1)..], out port))
        {
            throw CliException.Usage($"--allow {text}: {authority[(colon + 1)..]} is no port");
        }

        return new NetworkRule
        {
            Host = hasPort ? authority[..colon] : authority,
            Scheme = scheme,
            Ports = hasPort ? [port] : null,
            Methods = methods,
            Paths = path is null or "/" ? null : [path],
        };
    }

    private static NetworkRule[] FromFile(string file)
    {
        if (!File.Exists(file))
        {
            throw CliException.Usage($"there is no file '{file}'");
        }

        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(file), AbiJsonContext.Default.NetworkRuleArray)
                ?? throw CliException.Usage($"{file} holds null, not a list of rules");
        }
        catch (JsonException wrong)
        {
            throw CliException.Usage($"{file}: {wrong.Message}", "see docs/guide/network.md");
        }
    }
}
