using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Policy;

namespace Analemma.Unit.Tests.Kernel.Tools;

/// <summary>The way of a call: its right, its server, its tool, its record, its turn and its end.</summary>
public sealed class ToolCallTests
{
    private readonly ToolBench _bench = new();

    private KernelBench Kernel => _bench.Kernel;

    [Fact]
    public void A_call_starts_its_server_and_is_made_when_that_is_up_and_answered_with_what_the_tool_said()
    {
        var call = _bench.Call();
        Assert.Equal(new StartToolServer("fs", 1), Kernel.One<StartToolServer>());
        Assert.Empty(Kernel.Effects.OfType<StartToolCall>());

        _bench.Ready();
        var start = Kernel.One<StartToolCall>();
        Assert.Equal((call, "fs", 1L, "add"), (start.Call.Value, start.Server, start.Start, start.Tool));

        Kernel.Wait(TimeSpan.FromMilliseconds(12));
        _bench.End(call);
        Assert.Equal((call, 12L), (Kernel.One<AnswerToolCall>().Call.Value, Kernel.One<AnswerToolCall>().Known.RanMs));
        Assert.Equal(new TimerName(TimerKind.ToolCall, call), Kernel.One<DisarmTimer>().Timer);
    }

    [Fact]
    public void The_audit_record_is_durable_before_the_tool_is_called_and_counts_in_the_process()
    {
        var agent = _bench.Agent("fs/*");
        _bench.Serve();
        Kernel.Call(new CallTool { Name = "fs/add", Arguments = ToolBench.Json("""{"a":1}""") }, agent.Value);
        var record = Assert.IsType<ToolCallBegun>(Kernel.One<Raise>().Event);
        Assert.True(record.IsDurable);
        Assert.Equal((agent, "fs/add", 7L), (record.Process, record.Tool, record.ArgumentBytes));
        Assert.Empty(Kernel.Effects.OfType<StartToolCall>());

        Kernel.Settle();
        Assert.Equal(agent, Kernel.One<StartToolCall>().Process);
        Kernel.Call(new Inspect { Id = agent });
        var view = Assert.IsType<ProcessView>(Kernel.One<Answer>().Reply);
        Assert.Equal(1, view.ToolCalls);
        Assert.Equal(["fs/*"], view.Tools);
    }

    [Theory]
    [InlineData("fs/add", null)]
    [InlineData("fs/add", "fs/*")]
    [InlineData("fs/add", "fs/add")]
    [InlineData("fs/add", "fs/any")]
    [InlineData("fs/add", "web/*")]
    [InlineData("fs/add", "web/add")]
    public void An_agent_calls_what_it_was_given_and_nothing_else(string tool, string? right)
    {
        var agent = right is null ? _bench.Agent() : _bench.Agent(right);
        var may = right is "fs/*" or "fs/add";
        _bench.Serve();

        _bench.Call(tool, caller: agent);
        Assert.Equal(may ? 1 : 0, Kernel.Effects.OfType<StartToolCall>().Count());
        if (!may)
        {
            Assert.Equal(SysErrorCode.PermissionDenied, Kernel.Refusal().Code);
            Assert.Equal(1, Kernel.State.Processes.Living.Single().DeniedJournaled);
        }
    }

    [Fact]
    public void A_denial_does_not_tell_whether_there_is_such_a_tool()
    {
        var agent = _bench.Agent("web/*");
        _bench.Serve();
        string[] names = ["fs/add", "fs/none", "nowhere/add"];
        Assert.All(names, name =>
        {
            _bench.Call(name, caller: agent);
            Assert.Equal(SysErrorCode.PermissionDenied, Kernel.Refusal().Code);
            Assert.Equal($"process {agent} may not call {name}", Kernel.Refusal().Message);
        });
    }

    [Theory]
    [InlineData("fs/none", "{}", SysErrorCode.NoSuchTool, "fs has no tool \"none\"; it has add, any")]
    [InlineData("shop/add", "{}", SysErrorCode.NoSuchTool, "there is no server of tools \"shop\"; there are fs, web")]
    [InlineData("fs/add", "{}", SysErrorCode.InvalidArgument, "arguments.a is missing; it must be integer")]
    [InlineData("fs/add", """{"a":"x"}""", SysErrorCode.InvalidArgument, "arguments.a must be integer, not \"x\"")]
    [InlineData("fs/add", """{"a":1,"b":2}""", SysErrorCode.InvalidArgument, "arguments.b is not known; there are a")]
    public void What_cannot_be_called_is_refused_by_name(
        string name, string arguments, SysErrorCode code, string message)
    {
        _bench.Serve();
        _bench.Call(name, arguments);
        Assert.Equal((code, message), (Kernel.Refusal().Code, Kernel.Refusal().Message));
        Assert.Empty(Kernel.Effects.OfType<StartToolCall>());
    }

    [Fact]
    public void A_server_gets_no_more_calls_at_once_than_it_takes()
    {
        _bench.Serve();
        var first = _bench.Call();
        _bench.Call();
        var third = _bench.Call();
        Assert.Empty(Kernel.Effects.OfType<StartToolCall>());
        Assert.Equal((2, 1), (_bench.View().Running, _bench.View().Waiting));

        _bench.End(first);
        Assert.Equal(third, Kernel.One<StartToolCall>().Call.Value);
    }

    [Fact]
    public void Of_one_agent_only_so_many_calls_wait()
    {
        var agent = _bench.Agent("fs/*");
        for (var i = 0; i < Limits.ToolCallsPerAgentMax; i++)
        {
            _bench.Call(caller: agent);
        }

        _bench.Call(caller: agent);
        Assert.Equal(SysErrorCode.TryAgain, Kernel.Refusal().Code);
        _bench.Call();
        Assert.Empty(Kernel.Effects.OfType<Refuse>());
    }

    [Theory]
    [InlineData(ToolFailureKind.Server, SysErrorCode.ToolFailed)]
    [InlineData(ToolFailureKind.Nonsense, SysErrorCode.ToolFailed)]
    [InlineData(ToolFailureKind.Refused, SysErrorCode.ToolFailed)]
    [InlineData(ToolFailureKind.TooLarge, SysErrorCode.TooLarge)]
    [InlineData(ToolFailureKind.Cancelled, SysErrorCode.Cancelled)]
    public void Every_failure_has_its_code(ToolFailureKind kind, SysErrorCode code)
    {
        _bench.Serve();
        _bench.End(_bench.Call(), kind);
        Assert.Equal(code, Kernel.Refusal().Code);
        Assert.Contains("no luck", Kernel.Refusal().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_call_out_of_time_is_refused_and_taken_back_and_its_end_is_not_told_again()
    {
        _bench.Serve();
        Kernel.Call(new CallTool { Name = "fs/any", TimeoutMs = 700 });
        Assert.Equal(Kernel.Now + (700 * TimeSpan.TicksPerMillisecond), Kernel.One<ArmTimer>().DueAt);
        Kernel.Settle();
        var call = Kernel.CallId;
        Kernel.Apply(new ToolCallOverdue(new CallId(call)) { At = 0 });
        Assert.Equal(SysErrorCode.TimedOut, Kernel.Refusal().Code);
        Assert.Equal(call, Kernel.One<CancelToolCall>().Call.Value);

        _bench.End(call);
        Assert.DoesNotContain(Kernel.Effects, effect => effect is Refuse or AnswerToolCall);
        Assert.Equal(0, _bench.View().Running);
    }

    [Fact]
    public void A_call_that_is_taken_back_leaves_wherever_it_waits()
    {
        var held = _bench.Call();
        Kernel.Apply(new CallCancelled(new CallId(held)) { At = 0 });
        Assert.Equal(new TimerName(TimerKind.ToolCall, held), Kernel.One<DisarmTimer>().Timer);
        _bench.Ready();
        Assert.Empty(Kernel.Effects.OfType<StartToolCall>());

        var running = _bench.Call();
        _bench.Call();
        var queued = _bench.Call();
        Kernel.Apply(new CallCancelled(new CallId(queued)) { At = 0 });
        Kernel.Apply(new CallCancelled(new CallId(running)) { At = 0 });
        Assert.Equal(running, Kernel.One<CancelToolCall>().Call.Value);
        _bench.End(running, ToolFailureKind.Cancelled);
        Assert.DoesNotContain(Kernel.Effects, effect => effect is Refuse or StartToolCall);

        Kernel.Call(new CallTool { Name = "fs/any" });
        var recorded = Kernel.CallId;
        var begun = Kernel.One<Raise>().Event;
        Kernel.Apply(new CallCancelled(new CallId(recorded)) { At = 0 });
        Kernel.Apply(begun);
        Assert.Empty(Kernel.Effects.OfType<StartToolCall>());
        Assert.Single(Kernel.State.Tools.Calls);
    }

    [Fact]
    public void The_calls_of_a_process_end_with_it()
    {
        var agent = _bench.Agent("fs/*");
        _bench.Serve();
        var call = _bench.Call(caller: agent);
        Kernel.Exit(agent);
        Assert.Equal(call, Kernel.One<CancelToolCall>().Call.Value);
        _bench.End(call);
        Assert.Empty(Kernel.State.Tools.Calls);
    }

    [Fact]
    public void A_kernel_that_stops_refuses_what_waits_and_takes_back_what_runs()
    {
        _bench.Serve();
        var running = _bench.Call();
        _bench.Call("web/any");
        var held = Kernel.CallId;
        Kernel.Call(new ListTools { Server = "web" });
        var listing = Kernel.CallId;
        Kernel.Call(new Shutdown());
        Assert.Equal(
            [running, held, listing], Kernel.Effects.OfType<Refuse>().Select(refuse => refuse.Call.Value));
        Assert.All(Kernel.Effects.OfType<Refuse>(), each => Assert.Equal(SysErrorCode.ShuttingDown, each.Error.Code));
        Assert.Equal(running, Kernel.One<CancelToolCall>().Call.Value);

        _bench.Call();
        Assert.Equal(SysErrorCode.ShuttingDown, Kernel.Refusal().Code);
    }

    [Fact]
    public void Subscribers_hear_of_the_end_of_each_call()
    {
        var agent = _bench.Agent("fs/*");
        _bench.Serve();
        Kernel.Call(new Subscribe { Types = [EventTypes.ToolCalled] });
        _bench.End(_bench.Call(caller: agent));
        var told = Kernel.One<Publish>().Event;
        Assert.Equal((agent, "fs", "fs/add", "ok"), (told.Process, told.Kind, told.What, told.Reason));
    }

    [Theory]
    [InlineData("fs", "name is \"fs\"")]
    [InlineData("fs/*", "name is \"fs/*\"")]
    [InlineData("FS/add", "name is \"FS/add\"")]
    [InlineData("fs/", "name is \"fs/\"")]
    [InlineData("fs/a b", "name is \"fs/a b\"")]
    [InlineData("", "name is \"\"")]
    public void A_name_that_is_no_name_of_a_tool_is_refused_at_the_edge(string name, string problem)
    {
        var refused = SyscallRules.Check(new CallTool { Name = name });
        Assert.Equal(SysErrorCode.InvalidArgument, refused!.Code);
        Assert.StartsWith(problem, refused.Message, StringComparison.Ordinal);
        Assert.NotNull(SyscallRules.Check(new CallTool { Name = "fs/a", Arguments = ToolBench.Json("[1]") }));
        Assert.NotNull(SyscallRules.Check(new CallTool { Name = "fs/a", TimeoutMs = 0 }));
        Assert.NotNull(SyscallRules.Check(new RestartTools { Server = "Not one" }));
        Assert.NotNull(SyscallRules.Check(new Spawn { Argv = ["x"], Tools = ["*"] }));
        Assert.Null(SyscallRules.Check(new Spawn { Argv = ["x"], Tools = ["fs/*", "fs/read.file"] }));
    }
}
