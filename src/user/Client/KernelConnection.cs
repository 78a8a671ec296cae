using System.Buffers;
using System.Net.Sockets;
using Analemma.Abi;
using Analemma.Abi.Frames;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Client;

// WHO READS
//
// The kernel never speaks first, so a connection with nothing in flight needs no reader. Exactly one thread may read at
// a time: it holds the reading role, takes every frame that comes and hands each to the call it belongs to.
//
//   - A blocking call that finds the role free takes it, and sends and receives on its own thread: no hop between
//     threads, which on Linux costs more than the kernel's answer.
//   - An asynchronous call that finds the role free gives it to the connection's reader thread.
//   - Whoever holds the role and finds its work done passes it to the reader thread if calls are in flight, else
//     frees it.
//
// The socket stays in blocking mode for its whole life; .NET would make it non-blocking for ever at the first
// asynchronous operation, and with it slow for blocking calls.

/// <summary>One socket in native framing, with many requests in flight.</summary>
internal sealed partial class KernelConnection : IDisposable
{
    public const int AnswerBytesMax = 64 * 1024 * 1024;

    private const int BufferBytes = 64 * 1024;

    private static readonly TimeSpan ReaderLinger = TimeSpan.FromSeconds(5);

    private readonly Socket _socket;
    private readonly FrameDecoder _decoder = new();
    private readonly Lock _sending = new();

    // Guards the fields below, up to the buffer.
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, PendingCall> _pending = [];
    private readonly SemaphoreSlim _readerWanted = new(0);
    private ulong _lastId;
    private bool _roleTaken;
    private bool _readerAlive;
    private Exception? _lost;

    // Belongs to whoever holds the reading role.
    private readonly NativeMemory.Receiver _receiver = new();
    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);
    private int _start;
    private int _end;

    private KernelConnection(Socket socket, string path) => (_socket, Path) = (socket, path);

    public string Path { get; }

    public static KernelConnection Open(string path)
    {
        if (path.Length == 0)
        {
            throw new KernelConnectionException(path, "the socket path is empty");
        }

        if (System.Text.Encoding.UTF8.GetByteCount(path) > AbiLimits.SocketPathBytesMax)
        {
            throw new KernelConnectionException(
                path, $"the socket path is longer than {AbiLimits.SocketPathBytesMax} bytes: {path}");
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new KernelConnection(socket, path);
        }
        catch (SocketException refused)
        {
            socket.Dispose();
            throw new KernelConnectionException(path, $"no kernel answers at {path}: {Reason(path, refused)}", refused);
        }
    }

    /// <summary>Sends a request whose answer the reader thread will hand to <paramref name="call"/>.</summary>
    public ulong Start(
        SyscallNumber number, FrameFlags flags, ReadOnlySpan<byte> payload, PendingCall call,
        SafeFileHandle? descriptor = null)
    {
        ulong id;
        lock (_gate)
        {
            ThrowIfLostLocked();
            id = ++_lastId;
            _pending.Add(id, call);
            if (!_roleTaken)
            {
                _roleTaken = true;
                WakeReaderLocked();
            }
        }

        Send(number, id, flags, payload, descriptor);
        return id;
    }

    /// <summary>Takes a request back. Does nothing when it has ended.</summary>
    public void Cancel(ulong id)
    {
        lock (_gate)
        {
            if (_lost is not null || !_pending.ContainsKey(id))
            {
                return;
            }
        }

        Span<byte> header = stackalloc byte[NativeFrame.HeaderSize];
        new NativeFrame(FrameKind.Cancel, FrameFlags.None, 0, id, SysErrorCode.Ok, 0).WriteTo(header);
        try
        {
            lock (_sending)
            {
                SendAll(header);
            }
        }
        catch (KernelConnectionException gone)
        {
            // The call learns it from the reader; whoever cancels has nothing to do about it.
            Lose(gone);
        }
    }

    /// <summary>
    /// NOOP on the calling thread when nothing else is in flight. False when it would have to share the connection.
    /// </summary>
    public bool TryEcho(ReadOnlySpan<byte> payload, Span<byte> reply, out int length)
    {
        ulong id;
        lock (_gate)
        {
            ThrowIfLostLocked();
            length = 0;
            if (_roleTaken || payload.Length > AbiLimits.PayloadBytesMax)
            {
                return false;
            }

            _roleTaken = true;
            id = ++_lastId;
        }

        try
        {
            Send(SyscallNumber.Noop, id, FrameFlags.Raw, payload);
            length = ReceiveEcho(id, reply);
            return true;
        }
        catch (KernelConnectionException gone)
        {
            Lose(gone);
            throw;
        }
        finally
        {
            PassRoleOn();
        }
    }

    public void Dispose()
    {
        Lose(new KernelConnectionException(Path, "the client closed the connection"));
        _socket.Dispose();
    }

    /// <summary>.NET words a missing socket file as an address that cannot be assigned.</summary>
    private static string Reason(string path, SocketException refused) => refused.SocketErrorCode switch
    {
        _ when !File.Exists(path) => "there is no socket",
        SocketError.ConnectionRefused => "nobody listens there any more",
        SocketError.AccessDenied => "it belongs to another user",
        _ => refused.Message,
    };

    private int ReceiveEcho(ulong id, Span<byte> reply)
    {
        while (true)
        {
            while (TryTakeFrame(out var frame))
            {
                if (frame.Native.RequestId != id)
                {
                    Dispatch(frame);
                    continue;
                }

                if (frame.Native.Status != SysErrorCode.Ok)
                {
                    throw PendingCall.Refusal(frame.Native.Status, frame.Payload);
                }

                if (frame.Payload.Length > reply.Length)
                {
                    throw new KernelConnectionException(Path, "the kernel echoed more than was sent");
                }

                frame.Payload.CopyTo(reply);
                return frame.Payload.Length;
            }

            Receive();
        }
    }

    private void PassRoleOn()
    {
        lock (_gate)
        {
            if (_pending.Count == 0)
            {
                _roleTaken = false;
            }
            else
            {
                WakeReaderLocked();
            }
        }
    }

    private void WakeReaderLocked()
    {
        _readerWanted.Release();
        if (!_readerAlive)
        {
            _readerAlive = true;
            new Thread(ReadWhileWanted) { IsBackground = true, Name = "analemma-client" }.Start();
        }
    }

    private void ReadWhileWanted()
    {
        while (true)
        {
            if (!_readerWanted.Wait(ReaderLinger))
            {
                lock (_gate)
                {
                    if (_readerWanted.CurrentCount == 0)
                    {
                        _readerAlive = false;
                        return;
                    }
                }

                continue;
            }

            try
            {
                ReadUntilNothingIsInFlight();
            }
            catch (KernelConnectionException gone)
            {
                Lose(gone);
                return;
            }
        }
    }

    private void ReadUntilNothingIsInFlight()
    {
        while (true)
        {
            while (TryTakeFrame(out var frame))
            {
                Dispatch(frame);
            }

            lock (_gate)
            {
                if (_pending.Count == 0)
                {
                    _roleTaken = false;
                    return;
                }
            }

            Receive();
        }
    }

    private void Dispatch(in DecodedFrame frame)
    {
        var header = frame.Native;
        var more = header.Flags.HasFlag(FrameFlags.More);
        PendingCall? call;
        lock (_gate)
        {
            if (!_pending.TryGetValue(header.RequestId, out call))
            {
                call = null;
            }
            else if (!more)
            {
                _pending.Remove(header.RequestId);
            }
        }

        if ((header.Flags & FrameFlags.Handle) != 0)
        {
            (call ?? new BytesCall()).TakeDescriptors(_receiver.Take());
        }

        if (call is null)
        {
            if (!TryTakeRefusedPost(frame))
            {
                RefuseStray(frame);
            }
        }
        else if (more)
        {
            call.Take(header.Flags, frame.Payload);
        }
        else
        {
            call.End(header.Flags, header.Status, frame.Payload);
        }
    }

    /// <summary>A frame of no request of ours: the kernel says why it is about to close the connection.</summary>
    private void RefuseStray(in DecodedFrame frame)
    {
        var why = AbiJson.TryRead(frame.Payload, AbiJsonContext.Default.ErrorBody, out var body, out _)
            ? $"{body.Code}: {body.Message}"
            : $"an answer to request {frame.Native.RequestId}, which was never made";
        throw new KernelConnectionException(Path, $"the kernel broke off: {why}");
    }

    private bool TryTakeFrame(out DecodedFrame frame)
    {
        if (_decoder.TryRead(_buffer.AsSpan(_start, _end - _start), out frame, out var error, out var needed))
        {
            if (frame.Native.Kind != FrameKind.Response)
            {
                throw new KernelConnectionException(Path, $"the kernel sent a frame of kind {frame.Native.Kind}");
            }

            _start += frame.Size;
            return true;
        }

        if (error != FrameError.None || _decoder.Framing == Framing.AgentOs)
        {
            throw new KernelConnectionException(
                Path, $"{Path} does not answer in Analemma's framing ({error}); is another program listening there?");
        }

        MakeRoomFor(needed);
        return false;
    }

    /// <summary>
    /// The frame that was taken last is a slice of the buffer, so room is made only when none is left.
    /// </summary>
    private void MakeRoomFor(int needed)
    {
        var kept = _end - _start;
        if (needed > _buffer.Length)
        {
            var larger = GC.AllocateUninitializedArray<byte>(Math.Max(needed, _buffer.Length * 2), pinned: true);
            _buffer.AsSpan(_start, kept).CopyTo(larger);
            _buffer = larger;
        }
        else if (_start + needed > _buffer.Length || kept == 0)
        {
            _buffer.AsSpan(_start, kept).CopyTo(_buffer);
        }
        else
        {
            return;
        }

        (_start, _end) = (0, kept);
    }

    private void Receive()
    {
        int received;
        try
        {
            received = NativeMemory.Receive(_socket, _buffer, _end, _receiver);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            throw new KernelConnectionException(Path, $"the connection to {Path} broke: {gone.Message}", gone);
        }

        if (received == 0)
        {
            throw new KernelConnectionException(Path, $"the kernel at {Path} closed the connection");
        }

        _end += received;
    }

    private void Send(
        SyscallNumber number, ulong id, FrameFlags flags, ReadOnlySpan<byte> payload, SafeFileHandle? with = null)
    {
        // A descriptor goes with the first byte of the only frame; its flag says so.
        flags |= with is null ? FrameFlags.None : FrameFlags.Handle;
        var rented = ArrayPool<byte>.Shared.Rent(
            NativeFrame.HeaderSize + Math.Min(payload.Length, AbiLimits.PayloadBytesMax));
        try
        {
            lock (_sending)
            {
                do
                {
                    var piece = payload[..Math.Min(payload.Length, AbiLimits.PayloadBytesMax)];
                    payload = payload[piece.Length..];
                    var more = payload.Length > 0 ? FrameFlags.More : FrameFlags.None;
                    new NativeFrame(
                        FrameKind.Request, flags | more, (ushort)number, id, SysErrorCode.Ok, piece.Length)
                        .WriteTo(rented);
                    piece.CopyTo(rented.AsSpan(NativeFrame.HeaderSize));
                    var frame = rented.AsSpan(0, NativeFrame.HeaderSize + piece.Length);
                    SendAll(with is null ? frame : frame[SendFirst(frame, with)..]);
                }
                while (payload.Length > 0);
            }
        }
        catch (KernelConnectionException gone)
        {
            Lose(gone);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private int SendFirst(ReadOnlySpan<byte> frame, SafeFileHandle with)
    {
        try
        {
            return NativeMemory.Send(_socket, frame, with);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            throw new KernelConnectionException(Path, $"the connection to {Path} broke: {gone.Message}", gone);
        }
    }

    private void SendAll(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0)
            {
                bytes = bytes[_socket.Send(bytes, SocketFlags.None)..];
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            throw new KernelConnectionException(Path, $"the connection to {Path} broke: {gone.Message}", gone);
        }
    }

    /// <summary>The first reason stands. Every call in flight ends with it, and every later one.</summary>
    private void Lose(KernelConnectionException reason)
    {
        PendingCall[] orphans;
        lock (_gate)
        {
            _lost ??= reason;
            orphans = [.. _pending.Values];
            _pending.Clear();
        }

        try
        {
            // Wakes the thread that holds the reading role.
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception already) when (already is SocketException or ObjectDisposedException)
        {
        }

        foreach (var orphan in orphans)
        {
            orphan.Lost(reason);
        }
    }

    private void ThrowIfLostLocked()
    {
        if (_lost is not null)
        {
            throw new KernelConnectionException(Path, _lost.Message, _lost);
        }
    }
}
