using System.Net.Sockets;
using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;

namespace Analemma.Integration.Tests.Sockets;

/// <summary>
/// Clients whose stream cannot be followed are told why, lose their connection, and bother nobody else.
/// </summary>
public sealed class BrokenFrameTests
{
    [Fact]
    public async Task Neither_magic_gets_a_typed_error_and_the_end()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();

        client.Send("GET / HTTP/1.1\r\n\r\n"u8);

        Assert.Contains("malformed_frame", client.ReadAgentOs().Text, StringComparison.Ordinal);
        Assert.True(client.ReadsEnd());
        Assert.Equal(1, server.Server.Refusals);
    }

    [Fact]
    public async Task A_broken_native_header_gets_status_malformed_and_request_id_zero()
    {
        await using var server = new RunningServer();
        foreach (var (offset, value) in new[] { (4, (byte)9), (5, (byte)0x80), (4, (byte)FrameKind.Response) })
        {
            using var client = server.Connect();
            var frame = RawClient.Native(SyscallNumber.Noop, 12, "x"u8);
            frame[offset] = value;
            client.Send(frame);

            var answer = client.ReadNative();
            Assert.Equal((SysErrorCode.MalformedFrame, 0UL), (answer.Header.Status, answer.Header.RequestId));
            Assert.True(client.ReadsEnd());
        }
    }

    [Fact]
    public async Task The_framing_may_not_change_on_the_way()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        client.Send([.. RawClient.AgentOs(0, "a"u8), .. RawClient.Native(SyscallNumber.Noop, 1, "b"u8)]);

        Assert.Equal("a", client.ReadAgentOs().Text);
        Assert.Contains("malformed_frame", client.ReadAgentOs().Text, StringComparison.Ordinal);
        Assert.True(client.ReadsEnd());
    }

    /// <summary>The client sends all it claimed before it looks: the error must still be there to read.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_oversize_frame_is_refused_and_the_reason_can_be_read(bool native)
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        var payload = new byte[AbiLimits.PayloadBytesMax + 1];

        client.Send(native ? RawClient.Native(SyscallNumber.Noop, 5, payload) : RawClient.AgentOs(0x02, payload));

        var text = native ? client.ReadNative().Text : client.ReadAgentOs().Text;
        Assert.Contains("too_large", text, StringComparison.Ordinal);
        Assert.True(client.ReadsEnd());
    }

    [Fact]
    public async Task The_largest_payload_is_not_oversize()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        var payload = new byte[AbiLimits.PayloadBytesMax];
        Random.Shared.NextBytes(payload);

        client.Send(RawClient.AgentOs(0x00, payload));

        Assert.True(payload.AsSpan().SequenceEqual(client.ReadAgentOs().Payload));
    }

    [Fact]
    public async Task A_stream_that_ends_inside_a_frame_gets_a_typed_error()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();

        client.Send(RawClient.Native(SyscallNumber.Noop, 1, "hello"u8).AsSpan()[..26]);
        client.Socket.Shutdown(SocketShutdown.Send);

        Assert.Equal(SysErrorCode.MalformedFrame, client.ReadNative().Header.Status);
        Assert.True(client.ReadsEnd());
    }

    [Fact]
    public async Task A_half_closed_client_still_gets_what_it_asked_for()
    {
        await using var server = new RunningServer();
        using var native = server.Connect();
        using var agentOs = server.Connect();
        native.Send(RawClient.Native(SyscallNumber.List, 1, ""u8));
        native.Socket.Shutdown(SocketShutdown.Send);
        var first = await server.Sink.NextAsync();
        agentOs.Send(RawClient.AgentOs(0x12, ""u8));
        agentOs.Socket.Shutdown(SocketShutdown.Send);
        var second = await server.Sink.NextAsync();

        first.Reply(new ListReply([]));
        second.Reply(new ListReply([]));

        Assert.Equal("""{"processes":[]}""", native.ReadNative().Text);
        Assert.True(native.ReadsEnd());
        Assert.Equal("[]", agentOs.ReadAgentOs().Text);
        Assert.True(agentOs.ReadsEnd());
    }

    [Fact]
    public async Task A_slow_loris_is_timed_out_and_an_idle_client_is_not()
    {
        var clock = new ManualClock();
        await using var server = new RunningServer(time: clock);
        using var idle = server.Connect();
        using var loris = server.Connect();
        using var lorisWithBody = server.Connect();
        var timeout = server.Options.FrameTimeout;
        Assert.Equal("x", idle.Call(0x00, "x").Text);

        loris.Send(RawClient.AgentOs(0x00, "hello"u8).AsSpan()[..3]);
        lorisWithBody.Send(RawClient.Native(SyscallNumber.Noop, 1, "part"u8, FrameFlags.More));
        Settle(server);
        clock.Advance(timeout / 2);
        loris.Send(RawClient.AgentOs(0x00, "hello"u8).AsSpan(3, 3));
        Settle(server);
        Assert.Equal(0, server.Server.Refusals);
        clock.Advance(timeout);

        Assert.Contains("timed_out", loris.ReadAgentOs().Text, StringComparison.Ordinal);
        Assert.True(loris.ReadsEnd());
        Assert.Equal(SysErrorCode.TimedOut, lorisWithBody.ReadNative().Header.Status);
        Assert.Equal("y", idle.Call(0x00, "y").Text);
    }

    [Fact]
    public async Task Frames_that_come_byte_by_byte_are_whole_in_the_end()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        foreach (var one in RawClient.Native(SyscallNumber.Noop, 3, "slow but whole"u8))
        {
            client.Send(one);
        }

        Assert.Equal("slow but whole", client.ReadNative().Text);
    }

    /// <summary>What was sent before on other connections has been received when this has been answered.</summary>
    private static void Settle(RunningServer server)
    {
        using var other = server.Connect();
        Assert.Equal("settled", other.Call(SyscallNumber.Noop, "settled").Text);
    }
}
