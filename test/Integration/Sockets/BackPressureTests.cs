using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;

namespace Analemma.Integration.Tests.Sockets;

/// <summary>Whoever does not read, or asks for too much at once, waits; the kernel's memory stays bounded.</summary>
public sealed class BackPressureTests
{
    private const int PieceBytes = 256 * 1024;

    [Fact]
    public async Task A_client_that_never_reads_is_not_read_either_and_closed_in_the_end()
    {
        var clock = new ManualClock();
        await using var server = new RunningServer(time: clock);
        using var offender = server.Connect();
        using var good = server.Connect();
        var sent = SendUntilStuck(offender, RawClient.Native(SyscallNumber.Noop, 1, new byte[PieceBytes]));

        Assert.Equal("fine", good.Call(0x00, "fine").Text);
        Assert.InRange(sent, 1, 64L * 1024 * 1024);
        Assert.InRange(server.Server.BytesKept, server.Options.OutputBytesSoft, 4L * server.Options.OutputBytesSoft);

        clock.Advance(server.Options.StallTimeout + TimeSpan.FromSeconds(1));
        WaitUntil(() => server.Server.Connections == 1);
        WaitUntil(() => server.Server.BytesKept == 0);
        Assert.Equal("fine", good.Call(0x00, "fine").Text);
    }

    [Fact]
    public async Task A_client_that_reads_at_last_gets_everything()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        var frame = RawClient.Native(SyscallNumber.Noop, 1, new byte[PieceBytes]);
        var sent = SendUntilStuck(client, frame);
        var owed = sent / frame.Length;
        client.Socket.Blocking = true;
        var rest = frame.AsMemory((int)(sent % frame.Length));
        var sending = Task.Run(() => client.Send(rest.Span), TestContext.Current.CancellationToken);

        for (var i = 0; i <= owed; i++)
        {
            Assert.Equal(PieceBytes, client.ReadNative().Payload.Length);
        }

        await sending;
        Assert.Equal("and goes on", client.Call(SyscallNumber.Noop, "and goes on").Text);
        WaitUntil(() => server.Server.BytesKept == 0);
    }

    [Fact]
    public async Task A_stream_waits_for_its_reader_and_events_are_dropped()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        client.Send(RawClient.Native(SyscallNumber.Logs, 1, """{"id":1}"""u8));
        client.Send(RawClient.Native(SyscallNumber.Subscribe, 2, ""u8));
        var logs = await server.Sink.NextAsync();
        var events = await server.Sink.NextAsync();
        var piece = new byte[PieceBytes];
        piece[0] = 1;

        var pieces = 0;
        Task<bool> waiting;
        while (true)
        {
            waiting = logs.SendRawAsync(piece, TestContext.Current.CancellationToken).AsTask();
            pieces++;
            if (!waiting.IsCompleted)
            {
                break;
            }
        }

        Assert.False(events.TrySendEvent(new EventView("spawned", DateTimeOffset.UnixEpoch)));
        Assert.InRange(pieces * (long)PieceBytes, 1, 16L * 1024 * 1024);
        for (var i = 0; i < pieces; i++)
        {
            var answer = client.ReadNative();
            Assert.Equal(FrameFlags.More | FrameFlags.Raw, answer.Header.Flags);
            Assert.Equal(PieceBytes, answer.Payload.Length);
        }

        Assert.True(await waiting);
        Assert.True(events.TrySendEvent(new EventView("spawned", DateTimeOffset.UnixEpoch)));
        Assert.Contains("spawned", client.ReadNative().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_larger_than_a_frame_is_cut_and_each_piece_says_its_stream()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        client.Send(RawClient.Native(SyscallNumber.Exec, 1, """{"command":"x"}"""u8));
        var exec = await server.Sink.NextAsync();
        var output = new byte[AbiLimits.PayloadBytesMax + 10];
        output.AsSpan().Fill((byte)'o');
        output[0] = 2;

        var sending = exec.SendRawAsync(output, TestContext.Current.CancellationToken);
        var (first, second) = (client.ReadNative(), client.ReadNative());

        Assert.True(await sending);
        Assert.Equal(AbiLimits.PayloadBytesMax, first.Payload.Length);
        Assert.Equal((2, 2), (first.Payload[0], second.Payload[0]));
        Assert.Equal(output.Length - 1, first.Payload.Length + second.Payload.Length - 2);
    }

    [Fact]
    public async Task More_requests_in_flight_than_allowed_are_refused_and_those_before_are_not()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        for (var id = 1UL; id <= AbiLimits.InFlightMax + 1; id++)
        {
            client.Send(RawClient.Native(SyscallNumber.Wait, id, """{"id":1}"""u8));
        }

        var refused = client.ReadNative();
        Assert.Equal(
            (SysErrorCode.TryAgain, (ulong)AbiLimits.InFlightMax + 1),
            (refused.Header.Status, refused.Header.RequestId));
        Assert.Equal(AbiLimits.InFlightMax, server.Sink.Waiting.Count);

        (await server.Sink.NextAsync()).Fail(SysError.NoSuchProcess("1"));
        Assert.Equal(SysErrorCode.NoSuchProcess, client.ReadNative().Header.Status);
        client.Send(RawClient.Native(SyscallNumber.Noop, 9, ""u8));
        Assert.Equal(SysErrorCode.Ok, client.ReadNative().Header.Status);
    }

    [Fact]
    public async Task AgentOs_requests_beyond_the_line_wait_outside_and_are_answered_in_order()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        var count = server.Options.AgentOsWaitingMax + 50;
        for (var i = 1; i <= count; i++)
        {
            client.Send(RawClient.AgentOs(0x11, System.Text.Encoding.UTF8.GetBytes($$"""{"id":{{i}}}""")));
        }

        for (var i = 1; i <= count; i++)
        {
            var call = await server.Sink.NextAsync();
            Assert.InRange(server.Sink.Waiting.Count - (i - 1), 0, server.Options.AgentOsWaitingMax);
            call.Reply(new KillReply(true, ((Kill)call.Syscall).Id!.Value));
        }

        for (var i = 1; i <= count; i++)
        {
            Assert.Equal($$"""{"killed":true,"agent_id":{{i}}}""", client.ReadAgentOs().Text);
        }
    }

    [Fact]
    public async Task An_agent_has_so_many_connections_and_the_next_is_told_so_in_its_framing()
    {
        await using var server = new RunningServer(options: new SocketOptions { ConnectionsPerAgentMax = 2 });
        var (socket, path) = server.ListenForAgent(5);
        using (socket)
        {
            using var first = new RawClient(path);
            var second = new RawClient(path);
            Assert.Equal("1", first.Call(0x00, "1").Text);
            Assert.Equal("2", second.Call(0x00, "2").Text);
            using (var third = new RawClient(path))
            {
                Assert.Equal(SysErrorCode.LimitExceeded, third.Call(SyscallNumber.Noop, "3").Header.Status);
                Assert.True(third.ReadsEnd());
            }

            using var host = server.Connect();
            Assert.Equal("host", host.Call(0x00, "host").Text);
            second.Dispose();
            WaitUntil(() => server.Server.Connections == 2);
            using var fourth = new RawClient(path);
            Assert.Equal("4", fourth.Call(0x00, "4").Text);
        }
    }

    private static long SendUntilStuck(RawClient client, byte[] frame)
    {
        client.Socket.Blocking = false;
        var sent = 0L;
        while (client.Socket.Poll(TimeSpan.FromMilliseconds(300), System.Net.Sockets.SelectMode.SelectWrite))
        {
            sent += client.Socket.Send(
                frame.AsSpan((int)(sent % frame.Length)), System.Net.Sockets.SocketFlags.None, out _);
        }

        return sent;
    }

    private static void WaitUntil(Func<bool> condition) =>
        Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(20)));
}
