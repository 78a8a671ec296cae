using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Analemma.Daemon.Http.Transport;
using Analemma.Linux;
using Microsoft.AspNetCore.Connections;

namespace Analemma.Unit.Tests.Daemon.Http.Transport;

/// <summary>Connections that the kernel's threads poll keep what the HTTP server relies on.</summary>
public sealed class PolledConnectionTests : IAsyncDisposable
{
    private readonly Wire _wire = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_socket_that_is_closed_here_while_its_peers_end_is_told_harms_nobody()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using TcpClient peer = new();
        await peer.ConnectAsync((IPEndPoint)listener.LocalEndpoint, Cancelled);
        var isTold = false;
        PolledSocket ours = new(_wire.Poller, await listener.AcceptSocketAsync(Cancelled), () => isTold = true);
        ours.Dispose();

        ours.OnReady(Readiness.Read | Readiness.PeerShutdown);

        Assert.False(isTold);
    }

    [Fact]
    public async Task What_was_not_consumed_is_shown_again_with_what_has_come_since()
    {
        var (ours, peer) = await _wire.AcceptAsync();
        peer.Send("one"u8);
        var read = await ours.Input.ReadAsync(Cancelled);
        Assert.Equal("one", Text(read));
        ours.Input.AdvanceTo(read.Buffer.GetPosition(1), read.Buffer.End);
        Assert.False(ours.Input.TryRead(out _));
        peer.Send("two"u8);
        read = await ours.Input.ReadAsync(Cancelled);
        Assert.Equal("netwo", Text(read));
        ours.Input.AdvanceTo(read.Buffer.Start, read.Buffer.GetPosition(1));
        Assert.True(ours.Input.TryRead(out read));
        ours.Input.AdvanceTo(read.Buffer.End);
        peer.Shutdown(SocketShutdown.Send);
        read = await ours.Input.ReadAsync(Cancelled);
        Assert.True(read.IsCompleted && read.Buffer.IsEmpty);
        peer.Dispose();
        await ours.DisposeAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("and more that nobody has read")]
    public async Task A_peer_that_hangs_up_is_seen_while_nobody_reads(string unread)
    {
        var (ours, peer) = await _wire.AcceptAsync();
        peer.Send("asked"u8);
        var read = await ours.Input.ReadAsync(Cancelled);
        ours.Input.AdvanceTo(read.Buffer.End);
        peer.Send(Encoding.ASCII.GetBytes(unread));
        peer.Dispose();
        await ClosedAsync(ours);

        // What it said before is still to be had.
        var said = "";
        do
        {
            read = await ours.Input.ReadAsync(Cancelled);
            said += Text(read);
            ours.Input.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);
        Assert.Equal(unread, said);
        await ours.DisposeAsync();
    }

    [Fact]
    public async Task Waiting_ends_when_it_is_given_up_aborted_or_closed()
    {
        var (ours, peer) = await _wire.AcceptAsync();
        using CancellationTokenSource patience = new();
        var read = ours.Input.ReadAsync(patience.Token).AsTask();
        await patience.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => read);

        read = ours.Input.ReadAsync(Cancelled).AsTask();
        ours.Input.CancelPendingRead();
        Assert.True((await read).IsCanceled);

        read = ours.Input.ReadAsync(Cancelled).AsTask();
        ours.Abort(new ConnectionAbortedException("enough"));
        await Assert.ThrowsAsync<ConnectionAbortedException>(() => read);
        Assert.Equal(0, peer.Receive(new byte[1]));
        await ClosedAsync(ours);
        await ours.DisposeAsync();
        peer.Dispose();
    }

    [Fact]
    public async Task What_a_peer_does_not_take_waits_until_it_does_or_is_gone()
    {
        var (ours, peer) = await _wire.AcceptAsync();
        var much = new byte[16 * 1024 * 1024];
        Random.Shared.NextBytes(much);
        var sending = ours.Output.WriteAsync(much, Cancelled).AsTask();
        Assert.False(sending.IsCompleted);
        var taken = new byte[much.Length];
        for (var count = 0; count < taken.Length;)
        {
            count += await peer.ReceiveAsync(taken.AsMemory(count), Cancelled);
        }

        Assert.False((await sending).IsCompleted);
        Assert.True(much.AsSpan().SequenceEqual(taken));

        sending = ours.Output.WriteAsync(much, Cancelled).AsTask();
        Assert.False(sending.IsCompleted);
        peer.Dispose();
        Assert.True((await sending).IsCompleted);
        await ours.DisposeAsync();
    }

    [Fact]
    public async Task Who_waits_goes_on_where_it_is_polled_or_on_the_pool_as_it_wants()
    {
        var (ours, peer) = await _wire.AcceptAsync();
        async Task<bool> OnPoolAsync()
        {
            var read = await ours.Input.ReadAsync(Cancelled).ConfigureAwait(false);
            ours.Input.AdvanceTo(read.Buffer.End);
            return Thread.CurrentThread.IsThreadPoolThread;
        }

        var here = OnPoolAsync();
        peer.Send("a"u8);
        Assert.False(await here);
        await ours.LeaveAsync();
        var there = OnPoolAsync();
        peer.Send("b"u8);
        Assert.True(await there);
        peer.Dispose();
        await ours.DisposeAsync();
    }

    /// <summary>Pieces of all sizes in both directions at once, over more connections than there are threads.</summary>
    [Fact]
    public async Task Nothing_is_lost_or_mixed_up()
    {
        const int connections = 24;
        var all = Enumerable.Range(0, connections).Select(async seed =>
        {
            var (client, server) = await _wire.ConnectAsync(Cancelled);
            var echo = EchoAsync(server);
            await AskAsync(client, seed);
            await client.DisposeAsync();
            await echo;
            await server.DisposeAsync();
        });
        await Task.WhenAll(all);
    }

    [Fact]
    public async Task A_client_hears_what_became_of_its_connection()
    {
        var (client, server) = await _wire.ConnectAsync(Cancelled);
        var read = client.ReadAsync(Memory<byte>.Empty, Cancelled).AsTask();
        await server.Output.WriteAsync("x"u8.ToArray(), Cancelled);
        Assert.Equal(0, await read);
        Assert.Equal(1, await client.ReadAsync(new byte[8], Cancelled));

        var waiting = client.ReadAsync(new byte[8], Cancelled).AsTask();
        await client.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(() => waiting);
        await ClosedAsync(server);
        await server.DisposeAsync();

        Wire gone = new();
        var address = gone.Address;
        await gone.DisposeAsync();
        await Assert.ThrowsAsync<SocketException>(
            async () => await PolledClient.ConnectAsync(_wire.Poller, address, Cancelled));
    }

    public ValueTask DisposeAsync() => _wire.DisposeAsync();

    private static async Task ClosedAsync(PolledConnection connection)
    {
        TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registered = connection.ConnectionClosed.Register(closed.SetResult);
        await closed.Task.WaitAsync(Cancelled);
    }

    private static async Task EchoAsync(PolledConnection server)
    {
        while (true)
        {
            var read = await server.Input.ReadAsync(Cancelled);
            foreach (var part in read.Buffer)
            {
                await server.Output.WriteAsync(part, Cancelled);
            }

            server.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private static async Task AskAsync(Stream client, int seed)
    {
        Random random = new(seed);
        for (var round = 0; round < 40; round++)
        {
            var said = new byte[random.Next(1, round % 8 == 0 ? 300_000 : 2_000)];
            random.NextBytes(said);
            var asking = client.WriteAsync(said, Cancelled);
            var heard = new byte[said.Length];
            await client.ReadExactlyAsync(heard, Cancelled);
            await asking;
            Assert.True(said.AsSpan().SequenceEqual(heard));
        }
    }

    private static string Text(ReadResult read) => Encoding.ASCII.GetString(read.Buffer.ToArray());
}
