using System.Net.Sockets;

namespace Analemma.Integration.Tests.Storage.Executions;

/// <summary>
/// Stands between a client and a server, and can lose a connection at the worst moment: when the server has done what
/// it was asked, and has said so, and nobody has heard it.
/// </summary>
internal sealed class CutProxy : IDisposable
{
    private readonly string _server;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private int _swallows;
    private int _cuts;

    public CutProxy(string server)
    {
        _server = server;
        Folder = Directory.CreateTempSubdirectory("analemma-proxy-").FullName;
        _listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(Folder, ".s.PGSQL.5432")));
        _listener.Listen();
        _ = AcceptAsync();
    }

    public string Folder { get; }

    public int Cuts => Volatile.Read(ref _cuts);

    /// <summary>The next answer of the server is not passed on, and its connection ends.</summary>
    public void SwallowAnswersOnce() => Volatile.Write(ref _swallows, 1);

    public void Dispose()
    {
        _listener.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync();
                Socket server = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await server.ConnectAsync(new UnixDomainSocketEndPoint(_server));
                _ = PassAsync(client, server, isAnswer: false);
                _ = PassAsync(server, client, isAnswer: true);
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task PassAsync(Socket from, Socket to, bool isAnswer)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                // 'Z', ReadyForQuery, ends an answer: the transaction is over.
                if (isAnswer && count >= 6 && buffer[count - 6] == (byte)'Z'
                    && Interlocked.Exchange(ref _swallows, 0) == 1)
                {
                    Interlocked.Increment(ref _cuts);
                    break;
                }

                await to.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
            // The other side ended.
        }

        from.Dispose();
        to.Dispose();
    }
}
