using System.Buffers;
using Analemma.Abi;

namespace Analemma.Daemon.Sockets;

// The tail: what has come of a frame that is not whole yet. Only a connection in the middle of a frame has one, and its
// bytes count against its caller's budget.
internal sealed partial class Connection
{
    private void KeepTail(ReadOnlySpan<byte> rest, bool begun)
    {
        if (rest.IsEmpty)
        {
            FreeTail();
        }
        else if (_tail is not null && _tail.Length >= rest.Length)
        {
            // The two may overlap, as when a large frame was received into the tail itself.
            rest.CopyTo(_tail);
            _tailBytes = rest.Length;
        }
        else
        {
            var tail = ArrayPool<byte>.Shared.Rent(SizeFor(rest.Length));
            if (!Budget.TryTake(tail.Length))
            {
                ArrayPool<byte>.Shared.Return(tail);
                Refuse(OutOfBytes, 0);
                return;
            }

            rest.CopyTo(tail);
            FreeTail();
            (_tail, _tailBytes) = (tail, rest.Length);
        }

        SetFrameDeadline(restart: begun);
    }

    /// <summary>
    /// A deadline runs while a frame or body is on its way, and not while it is us who make the client wait.
    /// </summary>
    private void SetFrameDeadline(bool restart)
    {
        var owed = _state == State.Open && (_tailBytes > 0 || _session is { HasOpenBody: true });
        if (!owed)
        {
            DeadlineQueue.Clear(_frameDeadline);
        }
        else if (restart || _frameDeadline?.List is null)
        {
            Io.Frames.Set(ref _frameDeadline, this);
        }
    }

    /// <summary>
    /// For a frame of which so much has come: of a large one at most a few times that, since claims cost nothing.
    /// </summary>
    private int SizeFor(int come) =>
        come >= RoomMin ? Math.Max(come, Math.Min(_needed, come * TailGrowth)) : come;

    /// <summary>Makes room for the rest of a large frame.</summary>
    private void GrowTail()
    {
        var size = SizeFor(_tailBytes);
        if (_tail!.Length >= size && _tail.Length > _tailBytes)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(size, _tailBytes + 1));
        if (!Budget.TryTake(larger.Length))
        {
            ArrayPool<byte>.Shared.Return(larger);
            Refuse(OutOfBytes, 0);
            return;
        }

        _tail.AsSpan(0, _tailBytes).CopyTo(larger);
        var kept = _tailBytes;
        FreeTail();
        (_tail, _tailBytes) = (larger, kept);
    }

    private static SysError OutOfBytes => new(
        SysErrorCode.LimitExceeded, "the kernel keeps too many bytes for this caller", "wait for answers, then retry");

    private void FreeTail()
    {
        if (_tail is not null)
        {
            Budget.Give(_tail.Length);
            ArrayPool<byte>.Shared.Return(_tail);
            _tail = null;
        }

        _tailBytes = 0;
    }
}
