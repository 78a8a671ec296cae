using System.Text;
using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;
using Analemma.Client;

namespace Analemma.Unit.Tests.Client;

public sealed class KernelClientTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_blocking_echo_returns_the_bytes()
    {
        await using var fake = new FakeKernel(_ => { });
        await using var kernel = await KernelClient.ConnectAsync(fake.SocketPath, cancellationToken: Cancelled);
        var reply = new byte[AbiLimits.PayloadBytesMax];

        foreach (var size in new[] { 0, 1, 64, 4096, 65536, AbiLimits.PayloadBytesMax })
        {
            var payload = Bytes(size);
            Assert.Equal(size, kernel.Echo(payload, reply));
            Assert.True(payload.AsSpan().SequenceEqual(reply.AsSpan(0, size)));
        }
    }

    [Fact]
    public async Task Blocking_and_asynchronous_calls_share_a_connection()
    {
        FakeRequest? waiting = null;
        await using var fake = new FakeKernel(request => waiting = request);
        await using var kernel = await KernelClient.ConnectAsync(fake.SocketPath, cancellationToken: Cancelled);
        var status = kernel.StatusAsync(Cancelled);

        // The reader thread has the connection while STATUS is in flight, so this echo takes the long way.
        Assert.Equal(3, kernel.Echo("abc"u8, new byte[3]));
        Assert.False(status.IsCompleted);
        waiting!.Reply("""{"version":"9","pid":1,"socket":"x"}""");
        Assert.Equal("9", (await status).Version);
        Assert.Equal(3, kernel.Echo("abc"u8, new byte[3]));
    }

    [Fact]
    public async Task Many_threads_echo_at_once_and_each_gets_its_own_bytes()
    {
        await using var fake = new FakeKernel(_ => { });
        await using var kernel = await KernelClient.ConnectAsync(fake.SocketPath, cancellationToken: Cancelled);

        var threads = Enumerable.Range(0, 8).Select(thread => Task.Factory.StartNew(
            () =>
            {
                var reply = new byte[64];
                for (var turn = 0; turn < 200; turn++)
                {
                    var payload = Encoding.ASCII.GetBytes($"{thread}:{turn}");
                    var length = kernel.Echo(payload, reply);
                    Assert.Equal($"{thread}:{turn}", Encoding.ASCII.GetString(reply, 0, length));
                }
            },
            Cancelled,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default));
        await Task.WhenAll(threads);
    }

    [Fact]
    public async Task Answers_find_their_requests_in_any_order()
    {
        List<FakeRequest> held = [];
        await using var fake = new FakeKernel(request =>
        {
            held.Add(request);
            if (held.Count == 3)
            {
                held.Reverse();
                held.ForEach(one => one.Reply($$"""{"version":"{{one.Header.RequestId}}","pid":1,"socket":"x"}"""));
            }
        });
        await using var kernel = await KernelClient.ConnectAsync(fake.SocketPath, cancellationToken: Cancelled);

        var replies = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => kernel.StatusAsync(Cancelled)));

        Assert.Equal(["2", "3", "4"], replies.Select(reply => reply.Version));
    }

    [Fact]
    public async Task A_body_beyond_a_frame_goes_in_pieces()
    {
        var sent = new TaskCompletionSource<FakeRequest>();
        await using var fake = new FakeKernel(request =>
        {
            request.Reply("""{"bytes_written":1}""");
            sent.TrySetResult(request);
        });
        await using var kernel = await KernelClient.ConnectAsync(fake.SocketPath, cancellationToken: Cancelled);
        var content = new string('x', 3_000_000);

        await kernel.WriteAsync(new Write { Path = "a", Content = content }, Cancelled);

        var request = await sent.Task;
        Assert.True(AbiJson.TryRead(request.Payload, AbiJsonContext.Default.Write, out var write, out _));
        Assert.Equal(content.Length, write.Content.Length);
    }

    [Fact]
    public async Task A_refusal_carries_code_message_and_hint()
    {
        await using var fake = new FakeKernel(
            request => request.Fail(SysErrorCode.NameTaken, "healthy runs already", "choose another"));
        await using var kernel = await KernelClient.ConnectAsync(fake.SocketPath, cancellationToken: Cancelled);

        var refusal = await Assert.ThrowsAsync<SyscallException>(
            () => kernel.SpawnAsync(new Spawn { Name = "healthy", Argv = ["true"] }, Cancelled));

        Assert.Equal(SysErrorCode.NameTaken, refusal.Code);
        Assert.Equal("healthy runs already", refusal.Message);
        Assert.Equal("choose another", refusal.Hint);
    }

    [Fact]
    public async Task Cancelling_tells_the_kernel_and_the_connection_lives()
    {
        FakeRequest? asked = null;
        var cancel = new TaskCompletionSource<NativeFrame>();
        await using var fake = new FakeKernel(request =>
        {
            if (request.Header.Kind != FrameKind.Cancel)
            {
                asked = request;
                return;
            }

            asked!.Fail(SysErrorCode.Cancelled, "cancelled");
            cancel.TrySetResult(request.Header);
        });
        await using var kernel = await KernelClient.ConnectAsync(fake.SocketPath, cancellationToken: Cancelled);
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);

        var wait = kernel.WaitAsync(new Wait { Name = "x" }, source.Token);
        await kernel.EchoAsync(new byte[1], Cancelled);
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        Assert.Equal(asked!.Header.RequestId, (await cancel.Task).RequestId);
        Assert.Equal(2, (await kernel.EchoAsync("ab"u8.ToArray(), Cancelled)).Length);
    }

    [Fact]
    public async Task A_kernel_that_goes_ends_every_call_in_flight_and_every_later_one()
    {
        var asked = new TaskCompletionSource();
        await using var fake = new FakeKernel(_ => asked.TrySetResult());
        await using var kernel = await KernelClient.ConnectAsync(fake.SocketPath, cancellationToken: Cancelled);
        var wait = kernel.WaitAsync(new Wait { Name = "x" }, Cancelled);
        await asked.Task;

        fake.DropConnections();

        await Assert.ThrowsAsync<KernelConnectionException>(() => wait);
        await Assert.ThrowsAsync<KernelConnectionException>(() => kernel.StatusAsync(Cancelled));
        Assert.Throws<KernelConnectionException>(() => kernel.Echo("x"u8, new byte[1]));
    }

    [Fact]
    public async Task Disposing_ends_what_is_in_flight()
    {
        var asked = new TaskCompletionSource();
        await using var fake = new FakeKernel(_ => asked.TrySetResult());
        var kernel = await KernelClient.ConnectAsync(fake.SocketPath, cancellationToken: Cancelled);
        var wait = kernel.WaitAsync(new Wait { Name = "x" }, Cancelled);
        await asked.Task;

        await kernel.DisposeAsync();

        await Assert.ThrowsAsync<KernelConnectionException>(() => wait);
    }

    [Fact]
    public async Task No_kernel_is_an_error_that_names_the_socket()
    {
        var refused = await Assert.ThrowsAsync<KernelConnectionException>(
            () => KernelClient.ConnectAsync("/nowhere/kernel.sock", cancellationToken: Cancelled));

        Assert.Equal("/nowhere/kernel.sock", refused.SocketPath);
        Assert.Equal("no kernel answers at /nowhere/kernel.sock: there is no socket", refused.Message);
    }

    private static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(i % 251))];
}
