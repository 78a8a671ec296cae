using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Analemma.Bench.Models;

/// <summary>
/// Asks an OpenAI-shaped endpoint over and over on blocking sockets, one thread a client, and measures: whole calls, or
/// until the first piece of a streamed one. Prints median and 99th percentile in microseconds, and calls a second.
/// </summary>
internal sealed class AskClient : IDisposable
{
    // Code is compiled in tiers, so the first calls tell of the compiler.
    private const int WarmUp = 1_000;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        NoDelay = true,
    };

    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly byte[] _request;
    private readonly bool _streams;

    private AskClient(int port, string headers, bool streams)
    {
        _streams = streams;
        var body = "{\"model\":\"bench\",\"messages\":[{\"role\":\"user\",\"content\":\"Why is the sky blue?\"}],"
            + "\"max_tokens\":64,\"stream\":"
            + (streams ? "true,\"stream_options\":{\"include_usage\":true}}" : "false}");
        _request = Encoding.UTF8.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{headers}"
            + $"Content-Length: {body.Length.ToString(CultureInfo.InvariantCulture)}\r\n\r\n{body}");
        _socket.Connect(IPAddress.Loopback, port);
    }

    /// <param name="port">On 127.0.0.1.</param>
    /// <param name="headers">Further headers, parted by <c>|</c>.</param>
    /// <param name="streams">Whether it asks for streams.</param>
    /// <param name="rounds">Calls of each client.</param>
    /// <param name="clients">At once.</param>
    public static int Run(int port, string headers, bool streams, int rounds, int clients)
    {
        var lines = string.Concat(
            headers.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(line => $"{line}\r\n"));
        var samples = new double[clients][];
        using Barrier begin = new(clients + 1);
        var threads = Enumerable.Range(0, clients).Select(index => new Thread(() =>
        {
            using AskClient client = new(port, lines, streams);
            client.Ask(Math.Min(WarmUp, rounds / 2));
            begin.SignalAndWait();
            samples[index] = client.Ask(rounds);
        })).ToList();
        threads.ForEach(thread => thread.Start());
        begin.SignalAndWait();
        var begun = Stopwatch.GetTimestamp();
        threads.ForEach(thread => thread.Join());
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        Latency took = Latency.Of([.. samples.SelectMany(one => one)]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{took} {rounds * clients / seconds:F1}"));
        return 0;
    }

    public void Dispose() => _socket.Dispose();

    private double[] Ask(int rounds)
    {
        var took = new double[rounds];
        for (var i = 0; i < rounds; i++)
        {
            took[i] = AskOnce();
        }

        return took;
    }

    // Microseconds: to the end of the answer, or to its first piece.
    private double AskOnce()
    {
        var begun = Stopwatch.GetTimestamp();
        _socket.Send(_request);
        var (length, first) = (0, 0.0);
        while (true)
        {
            var read = _socket.Receive(_buffer, length, _buffer.Length - length, SocketFlags.None);
            if (read == 0)
            {
                throw new BenchException($"the endpoint hung up: {Encoding.UTF8.GetString(_buffer, 0, length)}");
            }

            length += read;
            var answer = _buffer.AsSpan(0, length);
            if (_streams && first == 0 && answer.IndexOf("piece0"u8) >= 0)
            {
                first = Stopwatch.GetElapsedTime(begun).TotalMicroseconds;
            }

            if (IsWhole(answer))
            {
                return _streams ? first : Stopwatch.GetElapsedTime(begun).TotalMicroseconds;
            }
        }
    }

    private bool IsWhole(ReadOnlySpan<byte> answer)
    {
        var head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0)
        {
            return false;
        }

        if (!answer.StartsWith("HTTP/1.1 200"u8))
        {
            throw new BenchException($"the endpoint refused: {Encoding.UTF8.GetString(answer)}");
        }

        var text = Encoding.ASCII.GetString(answer[..head]);
        var at = text.IndexOf("content-length: ", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return answer.EndsWith("0\r\n\r\n"u8) && (!_streams || answer.IndexOf("[DONE]"u8) >= 0);
        }

        var end = text.IndexOf('\r', at);
        var size = int.Parse(
            text.AsSpan(at + 16, (end < 0 ? text.Length : end) - at - 16), CultureInfo.InvariantCulture);
        return answer.Length >= head + 4 + size;
    }
}
