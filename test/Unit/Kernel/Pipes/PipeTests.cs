using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;
using Analemma.Kernel.Policy;

namespace Analemma.Unit.Tests.Kernel.Pipes;

/// <summary>Who holds which end of a pipe, and when it closes.</summary>
public sealed class PipeTests
{
    private readonly KernelBench _kernel = new();

    [Fact]
    public void A_process_gets_ends_as_its_streams_and_they_close_with_it()
    {
        var (input, output) = (Open(), Open());
        _kernel.Call(new Spawn { Argv = ["true"], StdinPipe = input, StdoutPipe = output });
        var launch = _kernel.One<Launch>();
        Assert.Equal((input, output), (launch.Plan.StdinPipe, launch.Plan.StdoutPipe));
        var view = List().Single(pipe => pipe.Pipe == input);
        Assert.Equal(new PipeEndView(launch.Process) { IsStream = true }, view.Reader);
        Assert.Equal(new PipeEndView(default), view.Writer);
        Assert.Equal(SysErrorCode.PermissionDenied, Refused(new PipeRead { Pipe = input }));

        _kernel.Apply(new SandboxStarted(launch.Process, "a", 1, "none", "cold", []) { At = 0 });
        _kernel.Exit(launch.Process);
        Assert.Equal(
            [new ClosePipeEnd(input, true, false), new ClosePipeEnd(output, false, false)],
            _kernel.Effects.OfType<ClosePipeEnd>());
        _kernel.Call(new PipeClose { Pipe = input });
        Assert.Equal(new ClosePipeEnd(input, false, true), _kernel.One<ClosePipeEnd>());
        Assert.Equal([output], List().Select(pipe => pipe.Pipe));
    }

    [Fact]
    public void A_start_that_fails_closes_the_ends_that_were_given()
    {
        var pipe = Open();
        _kernel.Call(new Spawn { Argv = ["true"], StdoutPipe = pipe });
        _kernel.Apply(new SandboxStartFailed(_kernel.One<Launch>().Process, SysErrorCode.StartFailed, "no", null)
        {
            At = 0,
        });
        Assert.Equal(new ClosePipeEnd(pipe, false, false), _kernel.One<ClosePipeEnd>());
    }

    [Fact]
    public void Only_who_holds_an_end_uses_it_and_strangers_do_not_learn_of_it()
    {
        var (a, b) = (_kernel.Run(), _kernel.Run());
        _kernel.Call(new PipeOpen { Reader = a, Writer = b });
        var pipe = ((PipeView)_kernel.One<Answer>().Reply).Pipe;
        _kernel.Call(new PipeRead { Pipe = pipe }, a.Value);
        _kernel.One<UsePipe>();
        Assert.Equal(SysErrorCode.PermissionDenied, Refused(new PipeWrite { Pipe = pipe, Content = "x" }, a));
        Assert.Equal(SysErrorCode.PermissionDenied, Refused(new PipeRead { Pipe = pipe }));
        var stranger = _kernel.Run();
        Assert.Equal(SysErrorCode.NoSuchPipe, Refused(new PipeRead { Pipe = pipe }, stranger));
        Assert.Equal(SysErrorCode.NoSuchPipe, Refused(new PipeClose { Pipe = pipe }, stranger));
        Assert.Equal(SysErrorCode.NoSuchProcess, Refused(new PipeOpen { Reader = b }, a));
        Assert.Equal(
            SysErrorCode.PermissionDenied, Refused(new Spawn { Argv = ["true"], StdoutPipe = pipe }, a));
        Assert.Equal(SysErrorCode.NoSuchPipe, Refused(new Spawn { Argv = ["true"], StdinPipe = 99 }, a));
    }

    [Fact]
    public void An_end_that_is_given_away_is_the_others_to_use_and_closes_with_it()
    {
        var (a, b) = (_kernel.Run(), _kernel.Run());
        _kernel.Call(new PipeOpen { Reader = a, Writer = a });
        var pipe = ((PipeView)_kernel.One<Answer>().Reply).Pipe;
        _kernel.Call(new PipeGive { Pipe = pipe, End = "read", ToId = b }, a.Value);
        Assert.Equal(
            (new PipeEndView(b), new PipeEndView(a)),
            _kernel.One<Answer>().Reply is PipeView view ? (view.Reader!, view.Writer!) : default);
        _kernel.Call(new PipeRead { Pipe = pipe }, b.Value);
        _kernel.One<UsePipe>();
        Assert.Equal(SysErrorCode.PermissionDenied, Refused(new PipeRead { Pipe = pipe }, a));
        Assert.Equal(
            SysErrorCode.PermissionDenied, Refused(new PipeGive { Pipe = pipe, End = "read", ToId = b }, a));
        _kernel.Exit(b);
        Assert.Equal([new ClosePipeEnd(pipe, true, false)], _kernel.Effects.OfType<ClosePipeEnd>());
        Assert.Equal(SysErrorCode.NoSuchProcess, Refused(new PipeGive { Pipe = pipe, End = "write", ToId = b }, a));
    }

    [Fact]
    public void An_end_goes_only_to_those_whom_its_holder_may_send_to()
    {
        var narrow = _kernel.Run(new Spawn
        {
            Argv = ["true"],
            Name = "narrow",
            Permissions = new Permissions { Send = ["friend"] },
        });
        var other = _kernel.Run(new Spawn { Argv = ["true"], Name = "other" });
        _kernel.Run(new Spawn { Argv = ["true"], Name = "friend" });
        _kernel.Call(new PipeOpen { Reader = narrow, Writer = narrow });
        var pipe = ((PipeView)_kernel.One<Answer>().Reply).Pipe;
        Assert.Equal(
            SysErrorCode.PermissionDenied, Refused(new PipeGive { Pipe = pipe, End = "read", ToId = other }, narrow));
        _kernel.Call(new PipeGive { Pipe = pipe, End = "read", To = "friend" }, narrow.Value);
        Assert.IsType<PipeView>(_kernel.One<Answer>().Reply);
        var stranger = _kernel.Run(new Spawn { Argv = ["true"], Name = "below" }, other.Value);
        var give = new PipeGive { Pipe = pipe, End = "write", ToId = stranger };
        Assert.Equal(SysErrorCode.NoSuchProcess, Refused(give, narrow));
    }

    [Fact]
    public void A_half_that_is_closed_stays_so()
    {
        var pipe = Open();
        _kernel.Call(new PipeClose { Pipe = pipe, End = "write" });
        Assert.Equal(new ClosePipeEnd(pipe, false, false), _kernel.One<ClosePipeEnd>());
        Assert.Equal(SysErrorCode.PipeClosed, Refused(new PipeWrite { Pipe = pipe }));
        _kernel.Call(new PipeRead { Pipe = pipe });
        _kernel.One<UsePipe>();
    }

    [Fact]
    public void An_agent_has_so_many_and_the_host_others()
    {
        var agent = _kernel.Run();
        for (var i = 0; i < Limits.PipesPerAgentMax; i++)
        {
            _kernel.Call(new PipeOpen(), agent.Value);
            _kernel.One<Answer>();
        }

        Assert.Equal(SysErrorCode.LimitExceeded, Refused(new PipeOpen(), agent));
        Open();
    }

    [Fact]
    public void Pipes_are_in_the_journal_and_gone_with_the_kernel()
    {
        var first = Open();
        var read = StateCheckpoint.Read(StateCheckpoint.Write(_kernel.State));
        Assert.Equal(StateCheckpoint.Write(_kernel.State), StateCheckpoint.Write(read));
        Assert.True(new SyscallArrived(default, default, new PipeOpen()) { At = 0 }.IsDurable);
        _kernel.Apply(new KernelStarted("test", "none", new KernelOptions()) { At = 0 });
        _kernel.One<DropPipes>();
        Assert.Empty(List());
        Assert.Equal(first + 1, Open());
    }

    public static TheoryData<Syscall> Malformed =>
    [
        new PipeWrite { Content = null! },
        new PipeWrite { Content = "a", Encoding = "hex" },
        new PipeWrite { Content = "not base64!", Encoding = "base64" },
        new PipeWrite { Content = new string('a', Limits.PipeBytesPerCallMax + 1) },
        new PipeWrite { TimeoutMs = -1 },
        new PipeRead { Max = 0 },
        new PipeRead { Max = Limits.PipeBytesPerCallMax + 1 },
        new PipeRead { Follow = true, TimeoutMs = 5 },
        new PipeClose { End = "front" },
    ];

    [Theory]
    [MemberData(nameof(Malformed))]
    public void What_is_malformed_is_refused_at_the_edge(Syscall syscall) =>
        Assert.Equal(SysErrorCode.InvalidArgument, SyscallRules.Check(syscall)?.Code);

    private long Open()
    {
        _kernel.Call(new PipeOpen());
        return ((PipeView)_kernel.One<Answer>().Reply).Pipe;
    }

    private IReadOnlyList<PipeView> List()
    {
        _kernel.Call(new PipeList());
        return ((PipeListReply)_kernel.One<Answer>().Reply).Pipes;
    }

    private SysErrorCode Refused(Syscall syscall, ProcessId caller = default)
    {
        _kernel.Call(syscall, caller.Value);
        return _kernel.Refusal().Code;
    }
}
