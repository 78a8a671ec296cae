using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;

namespace Analemma.Integration.Tests.Sockets;

/// <summary>What goes wrong while a client is served ends its request or connection, and nothing else.</summary>
public sealed class FaultTests
{
    private static readonly Reply Unwritable =
        new FetchReply("k", true) { Value = JsonElement.Parse("""{"a":"\ud800"}""") };

    [Fact]
    public async Task A_request_whose_handling_throws_costs_its_own_connection_only()
    {
        await using var server = new RunningServer(new StubSink
        {
            OnSubmit = call =>
            {
                if (call.Syscall is Kill)
                {
                    throw new InvalidOperationException("a bug");
                }

                call.Reply(new ListReply([]));
            },
        });
        using var good = server.Connect();
        Assert.Equal(SysErrorCode.Ok, good.Call(SyscallNumber.List, "{}").Header.Status);
        foreach (var frame in (byte[][])[
            RawClient.Native(SyscallNumber.Kill, 1, """{"id":1}"""u8), RawClient.AgentOs(0x11, """{"id":1}"""u8)])
        {
            using var bad = server.Connect();
            bad.Send(frame);
            Assert.True(bad.ReadsEnd());
            Assert.Equal(1, (await server.Sink.NextCancelledAsync()).Syscall is Kill ? 1 : 0);
        }

        Assert.Equal(SysErrorCode.Ok, good.Call(SyscallNumber.List, "{}", 2).Header.Status);
        Assert.Equal(1, server.Server.Connections);
        Assert.Equal(0, server.Server.BytesKept);
    }

    [Fact]
    public async Task An_answer_that_cannot_be_written_is_an_error_of_its_own_call()
    {
        await using var server = new RunningServer(new StubSink
        {
            OnSubmit = call => call.Reply(call.Syscall is Fetch ? Unwritable : new ListReply([])),
        });
        using var native = server.Connect();
        var answer = native.Call(SyscallNumber.Fetch, """{"key":"k"}""");
        Assert.Equal(SysErrorCode.Internal, answer.Header.Status);
        Assert.Contains("could not be written", answer.Text, StringComparison.Ordinal);
        Assert.Equal(SysErrorCode.Ok, native.Call(SyscallNumber.List, "{}", 2).Header.Status);

        using var agentOs = server.Connect();
        Assert.Contains("could not be written", agentOs.Call(0x31, """{"key":"k"}""").Text, StringComparison.Ordinal);
        Assert.Equal("[]", agentOs.Call(0x12, "").Text);
    }

    /// <summary>Its peer is fixed when a request is read, whoever the sandbox is a moment later.</summary>
    [Fact]
    public async Task A_warm_sandbox_is_never_taken_for_the_host()
    {
        await using var server = new RunningServer(new StubSink { OnSubmit = call => call.Reply(new ListReply([])) });
        var path = Path.Combine(server.Folder, "slot.sock");
        TaskCompletionSource<SyscallCall> claimed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using var slot = server.Server.ListenForSlot(path, claimed.SetResult);
        using var client = new RawClient(path);
        Assert.Equal(SysErrorCode.WrongState, client.Call(SyscallNumber.List, "{}").Header.Status);
        client.Send(RawClient.Native(SyscallNumber.Claim, 2, "{}"u8));
        Assert.NotEqual(ProcessId.None, (await claimed.Task).Peer.Process);

        slot.Bind(new AgentIdentity(new ProcessId(7)));
        Assert.Equal(SysErrorCode.Ok, client.Call(SyscallNumber.List, "{}", 3).Header.Status);
        Assert.Equal(7, (await server.Sink.NextAsync()).Peer.Process.Value);
    }

    /// <summary>Agents without a sandbox have the uid of whoever started the kernel.</summary>
    [Fact]
    public async Task Connections_of_agents_are_not_those_of_their_user()
    {
        await using var server = new RunningServer(
            new StubSink { OnSubmit = call => call.Reply(new ListReply([])) },
            new SocketOptions { ConnectionsPerUserMax = 1 });
        var (_, path) = server.ListenForAgent(1);
        using var one = new RawClient(path);
        using var two = new RawClient(path);
        Assert.Equal(SysErrorCode.Ok, one.Call(SyscallNumber.List, "{}").Header.Status);
        Assert.Equal(SysErrorCode.Ok, two.Call(SyscallNumber.List, "{}").Header.Status);

        using var host = server.Connect();
        Assert.Equal(SysErrorCode.Ok, host.Call(SyscallNumber.List, "{}").Header.Status);
        using var more = server.Connect();
        Assert.Equal(SysErrorCode.LimitExceeded, more.Call(SyscallNumber.List, "{}").Header.Status);
    }

    /// <summary>Answers that wait behind a slow one are kept at the caller's cost.</summary>
    [Fact]
    public async Task Answers_that_wait_their_turn_are_charged()
    {
        const int Fetches = 20;
        await using var server = new RunningServer(
            new StubSink(), new SocketOptions { OutputBytesMax = 8 * 1024 * 1024 });
        var (_, path) = server.ListenForAgent(1);
        using var client = new RawClient(path);
        client.Send(RawClient.AgentOs(0x02, """{"command":"sleep","async":false}"""u8));
        var slow = await server.Sink.NextAsync();
        var value = JsonElement.Parse($"\"{new string('x', 1024 * 1024)}\"");
        for (var i = 0; i < Fetches; i++)
        {
            client.Send(RawClient.AgentOs(0x31, """{"key":"k"}"""u8));
            (await server.Sink.NextAsync()).Reply(new FetchReply("k", true) { Value = value });
        }

        Assert.InRange(server.Server.BytesKept, 3 * 1024 * 1024, 4 * 1024 * 1024);
        slow.Reply(new ExecReply(0));
        Assert.Equal(0x02, client.ReadAgentOs().Opcode);
        var texts = Enumerable.Range(0, Fetches).Select(_ => client.ReadAgentOs().Text).ToList();
        Assert.Equal(3, texts.Count(text => text.Length > 1024 * 1024));
        Assert.Equal(Fetches - 3, texts.Count(text => text.Contains("try_again", StringComparison.Ordinal)));
        Assert.True(SpinWait.SpinUntil(() => server.Server.BytesKept == 0, TimeSpan.FromSeconds(20)));
    }
}
