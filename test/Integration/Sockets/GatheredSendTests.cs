using System.Net.Sockets;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;

namespace Analemma.Integration.Tests.Sockets;

/// <summary>Answers of one turn of the kernel, which leave together.</summary>
public sealed class GatheredSendTests
{
    [Fact]
    public async Task They_leave_when_the_turn_has_ended_in_their_order()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        var calls = await BeginAsync(server, client, count: 3);

        GatheredSends.Begin();
        Reply(calls, "answer");
        Assert.Equal(0, client.Socket.Available);
        GatheredSends.End();

        Assert.Equal([1UL, 2, 3], ReadIds(client, 3));
    }

    [Fact]
    public async Task What_another_thread_answers_meanwhile_follows()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        var calls = await BeginAsync(server, client, count: 3);

        GatheredSends.Begin();
        Reply(calls[..1], "first");
        Thread other = new(() => Reply(calls[1..2], "second"));
        other.Start();
        other.Join();
        Reply(calls[2..], "third");
        GatheredSends.End();

        Assert.Equal([1UL, 2, 3], ReadIds(client, 3));
    }

    [Fact]
    public async Task A_client_that_does_not_read_gets_them_when_it_does()
    {
        const int count = 1_000;
        await using var server = new RunningServer();
        using var client = server.Connect();
        var calls = await BeginAsync(server, client, count);

        GatheredSends.Begin();
        Reply(calls, new string('x', 5_000));
        GatheredSends.End();

        Assert.Equal(Enumerable.Range(1, count).Select(id => (ulong)id), ReadIds(client, count));
        Assert.Equal("and goes on", client.Call(SyscallNumber.Noop, "and goes on").Text);
    }

    [Fact]
    public async Task Large_ones_go_with_what_came_before_them()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        var calls = await BeginAsync(server, client, count: 3);

        GatheredSends.Begin();
        Reply(calls[..1], "small");
        Reply(calls[1..2], new string('x', 100_000));
        Reply(calls[2..], "small");
        GatheredSends.End();

        Assert.Equal([1UL, 2, 3], ReadIds(client, 3));
    }

    [Fact]
    public async Task A_connection_whose_client_has_said_all_ends_after_them()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        using var other = server.Connect();
        var calls = await BeginAsync(server, client, count: 2);
        client.Socket.Shutdown(SocketShutdown.Send);
        // The I/O thread is one, and has met the end by the second of these.
        Assert.Equal("x", other.Call(SyscallNumber.Noop, "x").Text);
        Assert.Equal("y", other.Call(SyscallNumber.Noop, "y").Text);

        GatheredSends.Begin();
        Reply(calls, "last");
        GatheredSends.End();

        Assert.Equal([1UL, 2], ReadIds(client, 2));
        Assert.True(client.ReadsEnd());
    }

    [Fact]
    public async Task Those_of_a_client_that_has_gone_go_nowhere()
    {
        await using var server = new RunningServer();
        using var other = server.Connect();
        var client = server.Connect();
        var calls = await BeginAsync(server, client, count: 2);

        GatheredSends.Begin();
        Reply(calls[..1], "first");
        client.Dispose();
        await server.Sink.NextCancelledAsync();
        Reply(calls[1..], "second");
        GatheredSends.End();

        Assert.Equal("fine", other.Call(SyscallNumber.Noop, "fine").Text);
        Assert.Equal(0, server.Server.BytesKept);
    }

    private static async Task<SyscallCall[]> BeginAsync(RunningServer server, RawClient client, int count)
    {
        var calls = new SyscallCall[count];
        for (var i = 0; i < count; i++)
        {
            client.Send(RawClient.Native(SyscallNumber.Keys, (ulong)(i + 1), "{}"u8));
            calls[i] = await server.Sink.NextAsync();
        }

        return calls;
    }

    private static void Reply(IEnumerable<SyscallCall> calls, string text)
    {
        foreach (var call in calls)
        {
            call.Reply(new CallToolReply(text));
        }
    }

    private static ulong[] ReadIds(RawClient client, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => client.ReadNative().Header.RequestId)];
}
