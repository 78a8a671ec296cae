using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;

namespace Analemma.Integration.Tests.Sockets;

public sealed class SyscallServerTests
{
    [Fact]
    public async Task Noop_is_echoed_in_both_framings_without_the_kernel()
    {
        await using var server = new RunningServer();
        using var agentOs = server.Connect();
        using var native = server.Connect();

        Assert.Equal("hello", agentOs.Call(0x00, "hello").Text);
        var answer = native.Call(SyscallNumber.Noop, "hello", requestId: 77);

        Assert.Equal("hello", answer.Text);
        Assert.Equal(77UL, answer.Header.RequestId);
        Assert.Equal(FrameKind.Response, answer.Header.Kind);
        Assert.Empty(server.Sink.Waiting);
    }

    [Fact]
    public async Task Hello_says_who_the_caller_is()
    {
        await using var server = new RunningServer();
        var (socket, path) = server.ListenForAgent(42);
        using (socket)
        {
            using var host = server.Connect();
            using var agent = new RawClient(path);

            using var asHost = JsonDocument.Parse(host.Call(SyscallNumber.Hello, "{}").Text);
            using var asAgent = JsonDocument.Parse(agent.Call(SyscallNumber.Hello, """{"version":2}""").Text);

            Assert.Equal(0, asHost.RootElement.GetProperty("process").GetInt64());
            Assert.Equal(42, asAgent.RootElement.GetProperty("process").GetInt64());
            Assert.Equal(2, asAgent.RootElement.GetProperty("version").GetInt32());
        }
    }

    [Fact]
    public async Task A_script_of_a_program_of_AgentOS_is_found_from_the_programs_own_folder()
    {
        await using var server = new RunningServer();
        var (socket, path) = server.ListenForAgent(42);
        using (socket)
        {
            using var host = server.Connect();
            using var agent = new RawClient(path);

            host.Send(RawClient.AgentOs(0x10, """{"script":"agents/worker.py"}"""u8));
            Assert.Equal(Path.GetFullPath("agents/worker.py"), await ScriptAsync());
            host.Send(RawClient.AgentOs(0x10, """{"script":"/srv/worker.py"}"""u8));
            Assert.Equal("/srv/worker.py", await ScriptAsync());
            agent.Send(RawClient.AgentOs(0x10, """{"script":"worker.py"}"""u8));
            Assert.Equal("worker.py", await ScriptAsync());
        }

        async Task<string?> ScriptAsync() => Assert.IsType<Spawn>((await server.Sink.NextAsync()).Syscall).Script;
    }

    [Fact]
    public async Task A_syscall_reaches_the_kernel_decoded_and_its_answer_the_client()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        client.Send(RawClient.Native(SyscallNumber.Kill, 5, """{"name":"x","grace_ms":0}"""u8));

        var call = await server.Sink.NextAsync();
        var kill = Assert.IsType<Kill>(call.Syscall);
        Assert.Equal(("x", 0L), (kill.Name, kill.GraceMs));
        Assert.True(call.Peer.IsHost);
        Assert.Equal(Environment.ProcessId, call.Peer.HostPid);
        call.Reply(new KillReply(true, new ProcessId(9)));
        call.Reply(new KillReply(false, new ProcessId(9)));

        var answer = client.ReadNative();
        Assert.Equal("""{"killed":true,"agent_id":9}""", answer.Text);
        Assert.Equal(5UL, answer.Header.RequestId);
        Assert.Equal("still one answer", client.Call(SyscallNumber.Noop, "still one answer").Text);
    }

    [Fact]
    public async Task A_refusal_comes_with_its_code_and_as_the_status()
    {
        await using var server = new RunningServer(new StubSink
        {
            OnSubmit = call => call.Fail(SysError.NoSuchProcess("7")),
        });
        using var client = server.Connect();

        var answer = client.Call(SyscallNumber.Inspect, """{"id":7}""");

        Assert.Equal(SysErrorCode.NoSuchProcess, answer.Header.Status);
        Assert.Contains("\"code\":\"no_such_process\"", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AgentOs_answers_keep_the_order_of_their_requests()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        client.Send([
            .. RawClient.AgentOs(0x11, """{"id":1}"""u8),
            .. RawClient.AgentOs(0x00, "between"u8),
            .. RawClient.AgentOs(0x11, """{"id":2}"""u8),
            .. RawClient.AgentOs(0x7F, "?"u8)]);
        var first = await server.Sink.NextAsync();
        var second = await server.Sink.NextAsync();

        second.Reply(new KillReply(true, new ProcessId(2)));
        first.Reply(new KillReply(true, new ProcessId(1)));

        Assert.Equal("""{"killed":true,"agent_id":1}""", client.ReadAgentOs().Text);
        Assert.Equal("between", client.ReadAgentOs().Text);
        Assert.Equal("""{"killed":true,"agent_id":2}""", client.ReadAgentOs().Text);
        var unknown = client.ReadAgentOs();
        Assert.Equal(0x7F, unknown.Opcode);
        Assert.Contains("unknown_syscall", unknown.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Native_answers_come_as_they_are_ready()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        client.Send([
            .. RawClient.Native(SyscallNumber.Wait, 1, """{"id":1}"""u8),
            .. RawClient.Native(SyscallNumber.Status, 2, ""u8)]);
        var wait = await server.Sink.NextAsync();
        var status = await server.Sink.NextAsync();

        status.Reply(new StatusReply("0", 1, "s"));
        Assert.Equal(2UL, client.ReadNative().Header.RequestId);
        wait.Fail(new SysError(SysErrorCode.TimedOut, "no"));
        Assert.Equal(1UL, client.ReadNative().Header.RequestId);
    }

    [Fact]
    public async Task An_id_in_a_frame_does_not_change_who_speaks()
    {
        await using var server = new RunningServer();
        var (socket, path) = server.ListenForAgent(42);
        using (socket)
        {
            using var agent = new RawClient(path);
            agent.Send(RawClient.AgentOs(0x12, ""u8, agentId: 7));
            var call = await server.Sink.NextAsync();
            call.Reply(new ListReply([]));

            Assert.Equal(new ProcessId(42), call.Peer.Process);
            var answer = agent.ReadAgentOs();
            Assert.Equal((42U, "[]"), (answer.AgentId, answer.Text));
        }
    }

    [Fact]
    public async Task A_warm_slot_may_only_claim_until_it_is_somebody()
    {
        await using var server = new RunningServer();
        var path = System.IO.Path.Combine(server.Folder, "slot.sock");
        var claimed = new TaskCompletionSource<SyscallCall>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var slot = server.Server.ListenForSlot(path, claimed.SetResult);
        using var client = new RawClient(path);

        Assert.Equal(SysErrorCode.WrongState, client.Call(SyscallNumber.List, "{}").Header.Status);
        client.Send(RawClient.Native(SyscallNumber.Claim, 2, ""u8));
        var claim = await claimed.Task;
        Assert.Equal(SysErrorCode.PermissionDenied, client.Call(SyscallNumber.Claim, "", 3).Header.Status);

        slot.Bind(new AgentIdentity(new ProcessId(8)));
        claim.Reply(new ClaimReply(new ProcessId(8), "/work/a.py"));
        Assert.Contains("\"script\":\"/work/a.py\"", client.ReadNative().Text, StringComparison.Ordinal);
        client.Send(RawClient.Native(SyscallNumber.List, 4, ""u8));
        Assert.Equal(new ProcessId(8), (await server.Sink.NextAsync()).Peer.Process);
    }

    [Fact]
    public async Task Closing_an_agents_socket_closes_its_connections_and_takes_back_its_calls()
    {
        await using var server = new RunningServer();
        var (socket, path) = server.ListenForAgent(3);
        using var agent = new RawClient(path);
        using var host = server.Connect();
        agent.Send(RawClient.Native(SyscallNumber.List, 1, ""u8));
        var call = await server.Sink.NextAsync();

        socket.Dispose();

        Assert.Same(call, await server.Sink.NextCancelledAsync());
        Assert.True(call.IsOver);
        Assert.True(agent.ReadsEnd());
        Assert.False(File.Exists(path));
        Assert.Equal("others live", host.Call(SyscallNumber.Noop, "others live").Text);
    }
}
