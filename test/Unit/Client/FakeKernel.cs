using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Frames;

namespace Analemma.Unit.Tests.Client;

/// <summary>A request as the fake kernel got it, with the means to answer it.</summary>
internal sealed record FakeRequest(Socket Socket, NativeFrame Header, byte[] Payload)
{
    public SyscallNumber Number => (SyscallNumber)Header.Opcode;

    public string Text => Encoding.UTF8.GetString(Payload);

    public void Reply(string json) => Send(FrameFlags.None, SysErrorCode.Ok, Encoding.UTF8.GetBytes(json));

    public void Piece(byte[] bytes) => Send(FrameFlags.More | FrameFlags.Raw, SysErrorCode.Ok, bytes);

    public void Piece(string json) => Send(FrameFlags.More, SysErrorCode.Ok, Encoding.UTF8.GetBytes(json));

    public void Fail(SysErrorCode code, string message, string hint = "") => Send(
        FrameFlags.None,
        code,
        AbiJson.Write(
            new ErrorBody(SysErrorCodes.NameOf(code), message) { Hint = hint }, AbiJsonContext.Default.ErrorBody));

    public void Send(FrameFlags flags, SysErrorCode status, byte[] payload)
    {
        var frame = new byte[NativeFrame.HeaderSize + payload.Length];
        new NativeFrame(FrameKind.Response, flags, Header.Opcode, Header.RequestId, status, payload.Length)
            .WriteTo(frame);
        payload.CopyTo(frame, NativeFrame.HeaderSize);
        Socket.Send(frame);
    }
}

/// <summary>
/// A kernel of a few lines: HELLO and NOOP answer themselves, everything else goes to the test. Requests of several
/// frames arrive as one; cancels are handed over as they come.
/// </summary>
internal sealed class FakeKernel : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-test").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Action<FakeRequest> _onRequest;
    private readonly ConcurrentBag<Socket> _sockets = [];
    private readonly Task _accepting;

    public FakeKernel(Action<FakeRequest> onRequest)
    {
        _onRequest = onRequest;
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public string SocketPath => Path.Combine(_folder, "kernel.sock");

    public int Connections => _sockets.Count;

    public void DropConnections()
    {
        foreach (var socket in _sockets)
        {
            socket.Shutdown(SocketShutdown.Both);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }

        await _accepting;
        Directory.Delete(_folder, recursive: true);
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                _sockets.Add(socket);
                connections.Add(ServeAsync(socket));
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        var decoder = new FrameDecoder();
        var buffer = new byte[4 * 1024 * 1024];
        var filled = 0;
        Dictionary<ulong, byte[]> bodies = [];
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(filled)) is > 0 and var received)
            {
                filled += received;
                filled = TakeFrames(socket, decoder, buffer, filled, bodies);
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
        }
    }

    private int TakeFrames(
        Socket socket, FrameDecoder decoder, byte[] buffer, int filled, Dictionary<ulong, byte[]> bodies)
    {
        var start = 0;
        while (decoder.TryRead(buffer.AsSpan(start, filled - start), out var frame, out _, out _))
        {
            var header = frame.Native;
            byte[] body = [.. bodies.GetValueOrDefault(header.RequestId, []), .. frame.Payload];
            bodies[header.RequestId] = body;
            start += frame.Size;
            if (!header.Flags.HasFlag(FrameFlags.More))
            {
                bodies.Remove(header.RequestId);
                Answer(new FakeRequest(socket, header, body));
            }
        }

        buffer.AsSpan(start, filled - start).CopyTo(buffer);
        return filled - start;
    }

    private void Answer(FakeRequest request)
    {
        if (request.Header.Kind == FrameKind.Cancel)
        {
            _onRequest(request);
        }
        else if (request.Number == SyscallNumber.Hello)
        {
            request.Reply("""{"version":2,"kernel":"fake","process":0}""");
        }
        else if (request.Number == SyscallNumber.Noop)
        {
            request.Send(request.Header.Flags & FrameFlags.Raw, SysErrorCode.Ok, request.Payload);
        }
        else
        {
            _onRequest(request);
        }
    }
}
