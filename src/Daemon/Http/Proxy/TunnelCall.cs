using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Runners.Network;
using Analemma.Daemon.Sockets;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Network;
using Microsoft.AspNetCore.Connections;

namespace Analemma.Daemon.Http.Proxy;

/// <summary>A tunnel of an agent: bytes both ways, counted, until one side has done or nothing moves.</summary>
internal sealed class TunnelCall(long id, Peer peer, Relay relay, IDuplexPipe agent, TimeProvider time)
    : RelayCall(id, peer, relay), IRelayedCall
{
    private static readonly byte[] Established = "HTTP/1.1 200 Connection Established\r\n\r\n"u8.ToArray();

    /// <summary>The agent was told that it stands; what goes wrong from now on ends it without a word.</summary>
    public bool IsOpened { get; private set; }

    public IHttpCarrier CarrierFor(long requestBytesMax) =>
        throw new Kernel.KernelPanicException("a tunnel is no request");

    public async Task<NetworkDenial?> TunnelAsync(
        SendHttp send, TargetConnection targets, CancellationToken cancellationToken)
    {
        try
        {
            using var host = await targets.OpenAsync(send, cancellationToken);
            IsOpened = true;
            await agent.Output.WriteAsync(Established, cancellationToken);
            var denial = await JoinAsync(send, host, cancellationToken);
            Reply(new HttpReply(200, []));
            return denial;
        }
        catch (AddressDeniedException denied)
        {
            Fail(SysError.PermissionDenied(denied.Message, "missing capability: network"));
            return new NetworkDenial(What(send), denied.Message);
        }
        catch (SocketException failed)
        {
            Fail(new SysError(
                SysErrorCode.HttpFailed, $"{send.Target.Host.InUrl}:{send.Target.Port}: {HttpFailures.Of(failed)}"));
        }
        catch (OperationCanceledException)
        {
            Fail(new SysError(SysErrorCode.Cancelled, "the agent has hung up, or the kernel is stopping"));
        }
        catch (Exception gone) when (gone is IOException or ConnectionAbortedException or InvalidOperationException)
        {
            Fail(new SysError(SysErrorCode.Cancelled, "the agent has hung up"));
        }
        catch (Exception fault)
        {
            // The effect-runner boundary: nothing that a name or a host does to the base library may end the kernel.
            Fail(new SysError(SysErrorCode.HttpFailed, $"the tunnel failed with {fault.GetType().Name}"));
        }

        Reply(new HttpReply(200, []));
        return null;
    }

    private static string What(SendHttp send) => $"CONNECT {send.Target.Host.InUrl}:{send.Target.Port}";

    private async Task<NetworkDenial?> JoinAsync(SendHttp send, Socket host, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var idle = time.CreateTimer(
            _ => over.Cancel(), null, DaemonLimits.TunnelIdleMax, Timeout.InfiniteTimeSpan);
        void Moved() => idle.Change(DaemonLimits.TunnelIdleMax, Timeout.InfiniteTimeSpan);

        var up = GuardAsync(UpAsync(host, send.Rule.RequestBytes, Moved, over.Token));
        var down = GuardAsync(DownAsync(host, send.Rule.ResponseBytes, Moved, over.Token));
        // When the host has said all, or a limit is reached, there is nothing to wait for; an agent that has said all
        // may still listen.
        var first = await Task.WhenAny(up, down);
        if (first == up && await up is null)
        {
            await down;
        }

        await over.CancelAsync();
        var problem = await up ?? await down;
        return problem is null ? null : new NetworkDenial(What(send), $"rule {send.RuleNumber}: {problem}");
    }

    /// <summary>To the host; what it came to, if that is a limit.</summary>
    private async Task<string?> UpAsync(Socket host, long most, Action moved, CancellationToken cancellationToken)
    {
        var total = 0L;
        while (true)
        {
            var read = await agent.Input.ReadAsync(cancellationToken);
            foreach (var piece in read.Buffer)
            {
                total += piece.Length;
                if (total > most)
                {
                    agent.Input.AdvanceTo(read.Buffer.End);
                    return $"the tunnel was closed: the agent sent more than the {most} bytes of request_bytes";
                }

                for (var rest = piece; rest.Length > 0;)
                {
                    rest = rest[await host.SendAsync(rest, cancellationToken)..];
                }

                moved();
            }

            agent.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                host.Shutdown(SocketShutdown.Send);
                return null;
            }
        }
    }

    private async Task<string?> DownAsync(Socket host, long most, Action moved, CancellationToken cancellationToken)
    {
        var total = 0L;
        var buffer = ArrayPool<byte>.Shared.Rent(DaemonLimits.PieceBytes);
        try
        {
            int count;
            while ((count = await host.ReceiveAsync(buffer, cancellationToken)) > 0)
            {
                total += count;
                if (total > most)
                {
                    return $"the tunnel was closed: the host sent more than the {most} bytes of response_bytes";
                }

                var written = await agent.Output.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                if (written.IsCompleted)
                {
                    return null;
                }

                moved();
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A side that breaks has done.</summary>
    private static async Task<string?> GuardAsync(Task<string?> direction)
    {
        try
        {
            return await direction;
        }
        catch (Exception gone) when (gone is IOException or SocketException or OperationCanceledException
            or ConnectionAbortedException or InvalidOperationException)
        {
            return null;
        }
    }
}
