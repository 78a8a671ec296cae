using System.Text;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;

namespace Analemma.Integration.Tests.Sockets;

public sealed class NativeCallTests
{
    [Fact]
    public async Task A_cancelled_request_ends_once_and_the_kernel_hears_of_it()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        client.Send(RawClient.Native(SyscallNumber.Wait, 7, """{"id":1}"""u8));
        var call = await server.Sink.NextAsync();

        client.Send(RawClient.Native(SyscallNumber.Noop, 7, ""u8, kind: FrameKind.Cancel));
        client.Send(RawClient.Native(SyscallNumber.Noop, 99, ""u8, kind: FrameKind.Cancel));

        var answer = client.ReadNative();
        Assert.Equal((SysErrorCode.Cancelled, 7UL), (answer.Header.Status, answer.Header.RequestId));
        Assert.Same(call, await server.Sink.NextCancelledAsync());
        Assert.True(call.IsOver);
        call.Reply(new StatusReply("0", 1, "s"));
        Assert.False(await call.SendRawAsync("late"u8.ToArray(), TestContext.Current.CancellationToken));
        Assert.Equal("nothing follows", client.Call(SyscallNumber.Noop, "nothing follows").Text);
    }

    [Fact]
    public async Task A_request_id_in_flight_is_refused_and_free_again_after()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        client.Send(RawClient.Native(SyscallNumber.Wait, 7, """{"id":1}"""u8));
        var call = await server.Sink.NextAsync();

        Assert.Equal(SysErrorCode.InvalidArgument, client.Call(SyscallNumber.Status, "", 7).Header.Status);
        call.Fail(SysError.NoSuchProcess("1"));
        Assert.Equal(SysErrorCode.NoSuchProcess, client.ReadNative().Header.Status);

        client.Send(RawClient.Native(SyscallNumber.Status, 7, ""u8));
        Assert.IsType<Status>((await server.Sink.NextAsync()).Syscall);
    }

    [Fact]
    public async Task A_body_in_pieces_is_put_together_while_others_pass_it()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        var content = new string('c', 3 * 1024 * 1024);
        var body = Encoding.UTF8.GetBytes($$"""{"path":"a","content":"{{content}}"}""");
        for (var at = 0; at < body.Length; at += 1_000_000)
        {
            var piece = body.AsSpan(at, Math.Min(1_000_000, body.Length - at));
            var last = at + piece.Length == body.Length;
            client.Send(RawClient.Native(
                SyscallNumber.Write, 4, piece, last ? FrameFlags.None : FrameFlags.More));
            Assert.Equal("passing", client.Call(SyscallNumber.Noop, "passing", 5).Text);
        }

        var write = Assert.IsType<Write>((await server.Sink.NextAsync()).Syscall);
        Assert.Equal(content.Length, write.Content.Length);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused_and_the_connection_lives()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        var piece = new byte[AbiLimits.PayloadBytesMax];
        for (var sent = 0L; sent <= AbiLimits.BodyBytesMax; sent += piece.Length)
        {
            client.Send(RawClient.Native(SyscallNumber.Noop, 4, piece, FrameFlags.More));
        }

        client.Send(RawClient.Native(SyscallNumber.Noop, 4, piece));

        var answer = client.ReadNative();
        Assert.Equal((SysErrorCode.TooLarge, 4UL), (answer.Header.Status, answer.Header.RequestId));
        Assert.Equal("alive", client.Call(SyscallNumber.Noop, "alive", 4).Text);
        Assert.Equal(0, server.Server.BytesKept);
    }

    [Fact]
    public async Task A_large_message_is_answered_whole_whatever_the_socket_takes_at_once()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        const int count = 12;
        static int Bytes(int at) => at < count - 1 ? 20_000 + (at * 1_000) : AbiLimits.PayloadBytesMax - 2;
        for (var id = 1UL; id <= count; id++)
        {
            client.Send(RawClient.Native(SyscallNumber.Recv, id, "{}"u8));
        }

        // More than the socket holds waits, with frames before and after; the last are larger than a frame may be.
        for (var i = 0; i < count; i++)
        {
            var call = await server.Sink.NextAsync();
            MailMessage message = new(i, new ProcessId(3), MailBody.Of(new string((char)('a' + (i % 26)), Bytes(i))));
            call.Reply(new RecvReply([message], i));
        }

        for (var i = 0; i < count; i++)
        {
            List<byte> payload = [];
            NativeAnswer answer;
            do
            {
                answer = client.ReadNative();
                payload.AddRange(answer.Payload);
            }
            while ((answer.Header.Flags & FrameFlags.More) != 0);
            Assert.Equal((ulong)i + 1, answer.Header.RequestId);
            var reply = JsonSerializer.Deserialize(payload.ToArray(), AbiJsonContext.Default.RecvReply)!;
            var text = Assert.Single(reply.Messages).Body!.ToText();
            Assert.Equal(text.Length, text.Count(letter => letter == 'a' + (i % 26)));
            Assert.Equal((i, Bytes(i)), (reply.Left, text.Length));
        }

        // Whose thread answers this has done with what it sent before.
        Assert.Equal("after", client.Call(SyscallNumber.Noop, "after").Text);
        Assert.Equal(0, server.Server.BytesKept);
    }

    [Fact]
    public async Task A_body_of_sixteen_mebibytes_is_echoed_in_pieces()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        var piece = new byte[AbiLimits.PayloadBytesMax];
        var sending = Task.Run(
            () =>
            {
                for (var i = 1; i <= 16; i++)
                {
                    client.Send(RawClient.Native(
                        SyscallNumber.Noop, 4, piece, i < 16 ? FrameFlags.More | FrameFlags.Raw : FrameFlags.Raw));
                }
            },
            TestContext.Current.CancellationToken);

        var received = 0L;
        NativeAnswer answer;
        do
        {
            answer = client.ReadNative();
            received += answer.Payload.Length;
        }
        while ((answer.Header.Flags & FrameFlags.More) != 0);
        await sending;

        Assert.Equal(AbiLimits.BodyBytesMax, received);
    }

    [Fact]
    public async Task A_peer_that_vanishes_takes_its_calls_with_it_and_hurts_nobody()
    {
        await using var server = new RunningServer();
        using (var client = server.Connect())
        {
            client.Send(RawClient.Native(SyscallNumber.List, 1, ""u8));
            client.Send(RawClient.AgentOs(0x12, ""u8).AsSpan()[..5]);
        }

        var call = await server.Sink.NextAsync();
        Assert.Same(call, await server.Sink.NextCancelledAsync());
        call.Reply(new ListReply([]));
        using var other = server.Connect();
        Assert.Equal("alive", other.Call(0x00, "alive").Text);
    }

    [Theory]
    [InlineData("""{"id":"seven"}""")]
    [InlineData("""{"id":99999999999999999999999}""")]
    [InlineData("""{"id":-1}""")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{")]
    public async Task A_wrong_payload_gets_an_error_and_the_connection_lives(string payload)
    {
        await using var server = new RunningServer();
        using var client = server.Connect();

        Assert.Equal(SysErrorCode.InvalidArgument, client.Call(SyscallNumber.Kill, payload).Header.Status);
        Assert.Equal("alive", client.Call(SyscallNumber.Noop, "alive").Text);
    }

    [Fact]
    public async Task Deep_nesting_and_bad_utf8_get_errors_in_both_framings()
    {
        await using var server = new RunningServer();
        using var native = server.Connect();
        using var agentOs = server.Connect();
        var deep = Encoding.UTF8.GetBytes(new string('[', 400_000));
        byte[] bad = [.. "{\"name\":\""u8, 0xFF, 0xFE, .. "\"}"u8];
        foreach (var payload in new[] { deep, bad })
        {
            native.Send(RawClient.Native(SyscallNumber.Spawn, 1, payload));
            agentOs.Send(RawClient.AgentOs(0x10, payload));

            Assert.Equal(SysErrorCode.InvalidArgument, native.ReadNative().Header.Status);
            Assert.Contains("invalid_argument", agentOs.ReadAgentOs().Text, StringComparison.Ordinal);
        }

        Assert.Empty(server.Sink.Waiting);
    }

    [Fact]
    public async Task An_asynchronous_exec_is_accepted_and_its_result_polled()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        Assert.Equal(
            """{"success":true,"async":true,"request_id":1,"status":"accepted"}""",
            client.Call(0x02, """{"command":"echo hi","async":true,"timeout":1.5}""").Text);
        var call = await server.Sink.NextAsync();
        Assert.Equal(1500, Assert.IsType<Exec>(call.Syscall).TimeoutMs);
        Assert.Equal("""{"success":true,"results":[],"count":0}""", client.Call(0x80, "").Text);

        await call.SendRawAsync(new byte[] { 1, (byte)'h', 0xFF }, TestContext.Current.CancellationToken);
        call.Reply(new ExecReply(0));

        var polled = client.Call(0x80, """{"max":5}""").Text;
        using var json = System.Text.Json.JsonDocument.Parse(polled);
        var result = json.RootElement.GetProperty("results")[0];
        Assert.Equal("EXEC", result.GetProperty("opcode_name").GetString());
        Assert.Equal(
            """{"success":true,"stdout":"h""" + "\uFFFD" + "\"" + ""","stderr":"","exit_code":0}""",
            result.GetProperty("payload").GetString());
        Assert.Equal("""{"success":true,"results":[],"count":0}""", client.Call(0x80, "").Text);
    }
}
