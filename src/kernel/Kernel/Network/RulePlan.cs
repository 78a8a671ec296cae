using System.Globalization;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Network;

/// <summary>
/// A network rule of a spawn, every field decided and in the form that is compared. Of secrets it has the names.
/// </summary>
public sealed record RulePlan
{
    public const string Any = "*";

    private const string Below = "*.";

    // Before all that is made with it.
    private static readonly IReadOnlyDictionary<string, string> Nothing = new Dictionary<string, string>();

    /// <summary>A name, <c>*.NAME</c>, an address, or <c>*</c> in a rule of the kernel's own.</summary>
    public required string Host { get; init; }

    /// <summary>Null, in a rule of the kernel's own, for both.</summary>
    public string? Scheme { get; init; }

    /// <summary>None: all.</summary>
    public IReadOnlyList<int> Ports { get; init => field = value ?? []; } = [];

    /// <summary>None: all but TRACE and CONNECT.</summary>
    public IReadOnlyList<string> Methods { get; init => field = value ?? []; } = [];

    /// <summary>None: all.</summary>
    public IReadOnlyList<string> Paths { get; init => field = value ?? []; } = [];

    public IReadOnlyDictionary<string, string> Headers { get; init => field = value ?? Nothing; } = Nothing;

    public long RequestBytes { get; init; } = Limits.NetworkRequestBytes;

    public long ResponseBytes { get; init; } = Limits.NetworkResponseBytes;

    public bool AllowPrivate { get; init; }

    /// <summary>Networks, as ADDRESS/PREFIX.</summary>
    public IReadOnlyList<string> Addresses { get; init => field = value ?? []; } = [];

    /// <summary>
    /// What an agent has that shares the host's network, or has no sandbox: everything, for it has that anyway.
    /// </summary>
    public static RulePlan Everything { get; } = new()
    {
        Host = Any,
        RequestBytes = Limits.NetworkBytesMax,
        ResponseBytes = Limits.NetworkBytesMax,
        AllowPrivate = true,
        Addresses = ["0.0.0.0/0", "::/0"],
    };

    /// <summary>Of a rule that has been checked.</summary>
    public static RulePlan Of(NetworkRule rule)
    {
        var scheme = rule.Scheme ?? "https";
        return new RulePlan
        {
            Host = CanonicalHost(rule.Host, out _)!,
            Scheme = scheme,
            Ports = rule.Ports is { Count: > 0 } ports ? [.. ports.Distinct().Order()] : [HttpUrl.DefaultPort(scheme)],
            Methods = [.. (rule.Methods ?? []).Select(method => method.ToUpperInvariant()).Distinct()],
            Paths = [.. (rule.Paths ?? []).Select(path => UrlPath.Canonical(path, out _)!).Distinct()],
            Headers = rule.Headers ?? Nothing,
            RequestBytes = rule.RequestBytes ?? Limits.NetworkRequestBytes,
            ResponseBytes = rule.ResponseBytes ?? Limits.NetworkResponseBytes,
            AllowPrivate = rule.AllowPrivate ?? false,
            Addresses = [.. (rule.Addresses ?? []).Select(text => Cidr.Format(Cidr.Parse(text)))],
        };
    }

    /// <summary>A rule's host in its form, a wildcard included.</summary>
    public static string? CanonicalHost(string? text, out string? problem)
    {
        var isBelow = text?.StartsWith(Below, StringComparison.Ordinal) == true;
        var host = HostName.Parse(isBelow ? text![Below.Length..] : text ?? "", out problem);
        if (host is { Address: not null } && isBelow)
        {
            problem = "an address has no names below it";
            return null;
        }

        return host is { } found ? (isBelow ? Below : "") + found.Text : null;
    }

    public bool HasHost(HostName host) => Host == Any || (Host.StartsWith(Below, StringComparison.Ordinal)
        ? host.Address is null && host.Text.EndsWith(Host[1..], StringComparison.Ordinal)
            && host.Text.Length > Host.Length - 1
        : host.Text == Host);

    public bool HasPort(int port) => Ports.Count == 0 || Ports.Contains(port);

    public bool HasMethod(string method) => method is not ("TRACE" or "CONNECT")
        && (Methods.Count == 0 || Methods.Contains(method, StringComparer.Ordinal));

    public bool HasPath(string path) => Paths.Count == 0 || Paths.Any(prefix => IsBelow(prefix, path));

    /// <summary>Whether a tunnel, in which nobody sees methods and paths, gets round nothing of the rule.</summary>
    public bool AllowsTunnels => Methods.Count == 0 && Paths.Count == 0 && Headers.Count == 0;

    /// <summary>By content, also of lists: one that was read back is the one that was written.</summary>
    public bool Equals(RulePlan? other) => other is not null
        && (Host, Scheme, RequestBytes, ResponseBytes, AllowPrivate)
            == (other.Host, other.Scheme, other.RequestBytes, other.ResponseBytes, other.AllowPrivate)
        && Ports.SequenceEqual(other.Ports)
        && Methods.SequenceEqual(other.Methods, StringComparer.Ordinal)
        && Paths.SequenceEqual(other.Paths, StringComparer.Ordinal)
        && Addresses.SequenceEqual(other.Addresses, StringComparer.Ordinal)
        && Headers.Count == other.Headers.Count
        && Headers.All(header => other.Headers.TryGetValue(header.Key, out var value) && value == header.Value);

    public override int GetHashCode() => Host.Length + Ports.Count + Paths.Count;

    /// <summary>For people, and for agents that look what they may do. Headers by name.</summary>
    public override string ToString()
    {
        var what = Methods.Count == 0 ? "" : string.Join(',', Methods) + " ";
        var numbers = Ports.Select(port => port.ToString(CultureInfo.InvariantCulture));
        var isUsual = Ports is [] || (Ports is [var only] && only == HttpUrl.DefaultPort(Scheme ?? "https"));
        var ports = isUsual ? "" : ":" + string.Join(',', numbers);
        var host = Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host;
        var paths = Paths.Count == 0 ? "" : string.Join(" or ", Paths);
        var headers = Headers.Count == 0 ? "" : $" with {string.Join(", ", Headers.Keys)}";
        return $"{what}{Scheme ?? Any}://{host}{ports}{paths}{headers}";
    }

    internal static bool IsBelow(string prefix, string path) => path.StartsWith(prefix, StringComparison.Ordinal)
        && (prefix.EndsWith('/') || path.Length == prefix.Length || path[prefix.Length] == '/');
}
