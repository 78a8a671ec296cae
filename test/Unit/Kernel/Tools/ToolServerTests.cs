using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Tools;

namespace Analemma.Unit.Tests.Kernel.Tools;

/// <summary>
/// The life of a server: started when needed, not too often, stopped when it hangs, asked what it has.
/// </summary>
public sealed class ToolServerTests
{
    private readonly ToolBench _bench = new();

    private KernelBench Kernel => _bench.Kernel;

    [Fact]
    public void One_that_does_not_come_up_refuses_who_waits_and_may_be_started_again_after_a_growing_wait()
    {
        long[] waits = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
        for (var start = 1; start <= waits.Length; start++)
        {
            _bench.Call();
            Assert.Equal(new StartToolServer("fs", start), Kernel.One<StartToolServer>());
            _bench.Ended(start: start, reason: "it exited with code 3: no database");
            Assert.Equal(SysErrorCode.ToolFailed, Kernel.Refusal().Code);
            Assert.Equal("fs: it exited with code 3: no database", Kernel.Refusal().Message);

            _bench.Call();
            Assert.InRange(Kernel.Refusal().RetryAfterMs!.Value, waits[start - 1] - 1, waits[start - 1] + 1);
            Assert.Equal("failed", _bench.View().State);
            Kernel.Wait(TimeSpan.FromMilliseconds(waits[start - 1]));
        }
    }

    [Fact]
    public void One_that_has_served_is_started_again_at_once()
    {
        _bench.Serve();
        var call = _bench.Call();
        _bench.End(call, ToolFailureKind.Server);
        Assert.Equal(SysErrorCode.ToolFailed, Kernel.Refusal().Code);

        // Its end has not been heard of yet: the next call waits for the start after it.
        var next = _bench.Call();
        Assert.Empty(Kernel.Effects.OfType<StartToolCall>());
        _bench.Ended();
        Assert.Equal(new StartToolServer("fs", 2), Kernel.One<StartToolServer>());
        _bench.Ready(start: 2);
        Assert.Equal(next, Kernel.One<StartToolCall>().Call.Value);
    }

    [Fact]
    public void What_its_end_leaves_without_a_result_is_refused_and_never_made_again()
    {
        _bench.Serve();
        long[] calls = [_bench.Call(), _bench.Call(), _bench.Call()];
        _bench.Ended();
        Assert.Equal(calls[2], Kernel.One<Refuse>().Call.Value);
        _bench.End(calls[0], ToolFailureKind.Server);
        _bench.End(calls[1], ToolFailureKind.Server);
        _bench.Call();
        _bench.Ready(start: 2);
        Assert.Equal(Kernel.CallId, Kernel.One<StartToolCall>().Call.Value);
    }

    [Fact]
    public void One_to_which_calls_run_out_of_time_again_and_again_is_stopped()
    {
        _bench.Serve();
        for (var i = 0; i < 3; i++)
        {
            var call = _bench.Call();
            Kernel.Apply(new ToolCallOverdue(new CallId(call)) { At = 0 });
            Assert.Equal(i == 2 ? 1 : 0, Kernel.Effects.OfType<StopToolServer>().Count());
            _bench.End(call, ToolFailureKind.Cancelled);
        }

        Assert.Equal("stopping", _bench.View().State);
        _bench.Call();
        _bench.Ended(reason: "it was stopped");
        Assert.Equal(2, Kernel.One<StartToolServer>().Start);
    }

    [Fact]
    public void A_result_between_them_makes_the_count_begin_anew()
    {
        _bench.Serve();
        for (var i = 0; i < 10; i++)
        {
            var call = _bench.Call();
            Kernel.Apply(new ToolCallOverdue(new CallId(call)) { At = 0 });
            Assert.Empty(Kernel.Effects.OfType<StopToolServer>());
            _bench.End(call, ToolFailureKind.Cancelled);
            if (i % 2 == 1)
            {
                _bench.End(_bench.Call());
            }
        }
    }

    [Fact]
    public void Words_of_a_start_before_are_not_heard()
    {
        _bench.Serve();
        _bench.Ended();
        _bench.Call();
        _bench.Ready(start: 1);
        _bench.Ended(start: 1);
        Assert.Equal("starting", _bench.View().State);
        Kernel.Apply(new ToolServerChanged("fs", 1, []) { At = 0 });
        _bench.Ready(start: 2);
        Assert.Equal(("ready", 2, 2L), (_bench.View().State, _bench.View().Tools, _bench.View().Starts));
    }

    [Fact]
    public void A_restart_ends_it_starts_it_and_answers_when_it_is_up()
    {
        _bench.Serve();
        Kernel.Call(new RestartTools { Server = "fs" });
        Assert.Equal(new StopToolServer("fs", 1), Kernel.One<StopToolServer>());
        _bench.Ended(reason: "it was stopped");
        Assert.Equal(2, Kernel.One<StartToolServer>().Start);
        _bench.Ready(start: 2);
        Assert.Equal(("fs", "ready"), Assert.IsType<ToolServerView>(Kernel.One<Answer>().Reply) switch
        {
            var view => (view.Name, view.State),
        });
    }

    [Fact]
    public void A_restart_of_one_that_fails_is_refused_with_why()
    {
        Kernel.Call(new RestartTools { Server = "fs" });
        _bench.Ended(reason: "it exited with code 3");
        Assert.Equal(
            (SysErrorCode.ToolFailed, "fs: it exited with code 3"), (Kernel.Refusal().Code, Kernel.Refusal().Message));
        Kernel.Call(new RestartTools { Server = "fs" });
        Assert.Equal(2, Kernel.One<StartToolServer>().Start);
        Kernel.Call(new RestartTools { Server = "nowhere" });
        Assert.Equal(SysErrorCode.NoSuchTool, Kernel.Refusal().Code);
    }

    [Fact]
    public void An_agent_restarts_nothing_and_sees_only_what_it_may_use()
    {
        var agent = _bench.Agent("web/search");
        Kernel.Call(new RestartTools { Server = "web" }, agent.Value);
        Assert.Equal(SysErrorCode.PermissionDenied, Kernel.Refusal().Code);
        Kernel.Call(new ToolServers(), agent.Value);
        var seen = Assert.IsType<ToolServersReply>(Kernel.One<Answer>().Reply).Servers;
        Assert.Equal(["web"], seen.Select(server => server.Name));
    }

    [Fact]
    public void A_list_waits_for_servers_and_says_which_are_not_up()
    {
        Kernel.Call(new ListTools());
        Assert.Equal(["fs", "web"], Kernel.Effects.OfType<StartToolServer>().Select(start => start.Server));
        _bench.Ready();
        Assert.Empty(Kernel.Effects.OfType<Answer>());
        _bench.Ended("web", reason: "no route");
        var reply = Assert.IsType<ListToolsReply>(Kernel.One<Answer>().Reply);
        Assert.Equal(["fs/add", "fs/any"], reply.Tools.Select(tool => tool.Name));
        Assert.Equal(["fs__add", "fs__any"], reply.Tools.Select(tool => tool.Function));
        Assert.Equal(new UnavailableTools("web", "no route"), Assert.Single(reply.Unavailable!));

        // One that failed a moment ago is not started for every list.
        Kernel.Call(new ListTools());
        Assert.NotNull(Assert.IsType<ListToolsReply>(Kernel.One<Answer>().Reply).Unavailable);
    }

    [Fact]
    public void A_list_has_what_the_agent_may_call_and_starts_no_other_server()
    {
        var agent = _bench.Agent("fs/any", "fs/none");
        Kernel.Call(new ListTools(), agent.Value);
        Assert.Equal("fs", Kernel.One<StartToolServer>().Server);
        _bench.Ready();
        Assert.Equal("fs/any", Assert.Single(Assert.IsType<ListToolsReply>(Kernel.One<Answer>().Reply).Tools).Name);

        var other = _bench.Agent();
        Kernel.Call(new ListTools(), other.Value);
        Assert.Empty(Assert.IsType<ListToolsReply>(Kernel.One<Answer>().Reply).Tools);
        Kernel.Call(new ListTools { Server = "fs" }, other.Value);
        Assert.Empty(Assert.IsType<ListToolsReply>(Kernel.One<Answer>().Reply).Tools);
    }

    [Fact]
    public void Tools_that_change_are_known_from_then_on()
    {
        _bench.Serve();
        Kernel.Apply(new ToolServerChanged("fs", 1, [new ToolDescription("new", ToolBench.Json("{}"))]) { At = 0 });
        _bench.Call("fs/new", "{}");
        Assert.Equal("new", Kernel.One<StartToolCall>().Tool);
        _bench.Call("fs/add");
        Assert.Equal(SysErrorCode.NoSuchTool, Kernel.Refusal().Code);
    }

    [Fact]
    public void Rights_to_tools_narrow_on_the_way_down()
    {
        var parent = _bench.Agent("fs/*", "web/search");
        string[][] fine = [["fs/*"], ["fs/add", "web/search"], []];
        foreach (var tools in fine)
        {
            Kernel.Call(new Spawn { Argv = ["true"], Tools = tools }, parent.Value);
            Assert.Equal(tools, Kernel.One<Launch>().Plan.Tools);
        }

        string[] wide = ["web/*", "web/fetch"];
        foreach (var tool in wide)
        {
            Kernel.Call(new Spawn { Argv = ["true"], Tools = ["fs/add", tool] }, parent.Value);
            Assert.Equal(SysErrorCode.PermissionDenied, Kernel.Refusal().Code);
            Assert.Contains(tool, Kernel.Refusal().Message, StringComparison.Ordinal);
        }

        Kernel.Call(new Spawn { Argv = ["true"], Tools = ["shop/*"] });
        Assert.Equal(SysErrorCode.InvalidArgument, Kernel.Refusal().Code);
    }

    [Fact]
    public void One_that_starts_with_the_kernel_is_started_with_it()
    {
        KernelBench kernel = new(new KernelOptions
        {
            Tools = new ToolOptions
            {
                Servers = [new ToolServerOptions("fs") { StartsAtBoot = true }, new ToolServerOptions("web")],
            },
        });
        Assert.Equal("fs", kernel.One<StartToolServer>().Server);
    }
}
