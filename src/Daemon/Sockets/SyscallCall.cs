using System.Diagnostics;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Daemon.Sockets;

/// <summary>
/// When bytes were received. Clocks are read once for all requests that came together: to read them for each costs a
/// tenth of what a small message does.
/// </summary>
/// <param name="Timestamp">As <see cref="Stopwatch.GetTimestamp"/> counts.</param>
/// <param name="UtcTicks">The time of day, where it was read.</param>
public readonly record struct ReceivedAt(long Timestamp, long? UtcTicks);

/// <summary>
/// One request that waits for its answer. Ends exactly once, by <see cref="Reply"/> or <see cref="Fail"/>; later ends
/// are ignored, so that a cancelled call needs no care. All members can be called from any thread.
/// </summary>
public abstract class SyscallCall
{
    private SafeFileHandle? _descriptor;

    protected SyscallCall(long id, Peer peer, Syscall syscall)
        : this(id, peer, syscall, new ReceivedAt(Stopwatch.GetTimestamp(), null))
    {
    }

    protected SyscallCall(long id, Peer peer, Syscall syscall, ReceivedAt received) =>
        (Id, Peer, Syscall, Received) = (id, peer, syscall, received);

    /// <summary>Unique among the calls of this kernel start, never reused.</summary>
    public long Id { get; }

    public Peer Peer { get; }

    public Syscall Syscall { get; }

    /// <summary>When the request had come.</summary>
    public ReceivedAt Received { get; }

    /// <summary>Of its trace, if somebody traces.</summary>
    public Activity? Span { get; set; }

    /// <summary>True once the client has cancelled or gone, or the call has ended.</summary>
    public abstract bool IsOver { get; }

    /// <summary>Nothing else is under way on its connection: nobody can tell whether it came sooner or later.</summary>
    public virtual bool IsAlone => false;

    /// <summary>What came with the request: its handle, until somebody else has it.</summary>
    public SafeFileHandle? Descriptor
    {
        init => _descriptor = value;
    }

    public abstract void Reply(Reply reply);

    /// <summary>Ends the call with an answer, and the descriptors that go with it: the call's from now on.</summary>
    public virtual void ReplyWith(Reply reply, SafeFileHandle[] descriptors)
    {
        foreach (var descriptor in descriptors)
        {
            descriptor.Dispose();
        }

        Reply(reply);
    }

    /// <summary>The descriptor, to keep: once.</summary>
    public SafeFileHandle? TakeDescriptor() =>
        _descriptor is null ? null : Interlocked.Exchange(ref _descriptor, null);

    public abstract void Fail(SysError error);

    /// <summary>
    /// Sends a piece of a streamed answer: a RAW frame with MORE natively; gathered into the answer in AgentOS framing.
    /// Completes when the client has taken enough that more may be sent, so memory stays bounded; false when over.
    /// </summary>
    public abstract ValueTask<bool> SendRawAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Sends a JSON piece with MORE if there is room for it now; false when there is not.</summary>
    public abstract bool TrySendEvent(EventView piece);

    /// <summary>
    /// Sends part of an answer with MORE; false when this framing has no such parts, or there is no room.
    /// </summary>
    public virtual bool TrySendPiece(Reply piece) => false;

    /// <summary>Completes when there is room for another piece; false when the client has gone.</summary>
    public virtual ValueTask<bool> WaitForRoomAsync(CancellationToken cancellationToken) => new(!IsOver);
}
