using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Network;
using Analemma.Kernel.Policy;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Kernel.Network;

public sealed class NetworkJudgeTests
{
    private static readonly NetworkRule Api = new()
    {
        Host = "API.example.com.",
        Methods = ["get", "POST"],
        Paths = ["/v1/", "/status"],
        Headers = new Dictionary<string, string> { ["Authorization"] = "Bearer ${secret:token}" },
    };

    private static readonly string[] Places =
    [
        "https://a.example/", "https://a.example/x", "https://a.example/x/y", "https://b.a.example/x/",
        "http://a.example/x", "https://a.example:8443/x/y", "https://10.0.0.1/x", "https://c.b.a.example/",
    ];

    private static readonly string[] Methods = ["GET", "POST"];

    [Theory]
    [InlineData("GET", "https://api.example.com/v1/x")]
    [InlineData("POST", "https://API.EXAMPLE.COM:443/v1/")]
    [InlineData("GET", "https://api.example.com./status")]
    [InlineData("GET", "https://api.example.com/status/deep?q=1")]
    [InlineData("GET", "https://api.example.com/other/../v1/x")]
    [InlineData("GET", "https://api.example.com/%76%31/x")]
    [InlineData("GET", "http://api.example.com/v1/x")]
    [InlineData("GET", "http://api.example.com:443/v1/x")]
    public void A_rule_allows_what_it_says(string method, string url)
    {
        var decision = Judge([Api], method, url);

        Assert.True(decision.IsAllowed, decision.Reason);
        Assert.Equal(("https", 443, 0), (decision.Target.Scheme, decision.Target.Port, decision.Index));
    }

    [Theory]
    [InlineData("GET", "https://example.com/v1/", "the host example.com; the rules allow api.example.com")]
    [InlineData("GET", "https://xapi.example.com/v1/", "no rule allows the host")]
    [InlineData("GET", "https://api.example.com.evil.test/v1/", "no rule allows the host")]
    [InlineData("GET", "https://api.example.com:8443/v1/", "https at port 443")]
    [InlineData("GET", "http://api.example.com:8080/v1/", "https at port 443")]
    [InlineData("PUT", "https://api.example.com/v1/", "no rule allows PUT")]
    [InlineData("get", "https://api.example.com/v1/", "no rule allows get")]
    [InlineData("TRACE", "https://api.example.com/v1/", "no rule allows TRACE")]
    [InlineData("GET", "https://api.example.com/", "no rule allows the path /")]
    [InlineData("GET", "https://api.example.com/v1", "no rule allows the path /v1")]
    [InlineData("GET", "https://api.example.com/v12", "no rule allows the path")]
    [InlineData("GET", "https://api.example.com/statusx", "no rule allows the path")]
    [InlineData("GET", "https://api.example.com/v1/../admin", "no rule allows the path /admin")]
    [InlineData("GET", "https://api.example.com/v1/%2e%2e/admin", "no rule allows the path /admin")]
    [InlineData("GET", "https://api.example.com//v1/x", "no rule allows the path")]
    [InlineData("GET", "https://api.example.com/V1/x", "no rule allows the path")]
    [InlineData("GET", "https://127.0.0.1/v1/", "no rule allows the host 127.0.0.1")]
    public void What_it_does_not_say_is_denied_with_a_reason_to_act_on(string method, string url, string reason)
    {
        var decision = Judge([Api], method, url);

        Assert.False(decision.IsAllowed);
        Assert.Contains(reason, decision.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("Bearer", decision.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://a.example.com/", true)]
    [InlineData("https://a.b.example.com/", true)]
    [InlineData("https://example.com/", false)]
    [InlineData("https://.example.com/", false)]
    [InlineData("https://aexample.com/", false)]
    [InlineData("https://a.example.com.evil.test/", false)]
    public void A_star_is_every_name_below(string url, bool allowed) => Assert.Equal(
        allowed,
        HttpUrl.Parse(url, out _) is { } parsed
            && NetworkJudge.Judge([Plan(new NetworkRule { Host = "*.example.com" })], "GET", parsed).IsAllowed);

    [Fact]
    public void The_first_rule_that_fits_counts()
    {
        NetworkRule[] rules =
        [
            new() { Host = "a.example", Methods = ["GET"], Headers = new Dictionary<string, string> { ["X"] = "1" } },
            new() { Host = "a.example" },
        ];

        Assert.Equal(0, Judge(rules, "GET", "https://a.example/").Index);
        Assert.Equal(1, Judge(rules, "PUT", "https://a.example/").Index);
    }

    [Fact]
    public void A_rule_for_http_is_never_used_for_https_nor_upgraded()
    {
        NetworkRule[] rules = [new() { Host = "a.example", Scheme = "http" }];

        Assert.Equal("http", Judge(rules, "GET", "http://a.example/").Target.Scheme);
        Assert.False(Judge(rules, "GET", "https://a.example/").IsAllowed);
    }

    [Theory]
    [InlineData("methods")]
    [InlineData("paths")]
    [InlineData("headers")]
    public void A_tunnel_is_refused_where_a_rule_would_have_to_look_inside(string aspect)
    {
        NetworkRule rule = new() { Host = "a.example" };
        rule = aspect switch
        {
            "methods" => rule with { Methods = ["GET"] },
            "paths" => rule with { Paths = ["/x"] },
            _ => rule with { Headers = new Dictionary<string, string> { ["X"] = "1" } },
        };

        var refused = Tunnel([rule], "a.example:443");
        Assert.False(refused.IsAllowed);
        Assert.Contains(aspect, refused.Reason, StringComparison.Ordinal);
        Assert.Contains("http://a.example/", refused.Reason, StringComparison.Ordinal);
        Assert.True(Tunnel([rule, new NetworkRule { Host = "a.example" }], "a.example:443").IsAllowed);
        Assert.False(Tunnel([new NetworkRule { Host = "a.example" }], "a.example:22").IsAllowed);
        Assert.False(Tunnel([new NetworkRule { Host = "a.example" }], "b.example:443").IsAllowed);
        Assert.False(Tunnel([], "a.example:443").IsAllowed);
    }

    [Theory]
    [InlineData("8.8.8.8", false, "", true)]
    [InlineData("127.0.0.1", false, "", false)]
    [InlineData("127.0.0.1", true, "", true)]
    [InlineData("::1", true, "", true)]
    [InlineData("10.1.2.3", false, "10.0.0.0/8", true)]
    [InlineData("::ffff:10.1.2.3", false, "10.0.0.0/8", true)]
    [InlineData("11.1.2.3", false, "10.0.0.0/8", true)]
    [InlineData("192.168.0.1", false, "10.0.0.0/8", false)]
    [InlineData("169.254.169.254", true, "", false)]
    [InlineData("169.254.169.254", true, "169.254.169.254", true)]
    [InlineData("64:ff9b::a9fe:a9fe", true, "", false)]
    [InlineData("0.0.0.0", true, "", false)]
    [InlineData("224.0.0.1", true, "", false)]
    [InlineData("fd00:ec2::254", true, "", false)]
    [InlineData("fe80::1", true, "", true)]
    [InlineData("2002:7f00:1::", true, "", false)]
    public void Addresses_that_are_not_public_need_the_rules_word(
        string text, bool allowPrivate, string network, bool allowed)
    {
        Assert.True(NetAddress.TryParse(text, out var address));
        var rule = Plan(new NetworkRule
        {
            Host = "a.example",
            AllowPrivate = allowPrivate,
            Addresses = network.Length > 0 ? [network] : null,
        });

        Assert.Equal(allowed, NetworkJudge.AddressProblem(rule, address) is null);
    }

    [Theory]
    [InlineData("host", "")]
    [InlineData("host", "*")]
    [InlineData("host", "*.com")]
    [InlineData("host", "*.*.example.com")]
    [InlineData("host", "a.*.com")]
    [InlineData("host", "*.10.0.0.1")]
    [InlineData("host", "http://a.example")]
    [InlineData("host", "a.example:443")]
    [InlineData("host", "user@a.example")]
    [InlineData("host", "a.example/x")]
    [InlineData("scheme", "ftp")]
    [InlineData("ports", "0")]
    [InlineData("ports", "65536")]
    [InlineData("methods", "TRACE")]
    [InlineData("methods", "connect")]
    [InlineData("methods", "G ET")]
    [InlineData("paths", "x")]
    [InlineData("paths", "/a/../b")]
    [InlineData("paths", "/a?b")]
    [InlineData("paths", "/a\\b")]
    [InlineData("headers", "Host: a")]
    [InlineData("headers", "Transfer-Encoding: chunked")]
    [InlineData("headers", "content-length: 1")]
    [InlineData("headers", "Proxy-Authorization: x")]
    [InlineData("headers", "X Y: 1")]
    [InlineData("headers", ": 1")]
    [InlineData("headers", "X: a\r\nY: b")]
    [InlineData("headers", "X: ${secret:a b}")]
    [InlineData("headers", "X: ${secret:a")]
    [InlineData("headers", "X: ${env:HOME}")]
    [InlineData("headers", "X: é")]
    [InlineData("addresses", "10.0.0.0/33")]
    [InlineData("addresses", "10.1")]
    [InlineData("addresses", "a.example")]
    [InlineData("request_bytes", "-1")]
    public void A_rule_that_cannot_mean_what_it_says_is_refused_by_its_field(string field, string value)
    {
        NetworkRule rule = new() { Host = field == "host" ? value : "a.example" };
        rule = field switch
        {
            "scheme" => rule with { Scheme = value },
            "ports" => rule with { Ports = [int.Parse(value, null)] },
            "methods" => rule with { Methods = [value] },
            "paths" => rule with { Paths = [value] },
            "headers" => rule with { Headers = new Dictionary<string, string> { [Name(value)] = Value(value) } },
            "addresses" => rule with { Addresses = [value] },
            "request_bytes" => rule with { RequestBytes = -1 },
            _ => rule,
        };

        var problem = SyscallRules.Check(new Spawn { Argv = ["x"], Network = NetworkAccess.Allow(rule) });
        Assert.Contains($"network[0].{field}", problem!.Message, StringComparison.Ordinal);

        static string Name(string header) => header.Split(": ")[0].TrimStart(':').Split(':')[0];
        static string Value(string header) => header[(header.IndexOf(": ", StringComparison.Ordinal) + 2)..];
    }

    [Fact]
    public void A_secret_fills_its_place_and_nothing_else()
    {
        Assert.Equal("Basic a:b", HeaderRules.Fill("Basic ${secret:u}:${secret:p}", name => name == "u" ? "a" : "b"));
        Assert.Equal(["u", "p"], HeaderRules.Secrets("${secret:u} and ${secret:p}"));
        Assert.Empty(HeaderRules.Secrets("a $ and { of its own }")!);
    }

    /// <summary>What an agent can give its child, by any two lists of rules, is never more than it has.</summary>
    [Fact]
    public void A_child_may_ask_for_nothing_that_its_parent_may_not() =>
        Prop.ForAll(RuleLists(), RuleLists(), (own, asked) =>
        {
            RulePlan[] parent = [.. own.Select(RulePlan.Of)];
            RulePlan[] child =
            [
                .. asked.Select(RulePlan.Of).Select(rule => RuleNarrowing.Within(parent, rule)).OfType<RulePlan>(),
            ];
            return Requests().All(request =>
            {
                var mine = NetworkJudge.Judge(child, request.Method, request.Url);
                return !mine.IsAllowed
                    || (NetworkJudge.Judge(parent, request.Method, mine.Target) is { IsAllowed: true } above
                        && mine.Rule!.ResponseBytes <= above.Rule!.ResponseBytes
                        && (!mine.Rule.AllowPrivate || above.Rule.AllowPrivate)
                        && mine.Rule.Headers.SequenceEqual(above.Rule.Headers));
            });
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    /// <summary>What a rule for https takes by upgrading it does not reach a later rule for http.</summary>
    [Fact]
    public void A_child_gets_no_rule_that_its_parents_requests_never_reach()
    {
        RulePlan[] parent =
        [
            Plan(new NetworkRule { Host = "a.example", Methods = ["GET"], ResponseBytes = 10 }),
            Plan(new NetworkRule { Host = "a.example", Scheme = "http", Ports = [80, 8080], AllowPrivate = true }),
        ];
        var asked = Plan(new NetworkRule { Host = "a.example", Scheme = "http", AllowPrivate = true });
        Assert.Null(RuleNarrowing.Within(parent, asked));
        Assert.NotNull(RuleNarrowing.Within(parent[1..], asked));
        Assert.NotNull(RuleNarrowing.Within(parent, asked with { Ports = [8080] }));
    }

    [Fact]
    public void A_child_gets_what_its_parent_has() =>
        Prop.ForAll(RuleLists(), own =>
        {
            RulePlan[] parent = [.. own.Select(RulePlan.Of).Take(1)];
            var bare = parent.Select(rule => rule with { Headers = new Dictionary<string, string>() });
            return parent.Zip(bare).All(pair => RuleNarrowing.Within(parent, pair.Second) is { } given
                && given.Headers.SequenceEqual(pair.First.Headers));
        }).QuickCheckThrowOnFailure();

    private static NetworkDecision Judge(NetworkRule[] rules, string method, string url) =>
        NetworkJudge.Judge([.. rules.Select(Plan)], method, HttpUrl.Parse(url, out var problem)
            ?? throw new InvalidOperationException(problem));

    private static NetworkDecision Tunnel(NetworkRule[] rules, string place) =>
        NetworkJudge.JudgeTunnel([.. rules.Select(Plan)], HttpUrl.ParseAuthority(place, out _)!);

    private static RulePlan Plan(NetworkRule rule) => RulePlan.Of(rule);

    private static IEnumerable<(string Method, HttpUrl Url)> Requests() =>
        from url in Places
        from method in Methods
        select (method, HttpUrl.Parse(url, out _)!);

    private static Arbitrary<List<NetworkRule>> RuleLists()
    {
        var rule =
            from host in Gen.Elements("a.example", "*.a.example", "b.a.example", "*.b.a.example", "10.0.0.1")
            from scheme in Gen.Elements<string?>(null, "https", "http")
            from ports in Gen.Elements<int[]?>(null, [443], [443, 8443], [8443])
            from methods in Gen.Elements<string[]?>(null, ["GET"], ["GET", "POST"])
            from paths in Gen.Elements<string[]?>(null, ["/x"], ["/x/"], ["/x/y"], ["/"], ["/x", "/z"])
            from header in Gen.Elements(false, false, false, true)
            from bytes in Gen.Elements<long?>(null, 10)
            from isPrivate in Gen.Elements<bool?>(null, true)
            select new NetworkRule
            {
                Host = host,
                Scheme = scheme,
                Ports = ports,
                Methods = methods,
                Paths = paths,
                Headers = header ? new Dictionary<string, string> { ["X"] = "1" } : null,
                ResponseBytes = bytes,
                AllowPrivate = isPrivate,
            };
        return Gen.ListOf(rule).Select(list => list.Take(4).ToList()).ToArbitrary();
    }
}
