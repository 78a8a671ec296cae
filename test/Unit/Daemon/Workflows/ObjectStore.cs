using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>As much of S3 as tests need, on a port of the loopback address that nobody else can have.</summary>
internal sealed class ObjectStore : IDisposable
{
    private readonly ConcurrentDictionary<string, byte[]> _objects = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly CancellationTokenSource _closed = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _serving;

    public ObjectStore()
    {
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>Request lines and headers, as they came.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>What is answered instead: status line and headers, and a body.</summary>
    public Func<string, (string Head, string Body)?> Answers { get; set; } = _ => null;

    /// <summary>An object, by bucket and key.</summary>
    public byte[] this[string path]
    {
        get => _objects[path];
        set => _objects[path] = value;
    }

    public void Dispose()
    {
        _closed.Cancel();
        _listener.Dispose();
        Task.WhenAll([_serving, .. _connections]).Wait(TimeSpan.FromSeconds(10));
        _closed.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                _connections.Add(ServeAsync(await _listener.AcceptSocketAsync(_closed.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            // It is closed.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using NetworkStream stream = new(socket, ownsSocket: true);
        try
        {
            while (await ReadHeadAsync(stream) is { } head)
            {
                Requests.Enqueue(head);
                var body = new byte[LengthIn(head)];
                await stream.ReadExactlyAsync(body, _closed.Token);
                await stream.WriteAsync(Answer(head, body), _closed.Token);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException)
        {
            // Nobody asks any more.
        }
    }

    private async Task<string?> ReadHeadAsync(NetworkStream stream)
    {
        List<byte> head = [];
        var one = new byte[1];
        while (!head.TakeLast(4).SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            if (await stream.ReadAsync(one, _closed.Token) == 0)
            {
                return null;
            }

            head.Add(one[0]);
        }

        return Encoding.ASCII.GetString([.. head]);
    }

    private static int LengthIn(string head)
    {
        const string Name = "Content-Length:";
        var line = Array.Find(
            head.Split("\r\n"), line => line.StartsWith(Name, StringComparison.OrdinalIgnoreCase));
        return line is null ? 0 : int.Parse(line.AsSpan(Name.Length), CultureInfo.InvariantCulture);
    }

    private byte[] Answer(string head, byte[] body)
    {
        if (Answers(head) is { } given)
        {
            return Written(given.Head, Encoding.UTF8.GetBytes(given.Body), withBody: !IsHead());
        }

        var path = Uri.UnescapeDataString(head.Split(' ')[1].Split('?')[0]);
        if (head.StartsWith("PUT ", StringComparison.Ordinal))
        {
            _objects[path] = body;
            return Written("200 OK\r\nETag: \"e\"", [], withBody: true);
        }

        return _objects.TryGetValue(path, out var found)
            ? Written("200 OK", found, withBody: !IsHead())
            : Written(
                "404 Not Found",
                """<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"""u8
                    .ToArray(),
                withBody: !IsHead());

        bool IsHead() => head.StartsWith("HEAD ", StringComparison.Ordinal);
    }

    private static byte[] Written(string head, byte[] body, bool withBody) =>
    [
        .. Encoding.ASCII.GetBytes($"HTTP/1.1 {head}\r\nContent-Length: {body.Length}\r\n\r\n"),
        .. withBody ? body : [],
    ];
}
