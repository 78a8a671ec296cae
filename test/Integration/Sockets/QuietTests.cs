using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;

namespace Analemma.Integration.Tests.Sockets;

/// <summary>Requests whose client hears of a refusal only, and how it learns that they have ended.</summary>
public sealed class QuietTests
{
    /// <summary>As docs/abi.md says: as many wait, and the connection is not read.</summary>
    private const int WaitingMax = 64;

    [Fact]
    public async Task Only_a_refusal_is_answered_and_a_NOOP_waits_for_the_end_of_all()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        client.Send([.. Quiet(1), .. Quiet(2), .. Quiet(3)]);
        client.Send(RawClient.Native(SyscallNumber.Noop, 4, "all"u8));
        var calls = new[] { await Next(server), await Next(server), await Next(server) };

        calls[2].Reply(new SendReply(1, default));
        calls[0].Fail(SysError.NoSuchMailbox("box"));
        Assert.Equal((SysErrorCode.NoSuchMailbox, 1UL), Seen(client.ReadNative()));
        calls[1].Reply(new SendReply(2, default));

        var fence = client.ReadNative();
        Assert.Equal((SysErrorCode.Ok, 4UL), Seen(fence));
        Assert.Equal("all", fence.Text);
        Assert.Equal("at once", client.Call(SyscallNumber.Noop, "at once", 5).Text);
        Assert.Equal(0, server.Server.BytesKept);
    }

    [Fact]
    public async Task A_client_with_many_that_wait_is_not_read()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        client.Send([.. Enumerable.Range(1, WaitingMax + 1).SelectMany(id => Quiet((ulong)id))]);
        var calls = new List<Daemon.Sockets.SyscallCall>();
        while (calls.Count < WaitingMax)
        {
            calls.Add(await Next(server));
        }

        // Another client's call comes through, so the server has done what it had to do.
        using var other = server.Connect();
        Assert.Equal("other", other.Call(SyscallNumber.Noop, "other").Text);
        Assert.Equal(WaitingMax, server.Sink.Waiting.Count);

        calls[0].Reply(new SendReply(1, default));
        Assert.True(Assert.IsType<Send>((await Next(server)).Syscall).IsQuiet);
    }

    [Fact]
    public async Task Only_a_SEND_is_quiet()
    {
        await using var server = new RunningServer();
        using var client = server.Connect();
        foreach (var number in new[] { SyscallNumber.Noop, SyscallNumber.Status, SyscallNumber.Recv })
        {
            client.Send(RawClient.Native(number, 9, "{}"u8, FrameFlags.Quiet));
            Assert.Equal((SysErrorCode.InvalidArgument, 9UL), Seen(client.ReadNative()));
        }

        client.Send(RawClient.Native(SyscallNumber.Send, 10, "no JSON"u8, FrameFlags.Quiet));
        Assert.Equal((SysErrorCode.InvalidArgument, 10UL), Seen(client.ReadNative()));
    }

    private static byte[] Quiet(ulong id) =>
        RawClient.Native(SyscallNumber.Send, id, """{"to":"box","body":1}"""u8, FrameFlags.Quiet);

    private static ValueTask<Daemon.Sockets.SyscallCall> Next(RunningServer server) => server.Sink.NextAsync();

    private static (SysErrorCode Status, ulong Id) Seen(NativeAnswer answer) =>
        (answer.Header.Status, answer.Header.RequestId);
}
