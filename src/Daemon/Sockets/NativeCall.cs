using System.Buffers;
using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Daemon.Sockets;

/// <summary>A native request in flight.</summary>
internal sealed class NativeCall(NativeSession session, long id, NativeFrame header, int bytes, Syscall syscall)
    : SyscallCall(id, session.Connection.Peer, syscall, session.Connection.Received)
{
    private bool _over;

    public ulong RequestId => header.RequestId;

    public ushort Opcode => header.Opcode;

    /// <summary>What the request's payload weighs in its caller's budget.</summary>
    public int Bytes => bytes;

    /// <summary>Its client is told of a refusal only.</summary>
    public bool IsQuiet => (header.Flags & FrameFlags.Quiet) != 0;

    public override bool IsOver => Volatile.Read(ref _over);

    public override bool IsAlone => session.InFlight == 1;

    /// <summary>Under the session's gate: true for the one who ends it.</summary>
    public bool EndLocked()
    {
        var first = !_over;
        Volatile.Write(ref _over, true);
        return first;
    }

    public override void Reply(Reply reply)
    {
        if (IsQuiet)
        {
            session.Finish(this, SysErrorCode.Ok, default);
        }
        else if (!IsOver)
        {
            PooledBytes body = new();
            try
            {
                if (SyscallJson.HasLargeBody(reply))
                {
                    ReplyAround(reply, body);
                    return;
                }

                SyscallJson.Write(reply, body);
            }
            catch (Exception wrong)
            {
                body.Return();
                Fail(session.Connection.Unwritable(this, wrong));
                return;
            }

            session.Finish(this, SysErrorCode.Ok, body.Written);
            body.Return();
        }
    }

    /// <summary>The frame is written around the body, whose bytes are sent from where they are.</summary>
    private void ReplyAround(Reply reply, PooledBytes frame)
    {
        frame.GetSpan(NativeFrame.HeaderSize);
        frame.Advance(NativeFrame.HeaderSize);
        var gap = SyscallJson.WriteAround(reply, frame, out var body);
        if (frame.Length + body.Length <= AbiLimits.PayloadBytesMax)
        {
            session.FinishAround(this, frame.Filled, gap, body.Span);
        }
        else
        {
            // More than one frame holds.
            var head = frame.Written[NativeFrame.HeaderSize..gap];
            session.Finish(this, SysErrorCode.Ok, [.. head, .. body.Span, .. frame.Written[gap..]]);
        }

        frame.Return();
    }

    public override void ReplyWith(Reply reply, SafeFileHandle[] descriptors)
    {
        if (IsOver || descriptors.Length == 0)
        {
            base.ReplyWith(reply, descriptors);
            return;
        }

        if (!session.Finish(this, SysErrorCode.Ok, SyscallJson.Write(reply), descriptors))
        {
            base.ReplyWith(reply, descriptors);
        }
    }

    public override void Fail(SysError error)
    {
        if (!IsOver)
        {
            session.Finish(this, error.Code, SyscallJson.Write(error));
        }
    }

    public override async ValueTask<bool> SendRawAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (bytes.Length <= AbiLimits.PayloadBytesMax)
        {
            return await SendPieceAsync(bytes, cancellationToken);
        }

        // Output of a command or a log is marked with its stream in the first byte: every frame needs it.
        var marked = Syscall is Exec or Logs;
        var rest = marked ? bytes[1..] : bytes;
        var room = AbiLimits.PayloadBytesMax - (marked ? 1 : 0);
        var frame = ArrayPool<byte>.Shared.Rent(AbiLimits.PayloadBytesMax);
        try
        {
            frame[0] = bytes.Span[0];
            while (rest.Length > 0)
            {
                var piece = rest[..Math.Min(room, rest.Length)];
                piece.CopyTo(frame.AsMemory(marked ? 1 : 0));
                if (!await SendPieceAsync(frame.AsMemory(0, piece.Length + (marked ? 1 : 0)), cancellationToken))
                {
                    return false;
                }

                rest = rest[piece.Length..];
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
        }
    }

    public override bool TrySendEvent(EventView piece)
    {
        if (IsOver || !session.Connection.Output.HasRoom)
        {
            return false;
        }

        return TrySend(FrameFlags.More, SyscallJson.Write(piece));
    }

    public override bool TrySendPiece(Reply piece)
    {
        var json = SyscallJson.Write(piece);
        return json.Length <= AbiLimits.PayloadBytesMax && TrySend(FrameFlags.More, json);
    }

    public override async ValueTask<bool> WaitForRoomAsync(CancellationToken cancellationToken) =>
        !IsOver && await session.Connection.Output.WaitForRoomAsync(cancellationToken);

    private async ValueTask<bool> SendPieceAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        do
        {
            if (TrySend(FrameFlags.More | FrameFlags.Raw, piece.Span))
            {
                return true;
            }
        }
        while (!IsOver && await session.Connection.Output.WaitForRoomAsync(cancellationToken));
        return false;
    }

    /// <summary>Nothing may follow the frame that ends the call, so the look and the write are one.</summary>
    private bool TrySend(FrameFlags flags, ReadOnlySpan<byte> piece)
    {
        lock (session.Gate)
        {
            return !_over
                && session.Connection.Output.HasRoom
                && session.SendFrame(flags, Opcode, RequestId, SysErrorCode.Ok, piece);
        }
    }
}
