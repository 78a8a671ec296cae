namespace Analemma.Kernel.Network;

/// <summary>
/// What an agent may give those it spawns: part of what one of its own rules allows. The headers of that rule come
/// along, for the agent could make the same requests itself; headers of its own it cannot name, secrets being the
/// host's.
/// </summary>
internal static class RuleNarrowing
{
    /// <summary>The rule as the child gets it; null when none of the parent's covers it.</summary>
    public static RulePlan? Within(IReadOnlyList<RulePlan> own, RulePlan asked)
    {
        if (asked.Headers.Count > 0)
        {
            return null;
        }

        // A rule before it may take some of the requests, with other headers or limits: then it is not the same grant.
        foreach (var rule in own)
        {
            if (Covers(rule, asked))
            {
                return asked with { Headers = rule.Headers };
            }

            if (Overlaps(rule, asked))
            {
                return null;
            }
        }

        return null;
    }

    private static bool Covers(RulePlan rule, RulePlan asked) =>
        CoversHost(rule.Host, asked.Host)
        && (rule.Scheme is null || rule.Scheme == asked.Scheme)
        && (rule.Ports.Count == 0 || asked.Ports.All(rule.Ports.Contains))
        && (rule.Methods.Count == 0 || (asked.Methods.Count > 0 && asked.Methods.All(rule.Methods.Contains)))
        && (rule.Paths.Count == 0 || (asked.Paths.Count > 0 && asked.Paths.All(path =>
            rule.Paths.Any(prefix => CoversPath(prefix, path)))))
        && asked.RequestBytes <= rule.RequestBytes
        && asked.ResponseBytes <= rule.ResponseBytes
        && (rule.AllowPrivate || !asked.AllowPrivate)
        && asked.Addresses.All(network => rule.Addresses.Any(mine => CoversNetwork(mine, network)));

    private static bool Overlaps(RulePlan rule, RulePlan asked) =>
        (CoversHost(rule.Host, asked.Host) || CoversHost(asked.Host, rule.Host))
        && (asked.Ports.Count == 0 || asked.Ports.Any(port => TakesPlace(rule, asked.Scheme, port)));

    /// <summary>A rule for https also takes requests by http, and makes them by https: see NetworkJudge.</summary>
    private static bool TakesPlace(RulePlan rule, string? scheme, int port) =>
        rule.Scheme is null || rule.Scheme == scheme ? rule.HasPort(port)
            : rule.Scheme == "https" && rule.HasPort(HttpUrl.UpgradedPort(port));

    private static bool CoversHost(string mine, string asked) => mine == RulePlan.Any || mine == asked
        || (mine.StartsWith("*.", StringComparison.Ordinal)
            && !NetAddress.TryParse(asked, out _)
            && asked.EndsWith(mine[1..], StringComparison.Ordinal));

    /// <summary>Everything that begins with the one begins with the other.</summary>
    private static bool CoversPath(string mine, string asked) =>
        mine == asked || RulePlan.IsBelow(mine, asked);

    private static bool CoversNetwork(string mine, string asked)
    {
        var (own, prefix) = Cidr.Parse(mine);
        var (address, length) = Cidr.Parse(asked);
        return length >= prefix && address.IsIn(own, prefix);
    }
}
