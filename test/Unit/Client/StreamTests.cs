using System.Text;
using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;
using Analemma.Client;

namespace Analemma.Unit.Tests.Client;

public sealed class StreamTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Exec_streams_both_outputs_and_then_the_exit_code()
    {
        await using var fake = new FakeKernel(request =>
        {
            request.Piece([1, .. "out"u8]);
            request.Piece([2, .. "err"u8]);
            request.Reply("""{"exit_code":7}""");
        });
        await using var kernel = await KernelClient.ConnectAsync(fake.SocketPath, cancellationToken: Cancelled);

        var exec = kernel.Exec(new Exec { Name = "a", Argv = ["true"] });
        Assert.Throws<InvalidOperationException>(() => exec.Reply);
        List<string> pieces = [];
        await foreach (var piece in exec.WithCancellation(Cancelled))
        {
            pieces.Add($"{piece.Channel}:{Encoding.ASCII.GetString(piece.Bytes.Span)}");
        }

        Assert.Equal(["Stdout:out", "Stderr:err"], pieces);
        Assert.Equal(7, exec.Reply.ExitCode);
    }

    [Fact]
    public async Task A_refused_stream_throws_the_refusal()
    {
        await using var fake =
            new FakeKernel(request => request.Fail(SysErrorCode.NoSuchProcess, "there is no process a"));
        await using var kernel = await KernelClient.ConnectAsync(fake.SocketPath, cancellationToken: Cancelled);

        var refusal = await Assert.ThrowsAsync<SyscallException>(
            () => kernel.Logs(new Logs { Name = "a" }).ToEndAsync(Cancelled));

        Assert.Equal(SysErrorCode.NoSuchProcess, refusal.Code);
    }

    [Fact]
    public async Task Leaving_a_stream_early_takes_the_request_back()
    {
        FakeRequest? asked = null;
        var cancelled = new TaskCompletionSource();
        await using var fake = new FakeKernel(request =>
        {
            if (request.Header.Kind == FrameKind.Cancel)
            {
                Assert.Equal(asked!.Header.RequestId, request.Header.RequestId);
                cancelled.TrySetResult();
            }
            else
            {
                asked = request;
                request.Piece([1, .. "first"u8]);
            }
        });
        await using var kernel = await KernelClient.ConnectAsync(fake.SocketPath, cancellationToken: Cancelled);

        await foreach (var _ in kernel.Exec(new Exec { Name = "a", Command = "yes" }).WithCancellation(Cancelled))
        {
            break;
        }

        await cancelled.Task.WaitAsync(Cancelled);
    }

    [Fact]
    public async Task An_endless_stream_that_nobody_reads_holds_back_no_other_call()
    {
        FakeRequest? asked = null;
        var flooded = new TaskCompletionSource();
        await using var fake = new FakeKernel(request =>
        {
            asked = request;
            request.Piece([1, .. "first"u8]);
            flooded.TrySetResult();
        });
        await using var kernel = await KernelClient.ConnectAsync(fake.SocketPath, cancellationToken: Cancelled);
        await using var reader = kernel.Logs(new Logs { Name = "a", Follow = true }).GetAsyncEnumerator(Cancelled);
        Assert.True(await reader.MoveNextAsync());
        await flooded.Task;

        // More pieces than wait for a reader, so that the stream's own connection stands still.
        for (var piece = 0; piece < 100; piece++)
        {
            asked!.Piece([1, .. new byte[100]]);
        }

        Assert.Single(await kernel.EchoAsync(new byte[1], Cancelled));
        Assert.Equal(2, fake.Connections);
    }

    [Fact]
    public async Task Events_come_as_records_until_cancelled()
    {
        await using var fake = new FakeKernel(request =>
        {
            if (request.Number == SyscallNumber.Subscribe)
            {
                request.Piece("""{"type":"denied","at":"2026-01-02T03:04:05+00:00","kind":"network"}""");
            }
        });
        await using var kernel = await KernelClient.ConnectAsync(fake.SocketPath, cancellationToken: Cancelled);
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var happened in kernel.Events(cancellationToken: source.Token))
            {
                Assert.Equal("network", happened.Kind);
                await source.CancelAsync();
            }
        });
    }

    [Fact]
    public async Task A_file_is_read_slice_by_slice()
    {
        var file = Enumerable.Range(0, 9_000_000).Select(i => (byte)(i % 253)).ToArray();
        await using var fake = new FakeKernel(request => ServeFile(request, file));
        await using var kernel = await KernelClient.ConnectAsync(fake.SocketPath, cancellationToken: Cancelled);
        using var whole = new MemoryStream();

        var read = kernel.Read(new Read { Name = "a", Path = "file" });
        await foreach (var piece in read.WithCancellation(Cancelled))
        {
            await whole.WriteAsync(piece, Cancelled);
        }

        Assert.True(whole.ToArray().AsSpan().SequenceEqual(file));
        Assert.Equal(new ReadReply(file.Length, file.Length), read.Reply);
    }

    private static void ServeFile(FakeRequest request, byte[] file)
    {
        Assert.True(AbiJson.TryRead(request.Payload, AbiJsonContext.Default.Read, out var read, out _));
        var left = file.AsSpan((int)read.Offset)[..(int)Math.Min(read.Length!.Value, file.Length - read.Offset)];
        var sent = left.Length;
        while (left.Length > 0)
        {
            var piece = left[..Math.Min(left.Length, 300_000)];
            request.Piece(piece.ToArray());
            left = left[piece.Length..];
        }

        request.Reply($$"""{"size":{{file.Length}},"bytes_read":{{sent}}}""");
    }
}
