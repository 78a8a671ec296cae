using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Linux;
using Microsoft.Win32.SafeHandles;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>Sealed memory with messages, through a real kernel and real sandboxes.</summary>
public sealed class HandleTests : IAsyncLifetime
{
    private const long Mega = 1024 * 1024;

    private RunningKernel _kernel = null!;

    public async ValueTask InitializeAsync() => _kernel = await StartAsync();

    public ValueTask DisposeAsync() => _kernel.DisposeAsync();

    [Fact]
    public async Task Agents_pass_memory_that_nobody_can_change()
    {
        var receiver = await _kernel.SpawnPythonAsync(
            """
            import hashlib, mmap, os
            from analemma import Kernel
            with Kernel() as kernel:
                kernel.register("renderer")
                print("up", flush=True)
                for message in kernel.mailbox():
                    memory = message.handle
                    view = memory.view()
                    print(message.body, len(view), hashlib.sha256(view).hexdigest(), view.readonly)
                    for what, change in {
                        "write": lambda: os.pwrite(memory.fileno(), b"x", 0),
                        "map": lambda: mmap.mmap(memory.fileno(), len(memory)),
                        "grow": lambda: os.ftruncate(memory.fileno(), len(memory) + 1),
                    }.items():
                        try:
                            change()
                            print(what, "done")
                        except OSError as refused:
                            print(what, "refused")
                    kernel.reply(message, "seen", handle=bytes(view[:4]))
                    break
            """);
        await _kernel.UntilPrintedAsync(receiver, "up");
        var sender = await _kernel.SpawnPythonAsync(
            """
            import hashlib, os
            from analemma import Kernel, HandleInvalid, SealedMemory
            with Kernel() as kernel:
                data = os.urandom(16 << 20)
                print(hashlib.sha256(data).hexdigest())
                with SealedMemory.of(data) as memory:
                    reply = kernel.request("renderer", {"n": 1}, handle=memory)
                print(reply.body, bytes(reply.handle) == data[:4])
                reading, writing = os.pipe()
                for wrong in (reading, os.open("/tmp", os.O_RDONLY), os.memfd_create("open")):
                    try:
                        kernel.send("renderer", handle=wrong)
                    except HandleInvalid as refused:
                        print(refused.message)
            """);
        var said = (await _kernel.OutputAsync(sender, follow: true)).Split('\n');
        Assert.Equal(
            [
                "seen True",
                "the descriptor cannot be a handle: it is no memory of memfd_create",
                "the descriptor cannot be a handle: it is no memory of memfd_create",
                "the descriptor cannot be a handle: it lacks the seals F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE",
                "",
            ],
            said[1..]);
        Assert.Equal(
            $"up\n{{'n': 1}} {16 * Mega} {said[0]} True\nwrite refused\nmap refused\ngrow refused\n",
            await _kernel.OutputAsync(receiver, follow: true));
    }

    [Fact]
    public async Task The_SDK_for_asyncio_takes_handles_when_told_to()
    {
        var agent = await _kernel.SpawnPythonAsync(
            """
            import asyncio
            from analemma import AsyncKernel
            async def main():
                async with AsyncKernel() as kernel:
                    own = (await kernel.hello()).process
                    await kernel.send(own, "large", handle=b"abc" * 1000)
                    await kernel.send(own, "small")
                    print([message.body for message in await kernel.recv(max=5, timeout=0)])
                    [message] = await kernel.recv(timeout=5, handles=True)
                    print(message.body, bytes(message.handle) == b"abc" * 1000)
                    try:
                        await asyncio.wait_for(kernel.recv(handles=True), 0.2)
                    except asyncio.TimeoutError:
                        print("nothing")
            asyncio.run(main())
            """);
        Assert.Equal("['small']\nlarge True\nnothing\n", await _kernel.OutputAsync(agent, follow: true));
    }

    [Fact]
    public async Task A_gibibyte_goes_through_and_not_a_byte_more()
    {
        await _kernel.Client.RegisterAsync(new Register { Name = "box" }, Token);
        using var memory = Sparse(AbiLimits.HandleBytesMax);
        Assert.Equal(0, Send(memory, "box").Status);
        var all = await _kernel.Client.ReceiveAsync(new Recv { Mailbox = "box", TimeoutMs = 0 }, Token);
        var taken = Assert.Single(all);
        using var received = taken.Memory!;
        Assert.Equal(AbiLimits.HandleBytesMax, received.Length);
        var last = new byte[2];
        Assert.Equal(1, received.Read(AbiLimits.HandleBytesMax - 1, last));

        using var more = Sparse(AbiLimits.HandleBytesMax + 1);
        Assert.Equal((int)SysErrorCode.TooLarge, Send(more, "box").Status);
    }

    [Fact]
    public async Task What_is_no_handle_is_refused_and_the_connection_lives()
    {
        await _kernel.Client.RegisterAsync(new Register { Name = "box" }, Token);
        await _kernel.Client.RegisterAsync(new Register { Name = "kept", Durable = true }, Token);
        using var connection = UnixSocket.TryConnect(_kernel.Socket, blocking: true, out _)!;
        using Socket lingers = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            LingerState = new LingerOption(true, 1_000),
        };
        using var file = File.OpenHandle(_kernel.Script("x"));
        using var empty = Sparse(0);
        using var open = Linux.SealedMemory.Make("open"u8, sealedToo: false);
        using var good = Linux.SealedMemory.Make("good"u8);
        foreach (var (what, code) in new (SafeHandle, SysErrorCode)[]
        {
            (lingers.SafeHandle, SysErrorCode.HandleInvalid), (file, SysErrorCode.HandleInvalid),
            (empty, SysErrorCode.HandleInvalid), (open, SysErrorCode.HandleInvalid), (good, SysErrorCode.Ok),
        })
        {
            Assert.Equal((int)code, Call(connection, Frame(SyscallNumber.Send, """{"to": "box"}"""), what).Status);
        }

        Assert.Equal((int)SysErrorCode.HandleInvalid, Call(connection, Frame(SyscallNumber.Send, "{}")).Status);
        Assert.Equal((int)SysErrorCode.InvalidArgument, Call(connection, Frame(SyscallNumber.List, "{}"), good).Status);
        Assert.Equal((int)SysErrorCode.InvalidArgument, Call(connection, Frame(SyscallNumber.Send, "{"), good).Status);
        Assert.Equal(
            (int)SysErrorCode.InvalidArgument,
            Call(connection, Frame(SyscallNumber.Send, """{"to": "kept"}"""), good).Status);
        Assert.Equal(
            (int)SysErrorCode.NoSuchMailbox,
            Call(connection, Frame(SyscallNumber.Send, """{"to": "nobody"}"""), good).Status);

        // A number in a payload is no handle: whatever it says is skipped.
        var forged = """{"to": "box", "handle": {"number": 1, "bytes": 4}, "handle_bytes": 4}""";
        Assert.Equal(0, Call(connection, Frame(SyscallNumber.Send, forged, FrameFlags.None)).Status);
        var taken = await _kernel.Client.ReceiveAsync(new Recv { Mailbox = "box", Max = 5, TimeoutMs = 0 }, Token);
        Assert.Equal([4L, null], taken.Select(each => each.Memory?.Length));
        Assert.Equal("good"u8, taken[0].Memory!.ToArray());
        taken[0].Memory!.Dispose();
    }

    [Fact]
    public void A_stream_whose_descriptors_do_not_fit_its_frames_is_not_followed()
    {
        using var good = Linux.SealedMemory.Make("good"u8);
        var send = Frame(SyscallNumber.Send, """{"to": "box"}""");
        foreach (var (frame, descriptors) in new (byte[], SafeHandle[])[]
        {
            (send, [good, good]), (Frame(SyscallNumber.List, "{}", FrameFlags.None), [good]),
            (Frame(SyscallNumber.Send, "{", FrameFlags.Handle | FrameFlags.More), [good]),
            (RawAgentOs(), [good]),
        })
        {
            using var connection = UnixSocket.TryConnect(_kernel.Socket, blocking: true, out _)!;
            Assert.Equal(frame.Length, DescriptorMessage.Send(connection, frame, descriptors));
            var buffer = new byte[4096];
            var count = connection.Receive(buffer);
            Assert.Contains("malformed_frame", Encoding.UTF8.GetString(buffer, 0, count), StringComparison.Ordinal);
            Assert.Equal(0, connection.Receive(buffer));
        }
    }

    [Fact]
    public async Task No_descriptor_is_left_however_messages_end()
    {
        await _kernel.Client.RegisterAsync(new Register { Name = "box", MaxMessages = 4 }, Token);
        using var good = Linux.SealedMemory.Make(new byte[4096]);
        for (var round = 0; round < 3; round++)
        {
            // Refused, expired, unread when its mailbox goes, waiting when its sender goes, and taken.
            Send(good, "nobody");
            Assert.Equal(0, Send(good, "box", ", \"ttl_ms\": 1").Status);
            Assert.Equal(0, Send(good, "box").Status);
            using (var waits = UnixSocket.TryConnect(_kernel.Socket, blocking: true, out _)!)
            {
                await FillAsync();
                DescriptorMessage.Send(
                    waits, Frame(SyscallNumber.Send, """{"to": "box", "timeout_ms": 60000}"""), [good]);
                Assert.Equal(0, Call(waits, Frame(SyscallNumber.Noop, "", FrameFlags.None)).Status);
            }

            var taken = await _kernel.Client.ReceiveAsync(new Recv { Mailbox = "box", TimeoutMs = 0 }, Token);
            Assert.All(taken, each => each.Memory?.Dispose());
            var agent = await _kernel.SpawnPythonAsync("import time; time.sleep(600)");
            Assert.Equal(0, Send(good, null, $", \"to_id\": {agent.Id}").Status);
            await _kernel.Client.KillAsync(new Kill { Id = agent.Id, GraceMs = 0 }, Token);
            await _kernel.Client.UnregisterAsync(new Unregister { Name = "box" }, Token);
            await _kernel.Client.RegisterAsync(new Register { Name = "box", MaxMessages = 4 }, Token);
        }

        await UntilClosedAsync(but: 0);
        Assert.Equal(0, Send(good, "box").Status);
        await UntilClosedAsync(but: 1);
    }

    private async Task FillAsync()
    {
        try
        {
            while (true)
            {
                await _kernel.Client.SendAsync(new Send { To = "box" }, Token);
            }
        }
        catch (SyscallException full) when (full.Error.Code == SysErrorCode.TryAgain)
        {
        }
    }

    /// <summary>Waits until the kernel has no more memory files open than these.</summary>
    private async Task UntilClosedAsync(int but)
    {
        for (var i = 0; i < 500 && Memories() != but; i++)
        {
            await _kernel.Client.StatusAsync(cancellationToken: Token);
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Token);
        }

        Assert.Equal(but, Memories());
    }

    private int Memories() => Directory.EnumerateFiles($"/proc/{_kernel.Pid}/fd")
        .Count(link => new FileInfo(link).LinkTarget?.Contains("memfd:analemma", StringComparison.Ordinal) == true);

    private (int Status, string Text) Send(SafeHandle memory, string? to, string more = "")
    {
        using var connection = UnixSocket.TryConnect(_kernel.Socket, blocking: true, out _)!;
        var fields = to is null ? more[2..] : $"\"to\": \"{to}\"{more}";
        return Call(connection, Frame(SyscallNumber.Send, $"{{{fields}}}"), memory);
    }

    private static (int Status, string Text) Call(UnixSocket connection, byte[] frame, SafeHandle? descriptor = null)
    {
        var sent = descriptor is null
            ? connection.Send(frame) : DescriptorMessage.Send(connection, frame, [descriptor]);
        Assert.Equal(frame.Length, sent);
        var buffer = new byte[8192];
        var count = 0;
        while (count < NativeFrame.HeaderSize
            || count < NativeFrame.HeaderSize + BitConverter.ToInt32(buffer, 20))
        {
            var came = connection.Receive(buffer.AsSpan(count));
            Assert.True(came > 0, came.ToString(CultureInfo.InvariantCulture));
            count += came;
        }

        return (BitConverter.ToInt32(buffer, 16), Encoding.UTF8.GetString(buffer, 24, count - 24));
    }

    private static byte[] Frame(SyscallNumber number, string payload, FrameFlags flags = FrameFlags.Handle) =>
        Sockets.RawClient.Native(number, 7, Encoding.UTF8.GetBytes(payload), flags);

    private static byte[] RawAgentOs() => Sockets.RawClient.AgentOs(0x12, "{}"u8);

    /// <summary>Sealed memory of zeros that takes no memory.</summary>
    private static SafeFileHandle Sparse(long bytes) => Linux.SealedMemory.MakeEmpty(bytes);
}
