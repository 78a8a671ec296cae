using System.Globalization;

namespace Analemma.Kernel.Network;

/// <summary>What becomes of a request: the rule that allows it and where it goes, or why none does.</summary>
/// <param name="Rule">The rule that allows it, if any.</param>
/// <param name="Index">Its place in the list, from 0; -1 when none allows it.</param>
/// <param name="Target">Where it goes: upgraded to https, when the rule is for that.</param>
/// <param name="Reason">Why not, and what would do, for a model to read; empty when it is allowed.</param>
public sealed record NetworkDecision(RulePlan? Rule, int Index, HttpUrl Target, string Reason)
{
    public bool IsAllowed => Rule is not null;
}

/// <summary>Holds requests against rules. Pure: the same rules and request give the same decision.</summary>
public static class NetworkJudge
{
    private const int HostsShownMax = 12;

    public const string NoNetwork =
        "this agent has no network: it was spawned without rules; ask the owner for a network rule for the host";

    /// <summary>A request whose method and path are seen.</summary>
    public static NetworkDecision Judge(IReadOnlyList<RulePlan> rules, string method, HttpUrl url)
    {
        for (var i = 0; i < rules.Count; i++)
        {
            if (Target(rules[i], url) is { } target
                && rules[i].HasMethod(method) && rules[i].HasPath(target.Path))
            {
                return new NetworkDecision(rules[i], i, target, "");
            }
        }

        return new NetworkDecision(null, -1, url, WhyNot(rules, method, url));
    }

    /// <summary>
    /// A tunnel, through which the agent speaks to the host in cipher: only a rule that asks for nothing but host and
    /// port can allow it.
    /// </summary>
    public static NetworkDecision JudgeTunnel(IReadOnlyList<RulePlan> rules, HttpUrl place)
    {
        RulePlan? sees = null;
        for (var i = 0; i < rules.Count; i++)
        {
            if (!rules[i].HasHost(place.Host) || !rules[i].HasPort(place.Port))
            {
                continue;
            }

            if (rules[i].AllowsTunnels)
            {
                return new NetworkDecision(rules[i], i, place, "");
            }

            sees ??= rules[i];
        }

        var where = string.Create(CultureInfo.InvariantCulture, $"{place.Host.InUrl}:{place.Port}");
        return new NetworkDecision(null, -1, place, sees is null
            ? WhyNot(rules, "GET", place)
            : $"the rule for {where} is about {Aspects(sees)}, which cannot be seen in a tunnel; ask for "
                + $"http://{place.Host.InUrl}/… through the proxy, which speaks {sees.Scheme} to the host");
    }

    /// <summary>Why a host may not be reached at an address, though a rule names it; null when it may.</summary>
    public static string? AddressProblem(RulePlan rule, NetAddress address)
    {
        var (kind, what) = AddressClasses.Of(address);
        var meant = AddressClasses.Unwrap(address);
        var isAllowed = kind switch
        {
            AddressClass.Public => true,
            AddressClass.Loopback or AddressClass.Private or AddressClass.LinkLocal => rule.AllowPrivate,
            _ => false,
        };
        if (isAllowed || rule.Addresses.Any(network =>
            Cidr.Parse(network) is var (of, prefix) && (meant.IsIn(of, prefix) || address.IsIn(of, prefix))))
        {
            return null;
        }

        var remedy = kind is AddressClass.Loopback or AddressClass.Private or AddressClass.LinkLocal
            ? "allow_private or addresses" : "addresses";
        return $"{rule.Host} has the address {address}, which is {what}; only a rule with {remedy} allows that";
    }

    private static HttpUrl? Target(RulePlan rule, HttpUrl url)
    {
        var target = rule.Scheme is null || rule.Scheme == url.Scheme ? url
            : rule.Scheme == "https" ? url.Upgraded() : null;
        return target is not null && rule.HasHost(target.Host) && rule.HasPort(target.Port) ? target : null;
    }

    /// <summary>The rule that came nearest decides what is said.</summary>
    private static string WhyNot(IReadOnlyList<RulePlan> rules, string method, HttpUrl url)
    {
        if (rules.Count == 0)
        {
            return NoNetwork;
        }

        var ofHost = rules.Where(rule => rule.HasHost(url.Host)).ToList();
        if (ofHost.Count == 0)
        {
            var hosts = rules.Select(rule => rule.Host).Distinct().ToList();
            var more = hosts.Count > HostsShownMax ? $" and {hosts.Count - HostsShownMax} more" : "";
            return $"no rule allows the host {url.Host}; the rules allow {string.Join(", ", hosts.Take(HostsShownMax))}"
                + $"{more}; ask the owner for a rule";
        }

        var ofPlace = ofHost.Where(rule => Target(rule, url) is not null).ToList();
        if (ofPlace.Count == 0)
        {
            return $"no rule allows {url.Origin}; for this host the rules allow {Join(ofHost, rule =>
                string.Join(" or ", rule.Ports.Select(port => $"{rule.Scheme} at port {port}")))}";
        }

        var ofMethod = ofPlace.Where(rule => rule.HasMethod(method)).ToList();
        return ofMethod.Count == 0
            ? $"no rule allows {method} at {url.Origin}; the rules allow {Join(ofPlace, rule =>
                rule.Methods.Count == 0 ? "all methods but TRACE" : string.Join(", ", rule.Methods))}"
            : $"no rule allows the path {url.Path} at {url.Origin}; the rules allow paths below {Join(ofMethod, rule =>
                string.Join(", ", rule.Paths))}";
    }

    private static string Aspects(RulePlan rule) => string.Join(" and ", new[]
    {
        rule.Methods.Count > 0 ? "methods" : null,
        rule.Paths.Count > 0 ? "paths" : null,
        rule.Headers.Count > 0 ? "headers" : null,
    }.OfType<string>());

    private static string Join(IEnumerable<RulePlan> rules, Func<RulePlan, string> what) =>
        string.Join("; ", rules.Select(what).Distinct());
}
