using System.Text;
using Analemma.Abi;
using Analemma.Daemon.Sockets;
using Analemma.Kernel.Network;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http.Proxy;

/// <summary>
/// CONNECT (RFC 9110 section 9.3.6): a tunnel to a host and port, if a rule asks for nothing that could not be seen in
/// it. Read before HTTP is, because what follows is no HTTP.
/// </summary>
internal sealed class TunnelService(RelayCalls calls, TimeProvider time) : IConnectionService
{
    private const int HeadBytesMax = 16 * 1024;

    private static ReadOnlySpan<byte> Method => "CONNECT "u8;

    public int StartBytesMax => Method.Length;

    public bool? Takes(ReadOnlySpan<byte> start) => start.Length >= Method.Length
        ? start.StartsWith(Method)
        : Method.StartsWith(start) ? null : false;

    public async Task ServeAsync(ConnectionContext connection)
    {
        var (target, problem) = await HeadAsync(connection);
        if (target is null)
        {
            await RefuseAsync(connection, problem!);
            return;
        }

        if (connection.Features.Get<HttpOrigin>() is not AgentEndpoint origin)
        {
            await RefuseAsync(connection, SysError.PermissionDenied(
                "the proxy is for agents in their sandboxes", "a program on the host has the host's network"));
            return;
        }

        if (origin.CallerOf(new DefaultHttpContext().Request, out var nobody) is not { } caller)
        {
            await RefuseAsync(connection, nobody!);
            return;
        }

        Relay relay = new() { Target = target, Method = "CONNECT", IsTunnel = true };
        TunnelCall call = new(
            calls.NextId(), new Peer(caller.Identity.Process, 0, 0), relay, connection.Transport, time);
        if (await calls.RunAsync(call, connection.ConnectionClosed) is { } refused && !call.IsOpened)
        {
            await RefuseAsync(connection, refused);
        }

        await call.Left;
    }

    /// <summary>The target of a well-formed request, which nothing follows yet.</summary>
    private async Task<(string? Target, SysError? Problem)> HeadAsync(ConnectionContext connection)
    {
        using CancellationTokenSource patience = new(HttpLimits.HeadersTimeout, time);
        while (true)
        {
            System.IO.Pipelines.ReadResult read;
            try
            {
                read = await connection.Transport.Input.ReadAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                return (null, new SysError(SysErrorCode.TimedOut, "the request's head did not come in time"));
            }

            var text = Encoding.Latin1.GetString(read.Buffer.Slice(0, Math.Min(HeadBytesMax, read.Buffer.Length)));
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                // What comes after the head is the first of the tunnel.
                connection.Transport.Input.AdvanceTo(read.Buffer.GetPosition(end + 4));
                return Parse(text[..end]);
            }

            connection.Transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted || text.Length >= HeadBytesMax)
            {
                return (null, SysError.InvalidArgument($"a head has at most {HeadBytesMax} bytes, and ends"));
            }
        }
    }

    private static (string? Target, SysError? Problem) Parse(string head)
    {
        var lines = head.Split("\r\n");
        if (lines[0].Split(' ') is not ["CONNECT", { Length: > 0 } target, "HTTP/1.1" or "HTTP/1.0"])
        {
            return (null, SysError.InvalidArgument("the first line is not CONNECT HOST:PORT HTTP/1.1"));
        }

        foreach (var line in lines[1..])
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || !HeaderRules.IsToken(line[..colon])
                || line.Any(character => character is '\r' or '\n' or '\0'))
            {
                return (null, SysError.InvalidArgument("a header line is malformed"));
            }

            // RFC 9110 section 9.3.6: a CONNECT has no content.
            if (line[..colon].Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)
                || (line[..colon].Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
                    && line[(colon + 1)..].Trim() != "0"))
            {
                return (null, SysError.InvalidArgument("a CONNECT has no body"));
            }
        }

        return (target, null);
    }

    private static async Task RefuseAsync(ConnectionContext connection, SysError error)
    {
        var body = SyscallJson.Write(error);
        var status = HttpStatus.Of(error.Code);
        var head = $"HTTP/1.1 {status} Refused\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n"
            + "Connection: close\r\n\r\n";
        byte[] whole = [.. Encoding.ASCII.GetBytes(head), .. body];
        try
        {
            await connection.Transport.Output.WriteAsync(whole);
            await connection.Transport.Output.CompleteAsync();
        }
        catch (Exception gone) when (gone is IOException or ConnectionAbortedException or InvalidOperationException)
        {
            // The agent did not wait for it.
        }
    }
}
