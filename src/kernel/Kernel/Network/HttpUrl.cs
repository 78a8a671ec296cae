using System.Globalization;

namespace Analemma.Kernel.Network;

/// <summary>Where a request goes, every part in the form that is compared and sent.</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
/// <param name="Host">An address or a name.</param>
/// <param name="Port">As written, or the scheme's.</param>
/// <param name="Path">Begins with a slash.</param>
/// <param name="Query">With its question mark; empty when there is none.</param>
public sealed record HttpUrl(string Scheme, HostName Host, int Port, string Path, string Query)
{
    private const int CharsMax = 16 * 1024;

    /// <summary>Without the query, in which agents and services have keys.</summary>
    public string Shown => $"{Origin}{(Path.Length <= 200 ? Path : Path[..200] + "…")}";

    public string Origin => Port == DefaultPort(Scheme)
        ? $"{Scheme}://{Host.InUrl}"
        : string.Create(CultureInfo.InvariantCulture, $"{Scheme}://{Host.InUrl}:{Port}");

    /// <summary>All of it, as it is sent.</summary>
    public string Whole => $"{Origin}{Path}{Query}";

    public static int DefaultPort(string scheme) => scheme == "https" ? 443 : 80;

    /// <summary>The same by https; the port of http becomes that of https.</summary>
    public HttpUrl Upgraded() => Scheme == "https" ? this : this with
    {
        Scheme = "https",
        Port = UpgradedPort(Port),
    };

    /// <summary>The port by https of what has this one by http.</summary>
    public static int UpgradedPort(int port) => port == DefaultPort("http") ? DefaultPort("https") : port;

    /// <summary>Null, with the reason, when it is no URL that can be judged.</summary>
    public static HttpUrl? Parse(string text, out string? problem)
    {
        problem = null;
        if (text.Length > CharsMax)
        {
            return Refuse($"it has more than {CharsMax} characters", out problem);
        }

        var scheme = text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? "https"
            : text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? "http" : null;
        if (scheme is null)
        {
            return Refuse("it must begin with http:// or https://", out problem);
        }

        var rest = text[(scheme.Length + "://".Length)..];
        var end = rest.IndexOfAny(['/', '?', '#']);
        var (authority, target) = end < 0 ? (rest, "") : (rest[..end], rest[end..]);
        // The fragment is the client's own, RFC 9110 section 7.1.
        target = target.Split('#')[0];
        if (authority.Contains('@', StringComparison.Ordinal))
        {
            return Refuse("a user name or password in it is not taken; use a header", out problem);
        }

        if (Authority(authority, scheme, out problem) is not { } place)
        {
            return null;
        }

        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var (path, query) = mark < 0 ? (target, "") : (target[..mark], target[mark..]);
        return UrlPath.Canonical(path, out problem) is { } canonical
            && UrlPath.CanonicalQuery(query, out problem) is { } asked
                ? new HttpUrl(scheme, place.Host, place.Port, canonical, asked) : null;
    }

    /// <summary>HOST:PORT, as CONNECT has it (RFC 9110 section 9.3.6); the port is needed.</summary>
    public static HttpUrl? ParseAuthority(string text, out string? problem)
    {
        if (text.Contains('@', StringComparison.Ordinal) || !text[(text.LastIndexOf(']') + 1)..].Contains(
            ':', StringComparison.Ordinal))
        {
            return Refuse("it must be HOST:PORT", out problem);
        }

        return Authority(text, "https", out problem) is { } place
            ? new HttpUrl("https", place.Host, place.Port, "/", "") : null;
    }

    private static (HostName Host, int Port)? Authority(string text, string scheme, out string? problem)
    {
        var colon = text.LastIndexOf(':');
        var hasPort = colon >= 0 && colon > text.LastIndexOf(']');
        var port = DefaultPort(scheme);
        if (hasPort && text.Length > colon + 1)
        {
            var digits = text[(colon + 1)..];
            if (digits.Length > 5 || !digits.All(char.IsAsciiDigit)
                || (port = int.Parse(digits, CultureInfo.InvariantCulture)) is 0 or > ushort.MaxValue)
            {
                problem = "the port must be 1 to 65535";
                return null;
            }
        }

        return HostName.Parse(hasPort ? text[..colon] : text, out problem) is { } host ? (host, port) : null;
    }

    private static HttpUrl? Refuse(string why, out string? problem)
    {
        problem = why;
        return null;
    }
}
