using Analemma.Kernel.Policy;

namespace Analemma.Kernel.Network;

/// <summary>Header names and values: RFC 9110 sections 5.1, 5.5 and 7.6.1.</summary>
public static class HeaderRules
{
    private const string Opening = "${";
    private const string SecretOpening = "${secret:";
    private const int ValueCharsMax = 8 * 1024;

    /// <summary>Of one connection, or of how a body is framed: whoever speaks to the next host sets them.</summary>
    private static readonly HashSet<string> OfTheTransfer = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Content-Length", "Expect", "Host", "HTTP2-Settings", "Keep-Alive", "Proxy-Authenticate",
        "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Via",
    };

    public static bool IsOfTheTransfer(string name) => OfTheTransfer.Contains(name);

    /// <summary>A token, RFC 9110 section 5.6.2.</summary>
    public static bool IsToken(string? text) => text is { Length: > 0 and <= 256 } && text.All(character =>
        char.IsAsciiLetterOrDigit(character) || "!#$%&'*+-.^_`|~".Contains(character, StringComparison.Ordinal));

    /// <summary>Printable ASCII, spaces and tabs inside: nothing that could end a line.</summary>
    public static bool IsValue(string? text) => text is { Length: <= ValueCharsMax }
        && text.All(character => character is (>= ' ' and <= '~') or '\t') && text.Trim() == text;

    /// <summary>The names of the secrets in a value; null when it has a ${ that names none.</summary>
    public static IReadOnlyList<string>? Secrets(string value)
    {
        List<string> names = [];
        for (var at = 0; (at = value.IndexOf(Opening, at, StringComparison.Ordinal)) >= 0;)
        {
            var end = value.IndexOf('}', at);
            if (end < 0 || !value.AsSpan(at).StartsWith(SecretOpening)
                || value[(at + SecretOpening.Length)..end] is not { } name || !SecretRules.IsName(name))
            {
                return null;
            }

            names.Add(name);
            at = end;
        }

        return names;
    }

    /// <summary>The value with its secrets in place.</summary>
    public static string Fill(string value, Func<string, string> secret) => (Secrets(value) ?? []).Distinct().Aggregate(
        value,
        (filled, name) => filled.Replace($"{SecretOpening}{name}}}", secret(name), StringComparison.Ordinal));

    internal static IEnumerable<string> Problems(string field, IReadOnlyDictionary<string, string>? headers)
    {
        if (headers is null)
        {
            yield break;
        }

        if (headers.Count > Limits.HeadersMax)
        {
            yield return $"{field} has {headers.Count} items; at most {Limits.HeadersMax}";
        }

        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in headers)
        {
            if (!IsToken(name))
            {
                yield return $"{field}: {SyscallRules.Quote(name)} is no header name";
            }
            else if (IsOfTheTransfer(name))
            {
                yield return $"{field}: {name} is of the transfer itself, and the kernel's to set";
            }
            else if (!names.Add(name))
            {
                yield return $"{field} has {name} twice";
            }
            else if (!IsValue(value))
            {
                // Not quoted: it may be a key.
                yield return $"{field}.{name}: a value is printable ASCII of at most {ValueCharsMax} characters, in "
                    + "one line, without spaces around it";
            }
        }
    }
}
