using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Analemma.Sandbox.Seccomp;

namespace Analemma.Unit.Tests.Sandbox;

public sealed partial class SeccompProfileTests
{
    private const string AgentSocket = "/run/analemma/agent.sock";
    private const string KernelHeader = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h";

    [Fact]
    public void Every_rule_has_a_reason_and_no_two_rules_can_both_match()
    {
        var problems = ProfileProblems.Of(SeccompProfile.Agent);

        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }

    [Theory]
    [InlineData("""{"names":["read"],"action":"allow","reason":" "}""", "no reason")]
    [InlineData("""{"names":["read","read"],"action":"allow","reason":"r"}""", "each once")]
    [InlineData("""{"names":["ptrace"],"action":"refuse","reason":"r","kind":"kernel"}""", "what and advice")]
    [InlineData("""{"names":["creat"],"action":"report","reason":"r"}""", "need a kind")]
    [InlineData("""{"names":["read"],"action":"deny","reason":"r"}""", "need an errno")]
    [InlineData("""{"names":["open"],"when":[{"arg":1,"mask":"0x3","equals":["0x4"]}],"action":"allow","reason":"r"}""",
        "never match")]
    [InlineData("""{"names":["open"],"when":[{"arg":6,"equals":["0x4"]}],"action":"allow","reason":"r"}""", "0 to 5")]
    [InlineData("""
        {"names":["open"],"action":"allow","reason":"r"},
        {"names":["open"],"when":[{"arg":1,"equals":["0x4"]}],"action":"deny","errno":"EPERM","reason":"r"}
        """, "Allow and Deny can both match")]
    public void A_mistake_in_a_profile_is_found(string rules, string expected)
    {
        var problems = ProfileProblems.Of(Profile(rules));

        Assert.Contains(problems, problem => problem.Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"names":["read"],"action":"allow","reason":"r","comment":"typo"}""", "'comment' in a rule")]
    [InlineData("""{"names":["read"],"action":"allow","reason":"r","when":[{"arg":0,"is":[]}]}""",
        "'is' in a condition")]
    [InlineData("""{"names":["read"],"action":"allow","reason":"r","when":[{"arg":"0"}]}""", "'arg' in a condition")]
    [InlineData("""{"names":["read"],"action":"allow","reason":"r","when":[{"equals":["0x1"]}]}""", "has no 'arg'")]
    [InlineData("""{"names":["read"],"action":"permit","reason":"r"}""", "'permit' is no action")]
    [InlineData("""{"names":"read","action":"allow","reason":"r"}""", "'names' is no list")]
    [InlineData("""{"names":[1],"action":"allow","reason":"r"}""", "an item that is no text")]
    [InlineData("""{"names":["read"],"action":"allow","reason":null}""", "'reason' is no text")]
    [InlineData("""{"action":"allow","reason":"r"}""", "has no 'names'")]
    [InlineData("""{"names":["read"],"reason":"r"}""", "has no 'action'")]
    [InlineData("""{"names":["read"],"action":"allow"}""", "has no 'reason'")]
    [InlineData("7", "a rule is no object")]
    public void A_profile_that_is_no_profile_is_an_error(string rules, string expected)
    {
        var error = Assert.Throws<JsonException>(() => Profile(rules));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_syscall_of_the_kernel_headers_has_a_decision()
    {
        Assert.SkipUnless(File.Exists(KernelHeader), $"{KernelHeader} is not here (package linux-libc-dev)");
        var named = SeccompProfile.Agent.Rules.SelectMany(rule => rule.Names).ToHashSet();

        var undecided = SyscallNumbers().Matches(File.ReadAllText(KernelHeader))
            .Select(match => match.Groups[1].Value)
            .Where(name => !named.Contains(name))
            .ToArray();

        Assert.True(undecided.Length == 0, string.Join(' ', undecided));
    }

    [Fact]
    public void Only_the_agents_own_socket_has_the_address_length_that_is_not_reported()
    {
        var length = (ulong)(sizeof(ushort) + Encoding.UTF8.GetByteCount(AgentSocket) + 1);
        var allowed = Assert.Single(
            SeccompProfile.Agent.Rules,
            rule => rule.Names.Contains("connect") && rule is { Action: SeccompAction.Allow, Without: "network" });

        Assert.True(allowed.Matches([0, 0, length, 0, 0, 0]));
        Assert.All((ulong[])[16, 28, 110], other => Assert.False(allowed.Matches([0, 0, other, 0, 0, 0])));
    }

    [Fact]
    public void The_words_outside_of_a_set_are_covered_exactly()
    {
        ulong[] excluded = [0x0, 0x2, 0xC, 0x5];

        var cover = MaskedValue.AllBut(0xF, excluded);

        for (ulong word = 0; word < 16; word++)
        {
            Assert.Equal(excluded.Contains(word) ? 0 : 1, cover.Count(set => set.Contains(word)));
        }
    }

    [Fact]
    public void An_argument_is_compared_without_the_half_that_the_kernel_ignores()
    {
        var ioctl = SeccompProfile.Agent.Rules.Where(rule => rule.Names.Contains("ioctl")).ToArray();
        ulong[] disguised = [0, 0xdead_beef_0000_5412, 0, 0, 0, 0];

        var matching = Assert.Single(ioctl, rule => rule.Matches(disguised));

        Assert.Equal(SeccompAction.Refuse, matching.Action);
    }

    [Fact]
    public void Without_a_listener_nothing_is_notified_and_what_is_refused_stays_refused()
    {
        var oci = SeccompProfile.Agent.ToOci(new SeccompOptions());

        Assert.DoesNotContain("SCMP_ACT_NOTIFY", Actions(oci, null));
        Assert.Equal(["SCMP_ACT_ERRNO"], Actions(oci, "ptrace"));
        Assert.Equal(["SCMP_ACT_ALLOW"], Actions(oci, "connect").Distinct());
        Assert.Null(oci["listenerPath"]);
    }

    [Fact]
    public void With_a_listener_the_dangerous_is_notified()
    {
        var oci = SeccompProfile.Agent.ToOci(new SeccompOptions { ListenerPath = "/l", ListenerMetadata = "a1" });

        Assert.Equal(["SCMP_ACT_NOTIFY"], Actions(oci, "ptrace"));
        Assert.Contains("SCMP_ACT_ALLOW", Actions(oci, "openat"));
        Assert.Empty(Actions(oci, "clone3"));
        Assert.Equal("a1", (string?)oci["listenerMetadata"]);
    }

    [Fact]
    public void Auditing_reads_notifies_every_open()
    {
        var oci = SeccompProfile.Agent.ToOci(new SeccompOptions { ListenerPath = "/l", AuditReads = true });

        Assert.Equal(["SCMP_ACT_NOTIFY"], Actions(oci, "openat").Distinct());
        Assert.Equal(["SCMP_ACT_NOTIFY"], Actions(oci, "open").Distinct());
    }

    private static SeccompProfile Profile(string rules)
    {
        var json = $$"""{"default":{"errno":"ENOSYS","reason":"r"},"rules":[{{rules}}]}""";
        return SeccompProfile.Parse(new MemoryStream(Encoding.UTF8.GetBytes(json)));
    }

    private static IEnumerable<string?> Actions(JsonObject oci, string? syscall) =>
        from entry in oci["syscalls"]!.AsArray()
        where syscall is null || entry!["names"]!.AsArray().Any(name => (string?)name == syscall)
        select (string?)entry["action"];

    [GeneratedRegex(@"__NR_(\w+)")]
    private static partial Regex SyscallNumbers();
}
