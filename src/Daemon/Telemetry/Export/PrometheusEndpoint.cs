using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Telemetry.Export;

// THE PROMETHEUS ENDPOINT
//
// GET /metrics over HTTP/1.1 (RFC 9112), one answer a connection. A program that the owner set up asks a few times a
// minute, so it is small: no web server is loaded for it. Bounds: so many connections, so many bytes of request, so
// long for all of it. On loopback it answers to names of loopback only, so that no web page can read it under another.
internal sealed class PrometheusEndpoint : IAsyncDisposable
{
    private const int ConnectionsMax = 8;
    private const int RequestBytesMax = 8 * 1024;

    private static readonly TimeSpan ExchangeMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AcceptAgain = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket;
    private readonly bool _isLoopback;
    private readonly Func<Task<MetricsReply>> _collect;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _room = new(ConnectionsMax);
    private readonly Task _serving;

    /// <exception cref="SocketException">The address cannot be had.</exception>
    public PrometheusEndpoint(IPEndPoint address, Func<Task<MetricsReply>> collect, TimeProvider time)
    {
        (_collect, _time, _isLoopback) = (collect, time, IPAddress.IsLoopback(address.Address));
        _socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _socket.Bind(address);
            _socket.Listen(ConnectionsMax);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }

        Address = (IPEndPoint)_socket.LocalEndPoint!;
        _serving = ServeAsync();
    }

    /// <summary>With the port that was given when 0 was asked for.</summary>
    public IPEndPoint Address { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket.Dispose();
        await _serving;
        _stop.Dispose();
        _room.Dispose();
    }

    private async Task ServeAsync()
    {
        List<Task> exchanges = [];
        try
        {
            while (true)
            {
                await _room.WaitAsync(_stop.Token);
                exchanges.RemoveAll(exchange => exchange.IsCompleted);
                exchanges.Add(ExchangeAsync(await AcceptAsync()));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException)
        {
            await Task.WhenAll(exchanges).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<Socket> AcceptAsync()
    {
        while (true)
        {
            try
            {
                return await _socket.AcceptAsync(_stop.Token);
            }
            catch (SocketException) when (!_stop.IsCancellationRequested)
            {
                // Whoever came has gone, or there is no descriptor for it: accept(2). The next may find one.
                await Task.Delay(AcceptAgain, _time, _stop.Token);
            }
            catch (SocketException)
            {
                throw new OperationCanceledException(_stop.Token);
            }
        }
    }

    private async Task ExchangeAsync(Socket client)
    {
        using var due = new CancellationTokenSource(ExchangeMax, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, _stop.Token);
        try
        {
            var answer = await AnswerAsync(await ReadAsync(client, either.Token));
            for (var sent = 0; sent < answer.Length;)
            {
                sent += await client.SendAsync(answer.AsMemory(sent), SocketFlags.None, either.Token);
            }

            client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception left) when (left is SocketException or OperationCanceledException)
        {
            // Whoever asked has gone, or was too slow: the next one is served.
        }
        finally
        {
            client.Dispose();
            _room.Release();
        }
    }

    private static async Task<string> ReadAsync(Socket client, CancellationToken cancellationToken)
    {
        var buffer = new byte[RequestBytesMax];
        var length = 0;
        while (length < buffer.Length && buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
        {
            var more = await client.ReceiveAsync(buffer.AsMemory(length), SocketFlags.None, cancellationToken);
            if (more == 0)
            {
                break;
            }

            length += more;
        }

        return Encoding.Latin1.GetString(buffer, 0, length);
    }

    private async Task<byte[]> AnswerAsync(string request)
    {
        var end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var lines = request.Split("\r\n");
        if (end < 0 || lines[0].Split(' ') is not [var method, var target, "HTTP/1.1" or "HTTP/1.0"])
        {
            return Refusal("400 Bad Request", "ask GET /metrics");
        }

        if (_isLoopback && !IsLoopbackName(Header(lines, "host")))
        {
            return Refusal("403 Forbidden", "ask by the name of loopback");
        }

        if (method is not ("GET" or "HEAD"))
        {
            return Refusal("405 Method Not Allowed", "ask GET /metrics", "Allow: GET, HEAD\r\n");
        }

        if (target.Split('?')[0] != "/metrics")
        {
            return Refusal("404 Not Found", "ask GET /metrics");
        }

        var openMetrics = Header(lines, "accept").Contains("application/openmetrics-text", StringComparison.Ordinal);
        var text = PrometheusText.Write((await _collect()).Families, openMetrics);
        return Answer(
            "200 OK",
            openMetrics ? PrometheusText.OpenMetricsType : PrometheusText.PlainType,
            text,
            "",
            withBody: method == "GET");
    }

    private static string Header(string[] lines, string name) => lines.Skip(1)
        .Where(line => line.StartsWith($"{name}:", StringComparison.OrdinalIgnoreCase))
        .Select(line => line[(name.Length + 1)..].Trim())
        .FirstOrDefault("");

    private static bool IsLoopbackName(string host)
    {
        var name = host.StartsWith('[') ? host[1..].Split(']')[0] : host.Split(':')[0];
        return name is "localhost" or ""
            || (IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address));
    }

    private static byte[] Refusal(string status, string what, string headers = "") =>
        Answer(status, "text/plain; charset=utf-8", $"{what}\n", headers, withBody: true);

    private static byte[] Answer(string status, string type, string text, string headers, bool withBody)
    {
        var body = Encoding.UTF8.GetBytes(text);
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n{headers}")
            + "Connection: close\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. withBody ? body : []];
    }
}
