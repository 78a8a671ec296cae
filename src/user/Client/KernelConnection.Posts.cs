using Analemma.Abi;
using Analemma.Abi.Frames;

namespace Analemma.Client;

// Requests that are answered only if they are refused: nobody waits for one of them, and a NOOP is answered when all
// before it have ended. Their refusals come as frames of no request that is in flight.
internal sealed partial class KernelConnection
{
    private readonly List<Exception> _refusedPosts = [];
    private int _posted;
    private bool _hasPosted;

    /// <summary>
    /// Sends a request that is answered only if it is refused. Returns how many were, since somebody waited for their
    /// end.
    /// </summary>
    public int Post(SyscallNumber number, ReadOnlySpan<byte> payload)
    {
        ulong id;
        int posted;
        lock (_gate)
        {
            ThrowIfLostLocked();
            id = ++_lastId;
            posted = ++_posted;
            _hasPosted = true;
        }

        Send(number, id, FrameFlags.Quiet, payload);
        return posted;
    }

    /// <summary>Those that were posted and not waited for.</summary>
    public int Posted
    {
        get
        {
            lock (_gate)
            {
                return _posted;
            }
        }
    }

    /// <summary>Why posts were refused, when so many of them have ended.</summary>
    public Exception[] TakeRefusedPosts(int ended)
    {
        lock (_gate)
        {
            Exception[] refused = [.. _refusedPosts];
            _refusedPosts.Clear();
            _posted = Math.Max(0, _posted - ended);
            return refused;
        }
    }

    private bool TryTakeRefusedPost(in DecodedFrame frame)
    {
        var header = frame.Native;
        lock (_gate)
        {
            if (!_hasPosted || header.Opcode == 0 || header.Status == SysErrorCode.Ok || header.RequestId > _lastId)
            {
                return false;
            }

            _refusedPosts.Add(PendingCall.Refusal(header.Status, frame.Payload));
            return true;
        }
    }
}
