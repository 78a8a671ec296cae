using Analemma.Abi;
using Analemma.Abi.Syscalls;
using static Analemma.Kernel.Policy.SyscallRules;

namespace Analemma.Kernel.Network;

/// <summary>When network rules, and requests under them, are well-formed.</summary>
internal static class NetworkRules
{
    public static IEnumerable<string> Problems(NetworkAccess? access)
    {
        var rules = access?.Rules ?? [];
        if (rules.Count > Limits.NetworkRulesMax)
        {
            yield return $"network has {rules.Count} rules; at most {Limits.NetworkRulesMax}";
        }

        for (var i = 0; i < rules.Count; i++)
        {
            var problems = rules[i] is { } rule ? RuleProblems($"network[{i}]", rule) : [$"network[{i}] is null"];
            foreach (var problem in problems)
            {
                yield return problem;
            }
        }
    }

    public static IEnumerable<string> Problems(Http http) =>
    [
        .. http.Url is null || HttpUrl.Parse(http.Url, out var why) is null
            ? new[] { $"url: {WhyNot(http.Url)}" } : [],
        .. MethodProblems("method", http.Method),
        .. HeaderRules.Problems("headers", http.Headers),
        .. OneOf("encoding", http.Encoding, "utf8", "base64"),
        .. http.Encoding == "base64" && !System.Buffers.Text.Base64.IsValid(http.Body ?? "")
            ? new[] { "body is not base64" } : [],
        .. http.Body is { Length: > 0 } && http.Method is null or "GET" or "HEAD"
            ? new[] { $"a {http.Method ?? "GET"} has no body" } : [],
        .. Range("timeout_ms", http.TimeoutMs, 1, Limits.HttpTimeoutMsMax),
        .. Range("max_bytes", http.MaxBytes, 0, Limits.NetworkBytesMax),
        .. http.Network is null ? [] : Problems(new NetworkAccess { Rules = http.Network }),
    ];

    private static string WhyNot(string? url)
    {
        if (url is null)
        {
            return "is missing";
        }

        HttpUrl.Parse(url, out var problem);
        return problem ?? "is none";
    }

    private static IEnumerable<string> RuleProblems(string field, NetworkRule rule) =>
    [
        .. HostProblems(field, rule.Host),
        .. OneOf($"{field}.scheme", rule.Scheme, "https", "http"),
        .. Items($"{field}.ports", rule.Ports, port => port is > 0 and <= ushort.MaxValue, "a number from 1 to 65535"),
        .. Items(
            $"{field}.methods",
            rule.Methods,
            method => HeaderRules.IsToken(method) && method.ToUpperInvariant() is not ("TRACE" or "CONNECT"),
            "a method such as GET; TRACE and CONNECT are none that a rule can allow"),
        .. Items(
            $"{field}.paths",
            rule.Paths,
            path => path is ['/', ..] && !path.Contains('?', StringComparison.Ordinal)
                && !path.Contains('#', StringComparison.Ordinal) && !path.Split('/').Any(part => part is "." or "..")
                && UrlPath.Canonical(path, out _) is not null,
            "a path that begins with /, without ?, # and dot segments"),
        .. HeaderRules.Problems($"{field}.headers", rule.Headers),
        .. (rule.Headers ?? new Dictionary<string, string>())
            .Where(header => header.Value is not null && HeaderRules.Secrets(header.Value) is null)
            .Select(header => $"{field}.headers.{header.Key}: after ${{ comes secret:NAME and a closing brace"),
        .. Range($"{field}.request_bytes", rule.RequestBytes, 0, Limits.NetworkBytesMax),
        .. Range($"{field}.response_bytes", rule.ResponseBytes, 0, Limits.NetworkBytesMax),
        .. Items(
            $"{field}.addresses",
            rule.Addresses,
            text => text is not null && Cidr.TryParse(text, out _),
            "an address or a network such as 10.0.0.0/8"),
    ];

    private static IEnumerable<string> HostProblems(string field, string? host)
    {
        if (RulePlan.CanonicalHost(host, out var problem) is null)
        {
            yield return $"{field}.host is {Quote(host ?? "null")}: {problem}";
        }
        else if (host!.StartsWith("*.", StringComparison.Ordinal) && !host[2..].TrimEnd('.').Contains('.'))
        {
            yield return $"{field}.host is {Quote(host)}: that is all of a top-level domain; name one below it";
        }
    }

    private static IEnumerable<string> MethodProblems(string field, string? method)
    {
        if (method is not null && (!HeaderRules.IsToken(method) || method.ToUpperInvariant() is "TRACE" or "CONNECT"))
        {
            yield return $"{field} is {Quote(method)}; it must be a method such as GET, not TRACE or CONNECT";
        }
    }

    private static IEnumerable<string> Items<T>(
        string field, IReadOnlyList<T>? items, Func<T, bool> isGood, string what)
    {
        if (items?.Count > Limits.NetworkItemsMax)
        {
            yield return $"{field} has {items.Count} items; at most {Limits.NetworkItemsMax}";
        }

        for (var i = 0; i < items?.Count; i++)
        {
            if (!isGood(items[i]))
            {
                yield return $"{field}[{i}] is {Quote(items[i]?.ToString() ?? "null")}; it must be {what}";
            }
        }
    }
}
