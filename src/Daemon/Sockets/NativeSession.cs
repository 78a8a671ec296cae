using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;
using Analemma.Linux;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Daemon.Sockets;

/// <summary>
/// The native framing on one connection: requests in flight by their ids, bodies in pieces, cancellation. NOOP, HELLO
/// and EXIT are answered here; a NOOP allocates nothing.
/// </summary>
internal sealed class NativeSession(Connection connection) : Session
{
    /// <summary>Quiet requests that wait, and their bytes, beyond which the connection is not read.</summary>
    private const int QuietMax = 64;

    private const int QuietBytesMax = 1024 * 1024;

    /// <summary>NOOPs that wait for the end of quiet requests.</summary>
    private const int FencesMax = 64;

    private readonly Lock _gate = new();
    private int _quiet;
    private int _quietBytes;
    private Queue<(NativeFrame Header, byte[] Payload)>? _fences;
    private Dictionary<ulong, NativeCall>? _calls;
    private RequestBodies? _bodies;

    private static SysError TooMuch =>
        new(SysErrorCode.TryAgain, "too much is in flight for this caller", "wait for answers first");

    public override bool IsIdle => InFlight == 0;

    /// <summary>Requests that wait for their answer.</summary>
    public int InFlight
    {
        get
        {
            lock (_gate)
            {
                return _calls?.Count ?? 0;
            }
        }
    }

    /// <summary>
    /// Nobody counts the answers of quiet requests, so there would be no end to those that wait: the socket fills
    /// instead.
    /// </summary>
    public override bool IsFull =>
        Volatile.Read(ref _quiet) >= QuietMax || Volatile.Read(ref _quietBytes) >= QuietBytesMax;

    public override bool HasOpenBody => _bodies is { Count: > 0 };

    /// <summary>Guards the calls and, so that nothing follows a call's last frame, what they write.</summary>
    public Lock Gate => _gate;

    public Connection Connection => connection;

    public override void Handle(in DecodedFrame frame)
    {
        var header = frame.Native;
        switch (header.Kind)
        {
            case FrameKind.Cancel or FrameKind.Request
                when (header.Flags & FrameFlags.Handle) != 0 && (header.Flags & FrameFlags.More) != 0:
                connection.Refuse(FrameRefusal.Malformed("a request with a handle is one frame"), 0);
                break;
            case FrameKind.Request when (header.Flags & FrameFlags.More) != 0 || _bodies is { Count: > 0 }:
                HandlePiece(header, frame.Payload);
                break;
            case FrameKind.Request:
                HandleRequest(header, frame.Payload);
                break;
            case FrameKind.Cancel:
                Cancel(header.RequestId);
                break;
            case FrameKind.Response:
                connection.Refuse(FrameRefusal.Malformed("a client sends requests and cancels, not responses"), 0);
                break;
        }
    }

    public override void End(SysError? refusal, byte opcode)
    {
        NativeCall[] calls;
        lock (_gate)
        {
            calls = _calls is null ? [] : [.. _calls.Values];
            _calls = null;
            foreach (var call in calls)
            {
                call.EndLocked();
            }

            while (_fences is { Count: > 0 })
            {
                connection.Budget.Give(_fences.Dequeue().Payload.Length);
            }

            if (refusal is not null)
            {
                SendError(opcode: 0, requestId: 0, refusal);
            }
        }

        _bodies?.Clear();
        foreach (var call in calls)
        {
            connection.Server.Watch?.Ended(call, SysErrorCode.Cancelled);
            call.TakeDescriptor()?.Dispose();
            connection.Budget.Give(call.Bytes);
            connection.Server.Sink.Cancelled(call);
        }
    }

    /// <summary>A call's answer, unless it has had one. The id is free again before the client can see it.</summary>
    public bool Finish(
        NativeCall call, SysErrorCode status, ReadOnlySpan<byte> payload, SafeFileHandle[]? descriptors = null)
    {
        lock (_gate)
        {
            if (!call.EndLocked())
            {
                return false;
            }

            _calls?.Remove(call.RequestId);
            if (!call.IsQuiet || status != SysErrorCode.Ok)
            {
                SendBody(FrameFlags.None, call.Opcode, call.RequestId, status, payload, descriptors);
            }

            CountLocked(call, -1);
        }

        Ended(call, status);
        return true;
    }

    /// <summary>
    /// The same with a large body that lies elsewhere. What is written has room for the frame's header at its start.
    /// </summary>
    public bool FinishAround(NativeCall call, Span<byte> written, int gap, ReadOnlySpan<byte> body)
    {
        lock (_gate)
        {
            if (!call.EndLocked())
            {
                return false;
            }

            _calls?.Remove(call.RequestId);
            var length = written.Length - NativeFrame.HeaderSize + body.Length;
            new NativeFrame(
                FrameKind.Response, FrameFlags.None, call.Opcode, call.RequestId, SysErrorCode.Ok, length)
                .WriteTo(written);
            connection.Output.Write(written[..gap], body, written[gap..]);
        }

        Ended(call, SysErrorCode.Ok);
        return true;
    }

    private void Ended(NativeCall call, SysErrorCode status)
    {
        call.TakeDescriptor()?.Dispose();
        connection.Server.Watch?.Ended(call, status);
        connection.Budget.Give(call.Bytes);
        connection.CallEnded();
    }

    private void HandlePiece(NativeFrame header, ReadOnlySpan<byte> payload)
    {
        _bodies ??= new RequestBodies(connection.Budget, connection.Server.Options.OpenBodiesMax);
        if (!_bodies.Has(header.RequestId) && (header.Flags & FrameFlags.More) == 0)
        {
            HandleRequest(header, payload);
            return;
        }

        if (!_bodies.TryAdd(header, payload, out var body, out var error))
        {
            connection.Refuse(error, 0);
            return;
        }

        if ((header.Flags & FrameFlags.More) != 0)
        {
            return;
        }

        if (body.Error is { } wrong)
        {
            SendError(header.Opcode, header.RequestId, wrong);
        }
        else
        {
            HandleRequest(header with { Flags = header.Flags & ~FrameFlags.More }, body.Bytes);
        }

        _bodies.Remove(header.RequestId);
    }

    private void HandleRequest(NativeFrame header, ReadOnlySpan<byte> payload)
    {
        switch ((SyscallNumber)header.Opcode)
        {
            case not SyscallNumber.Send when (header.Flags & FrameFlags.Handle) != 0:
                HandleSend(header, payload);
                break;
            case not SyscallNumber.Send when (header.Flags & FrameFlags.Quiet) != 0:
                Refuse(header, SysError.InvalidArgument("only a SEND is quiet: leave out the flag QUIET"));
                break;
            case SyscallNumber.Noop:
                connection.Io.Noops++;
                HandleNoop(header, payload);
                break;
            case SyscallNumber.Exit:
                SendBody(FrameFlags.Raw, header.Opcode, header.RequestId, SysErrorCode.Ok, "goodbye"u8);
                break;
            default:
                HandleSyscall(header, payload);
                break;
        }
    }

    private void HandleSyscall(NativeFrame header, ReadOnlySpan<byte> payload)
    {
        if ((header.Flags & FrameFlags.Handle) != 0)
        {
            HandleSend(header, payload);
        }
        else if ((header.Flags & FrameFlags.Raw) != 0)
        {
            Refuse(header, SysError.InvalidArgument("this syscall takes JSON, not RAW bytes"));
        }
        else if (!SyscallJson.TryRead(header.Opcode, payload, out var syscall, out var error))
        {
            Refuse(header, error);
        }
        else if (syscall is Hello hello)
        {
            Greet(header, hello);
        }
        else
        {
            Mark(syscall, header);
            NativeCall call = new(this, connection.Server.NextCallId(), header, payload.Length, syscall);
            if (TryBegin(call, out error))
            {
                connection.Listener.Submit(call);
            }
            else
            {
                Refuse(header, error);
            }
        }
    }

    /// <summary>A request that came with a descriptor. It is closed here unless the call is on its way.</summary>
    private void HandleSend(NativeFrame header, ReadOnlySpan<byte> payload)
    {
        var sent = connection.TakeDescriptor();
        var error = HandleCheck.Open(header, sent, out var memory, out var bytes);
        if (sent is not null)
        {
            DescriptorMessage.CloseAtOnce(sent);
        }

        NativeCall? call = null;
        if (error is null && SyscallJson.TryRead(header.Opcode, payload, out var syscall, out error))
        {
            var id = connection.Server.NextCallId();
            Mark(syscall, header);
            var send = (Send)syscall with { Handle = new MailHandle(id, bytes) };
            call = new NativeCall(this, id, header, payload.Length, send) { Descriptor = memory };
            if (TryBegin(call, out error))
            {
                connection.Listener.Submit(call);
                return;
            }
        }

        memory?.Dispose();
        Refuse(header, error!);
    }

    private static void Mark(Syscall syscall, NativeFrame header)
    {
        if ((header.Flags & FrameFlags.Quiet) != 0)
        {
            ((Send)syscall).IsQuiet = true;
        }
    }

    private void Refuse(NativeFrame header, SysError error)
    {
        connection.Server.Watch?.Refused(header.Opcode, error.Code);
        SendError(header.Opcode, header.RequestId, error);
    }

    private void Greet(NativeFrame header, Hello hello)
    {
        if (hello.Version is < AbiLimits.Version)
        {
            SendError(header.Opcode, header.RequestId, SysError.InvalidArgument(
                $"version {hello.Version} is not spoken in this framing; the lowest is {AbiLimits.Version}"));
            return;
        }

        var reply = SyscallJson.Write(Greeting.For(connection));
        SendBody(FrameFlags.None, header.Opcode, header.RequestId, SysErrorCode.Ok, reply);
    }

    private bool TryBegin(NativeCall call, out SysError error)
    {
        error = TooMuch;
        if (!connection.Budget.TryTake(call.Bytes))
        {
            return false;
        }

        lock (_gate)
        {
            _calls ??= [];
            if (_calls.Count < AbiLimits.InFlightMax)
            {
                if (_calls.TryAdd(call.RequestId, call))
                {
                    CountLocked(call, 1);
                    return true;
                }

                error = SysError.InvalidArgument($"request id {call.RequestId} is in flight already");
            }
        }

        connection.Budget.Give(call.Bytes);
        return false;
    }

    /// <summary>Answered when every quiet request before it has ended: so their sender knows.</summary>
    private void HandleNoop(NativeFrame header, ReadOnlySpan<byte> payload)
    {
        if (Volatile.Read(ref _quiet) > 0)
        {
            lock (_gate)
            {
                if (_quiet > 0)
                {
                    HoldLocked(header, payload);
                    return;
                }
            }
        }

        SendBody(header.Flags & FrameFlags.Raw, header.Opcode, header.RequestId, SysErrorCode.Ok, payload);
    }

    private void HoldLocked(NativeFrame header, ReadOnlySpan<byte> payload)
    {
        if ((_fences?.Count ?? 0) >= FencesMax || !connection.Budget.TryTake(payload.Length))
        {
            Refuse(header, TooMuch);
            return;
        }

        (_fences ??= []).Enqueue((header, payload.ToArray()));
    }

    private void CountLocked(NativeCall call, int sign)
    {
        if (!call.IsQuiet)
        {
            return;
        }

        Volatile.Write(ref _quiet, _quiet + sign);
        Volatile.Write(ref _quietBytes, _quietBytes + (sign * call.Bytes));
        while (_quiet == 0 && _fences is { Count: > 0 })
        {
            var (header, payload) = _fences.Dequeue();
            connection.Budget.Give(payload.Length);
            SendBody(header.Flags & FrameFlags.Raw, header.Opcode, header.RequestId, SysErrorCode.Ok, payload);
        }
    }

    private void Cancel(ulong requestId)
    {
        var error = new SysError(SysErrorCode.Cancelled, "the client has cancelled the request");
        if (_bodies?.OpcodeOf(requestId) is { } opcode)
        {
            _bodies.Remove(requestId);
            SendError(opcode, requestId, error);
            return;
        }

        NativeCall? call = null;
        lock (_gate)
        {
            _calls?.TryGetValue(requestId, out call);
        }

        if (call is not null && Finish(call, error.Code, SyscallJson.Write(error)))
        {
            connection.Server.Sink.Cancelled(call);
        }
    }

    private void SendError(ushort opcode, ulong requestId, SysError error) =>
        SendBody(FrameFlags.None, opcode, requestId, error.Code, SyscallJson.Write(error));

    /// <summary>One response frame, or several when the body is larger than a frame.</summary>
    private void SendBody(
        FrameFlags flags, ushort opcode, ulong requestId, SysErrorCode status, ReadOnlySpan<byte> payload,
        SafeFileHandle[]? descriptors = null)
    {
        while (payload.Length > AbiLimits.PayloadBytesMax)
        {
            SendFrame(flags | FrameFlags.More, opcode, requestId, status, payload[..AbiLimits.PayloadBytesMax]);
            payload = payload[AbiLimits.PayloadBytesMax..];
        }

        if (descriptors is null)
        {
            SendFrame(flags, opcode, requestId, status, payload);
            return;
        }

        Span<byte> header = stackalloc byte[NativeFrame.HeaderSize];
        new NativeFrame(
            FrameKind.Response, flags | FrameFlags.Handle, opcode, requestId, status, payload.Length).WriteTo(header);
        connection.Output.Write(header, payload, descriptors);
    }

    public bool SendFrame(
        FrameFlags flags, ushort opcode, ulong requestId, SysErrorCode status, ReadOnlySpan<byte> payload)
    {
        Span<byte> header = stackalloc byte[NativeFrame.HeaderSize];
        new NativeFrame(FrameKind.Response, flags, opcode, requestId, status, payload.Length).WriteTo(header);
        return connection.Output.Write(header, payload);
    }
}
