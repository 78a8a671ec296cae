using System.Buffers;
using Analemma.Linux;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Daemon.Sockets;

// OUTPUT OF ONE CONNECTION
//
// Any thread writes whole frames. What the socket takes at once is sent by the writer; the rest waits in a pooled
// buffer that the reactor sends as room comes (EPOLLOUT). While the reactor serves the connection its output is corked:
// frames gather in the reactor's buffer and leave in one send(2), so that pipelined calls cost one system call a batch.
// A turn of the kernel that answers many calls gathers in the same way, in the pooled buffer (GatheredSends).
//
// Three bounds. Above OutputBytesSoft there is no room: requests are not read and streams pause. Above OutputBytesMax,
// or when the owner's budget is used up, the client is not worth keeping and the connection breaks.
internal sealed partial class ConnectionOutput(
    Connection owner, Reactor reactor, UnixSocket socket, ByteBudget budget, SocketOptions options)
{
    /// <summary>Answers with descriptors that wait for one client; of more it has stopped reading.</summary>
    private const int DescriptorsMax = 64;

    /// <summary>Below this, two parts are sent faster as one.</summary>
    private const int CopiedBytesMax = 8 * 1024;

    private const int PendingBytesMin = 4 * 1024;

    private readonly Lock _gate = new();
    private byte[]? _pending;
    private int _start;
    private int _end;
    private bool _corked;
    private int _corkedBytes;
    private bool _closed;
    private bool _broken;
    private Readiness _interest = Readiness.Read;
    private TaskCompletionSource<bool>? _room;
    private Queue<(long At, SafeFileHandle[] Descriptors)>? _descriptors;
    private long _taken;

    /// <summary>
    /// True when the socket failed or the client let too much lie; the reactor then closes the connection.
    /// </summary>
    public bool IsBroken => Volatile.Read(ref _broken);

    /// <summary>Bytes that the client has not taken.</summary>
    public int Queued => Volatile.Read(ref _end) - Volatile.Read(ref _start);

    public bool HasRoom => Queued <= options.OutputBytesSoft;

    /// <summary>Queues or sends a frame, given in two parts. False when the connection has gone.</summary>
    public bool Write(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        lock (_gate)
        {
            if (_closed || _broken)
            {
                return false;
            }

            if (_corked && TryCorkLocked(head, body))
            {
                return true;
            }

            if (!GatherLocked(head.Length + body.Length))
            {
                return false;
            }

            if (_pending is not null)
            {
                return EnqueueLocked(head) && EnqueueLocked(body);
            }

            if (body.IsEmpty)
            {
                return SendLocked(head);
            }

            if (body.Length >= CopiedBytesMax)
            {
                return SendLocked(head, body);
            }

            var frame = ArrayPool<byte>.Shared.Rent(head.Length + body.Length);
            head.CopyTo(frame);
            body.CopyTo(frame.AsSpan(head.Length));
            var sent = SendLocked(frame.AsSpan(0, head.Length + body.Length));
            ArrayPool<byte>.Shared.Return(frame);
            return sent;
        }
    }

    /// <summary>The same for a frame whose large middle lies elsewhere: it is sent from there.</summary>
    public bool Write(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body, ReadOnlySpan<byte> tail)
    {
        lock (_gate)
        {
            FlushCorkLocked();
            if (_closed || _broken || !GatherLocked(head.Length + body.Length + tail.Length))
            {
                return false;
            }

            return _pending is null
                ? SendLocked(head, body, tail)
                : EnqueueLocked(head) && EnqueueLocked(body) && EnqueueLocked(tail);
        }
    }

    /// <summary>
    /// The same with descriptors, which go with the frame's first byte and are closed here when they have gone.
    /// </summary>
    public bool Write(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body, SafeFileHandle[] descriptors)
    {
        if (descriptors.Length == 0)
        {
            return Write(head, body);
        }

        byte[] frame = [.. head, .. body];
        lock (_gate)
        {
            FlushCorkLocked();
            if (_closed || _broken || _descriptors is { Count: >= DescriptorsMax })
            {
                CloseAll(descriptors);
                return !_closed && !_broken && BreakLocked();
            }

            var sent = 0;
            if (_pending is null)
            {
                sent = DescriptorMessage.Send(socket, frame, descriptors);
                if (sent < 0 && sent is not (-Errno.EAGAIN or -Errno.EINTR))
                {
                    CloseAll(descriptors);
                    return BreakLocked();
                }
            }

            if (sent > 0)
            {
                CloseAll(descriptors);
                return sent == frame.Length || EnqueueLocked(frame.AsSpan(sent));
            }

            (_descriptors ??= []).Enqueue((_taken + Queued, descriptors));
            return EnqueueLocked(frame);
        }
    }

    /// <summary>From now on frames gather until <see cref="Uncork"/>. On the reactor's thread.</summary>
    public void Cork()
    {
        lock (_gate)
        {
            _corked = _pending is null && !_closed;
            _corkedBytes = 0;
        }
    }

    public void Uncork()
    {
        lock (_gate)
        {
            FlushCorkLocked();
            _corked = false;
        }
    }

    /// <summary>
    /// Sends what waits, as far as the client takes it. True when bytes went. On the reactor's thread.
    /// </summary>
    public bool Flush()
    {
        lock (_gate)
        {
            if (_closed || _broken || _pending is null)
            {
                return false;
            }

            var sent = SendPendingLocked();
            if (sent < 0)
            {
                return sent is not (-Errno.EAGAIN or -Errno.EINTR) && BreakLocked();
            }

            TakenLocked(sent);
            if (_pending is null)
            {
                InterestLocked(_interest & ~Readiness.Write);
            }

            if (_end - _start <= options.OutputBytesSoft / 2)
            {
                _room?.TrySetResult(true);
                _room = null;
            }

            return true;
        }
    }

    /// <summary>Whether the reactor shall say when there is something to receive.</summary>
    public void SetReading(bool reading)
    {
        lock (_gate)
        {
            if (!_closed)
            {
                InterestLocked(reading ? _interest | Readiness.Read : _interest & ~Readiness.Read);
            }
        }
    }

    /// <summary>Completes when there is room again; false when the connection has gone.</summary>
    public ValueTask<bool> WaitForRoomAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_closed || _broken)
            {
                return new ValueTask<bool>(false);
            }

            if (HasRoom)
            {
                return new ValueTask<bool>(true);
            }

            // Continuations must not run on the reactor's thread, under the lock.
            _room ??= new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask<bool>(_room.Task.WaitAsync(cancellationToken));
        }
    }

    /// <summary>Tells the client that nothing more comes.</summary>
    public void ShutdownWrites()
    {
        lock (_gate)
        {
            if (!_closed)
            {
                socket.ShutdownWrites();
            }
        }
    }

    /// <summary>After this nothing is sent. The socket itself is the caller's to close.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _corked = false;
            FreePendingLocked();
            CloseDescriptorsLocked();
            _room?.TrySetResult(false);
            _room = null;
        }
    }

    /// <summary>Sends what waits up to the next frame with descriptors, or that frame with them.</summary>
    private int SendPendingLocked()
    {
        var waiting = _pending.AsSpan(_start, _end - _start);
        if (_descriptors is null || !_descriptors.TryPeek(out var next))
        {
            return socket.Send(waiting);
        }

        if (next.At > _taken)
        {
            return socket.Send(waiting[..(int)(next.At - _taken)]);
        }

        var sent = DescriptorMessage.Send(socket, FirstFrame(waiting), next.Descriptors);
        if (sent > 0)
        {
            _descriptors.Dequeue();
            CloseAll(next.Descriptors);
        }

        return sent;
    }

    /// <summary>Descriptors stay with what is sent together with them: no further than to the next ones.</summary>
    private ReadOnlySpan<byte> FirstFrame(ReadOnlySpan<byte> waiting)
    {
        var second = _descriptors!.Skip(1).FirstOrDefault();
        return second.Descriptors is null ? waiting : waiting[..(int)(second.At - _taken)];
    }

    private void TakenLocked(int sent)
    {
        Volatile.Write(ref _start, _start + sent);
        _taken += sent;
        if (_start == _end)
        {
            FreePendingLocked();
        }
    }

    private void CloseDescriptorsLocked()
    {
        while (_descriptors is { Count: > 0 })
        {
            CloseAll(_descriptors.Dequeue().Descriptors);
        }
    }

    private static void CloseAll(SafeFileHandle[] descriptors)
    {
        foreach (var descriptor in descriptors)
        {
            descriptor.Dispose();
        }
    }

    private bool TryCorkLocked(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        var size = head.Length + body.Length;
        if (_corkedBytes + size > reactor.Output.Length)
        {
            FlushCorkLocked();
            if (_pending is not null || size > reactor.Output.Length)
            {
                return false;
            }
        }

        var free = reactor.Output.AsSpan(_corkedBytes);
        head.CopyTo(free);
        body.CopyTo(free[head.Length..]);
        _corkedBytes += size;
        return true;
    }

    private void FlushCorkLocked()
    {
        if (_corked && _corkedBytes > 0)
        {
            var bytes = reactor.Output.AsSpan(0, _corkedBytes);
            _corkedBytes = 0;
            SendLocked(bytes);
        }
    }

    private bool SendLocked(ReadOnlySpan<byte> bytes)
    {
        var sent = socket.Send(bytes);
        if (sent == bytes.Length)
        {
            return true;
        }

        if (sent < 0)
        {
            if (sent is not (-Errno.EAGAIN or -Errno.EINTR))
            {
                return BreakLocked();
            }

            sent = 0;
        }

        return EnqueueLocked(bytes[sent..]);
    }

    private bool SendLocked(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body, ReadOnlySpan<byte> tail = default)
    {
        var sent = socket.Send(head, body, tail);
        if (sent < 0)
        {
            if (sent is not (-Errno.EAGAIN or -Errno.EINTR))
            {
                return BreakLocked();
            }

            sent = 0;
        }

        return EnqueueRestLocked(head, ref sent) && EnqueueRestLocked(body, ref sent)
            && EnqueueRestLocked(tail, ref sent);
    }

    private bool EnqueueRestLocked(ReadOnlySpan<byte> part, ref int sent)
    {
        var gone = Math.Min(sent, part.Length);
        sent -= gone;
        return gone == part.Length || EnqueueLocked(part[gone..]);
    }

    private bool EnqueueLocked(ReadOnlySpan<byte> bytes)
    {
        var queued = _end - _start;
        if (queued > options.OutputBytesMax || !ReserveLocked(bytes.Length))
        {
            return BreakLocked();
        }

        _corked = false;
        bytes.CopyTo(_pending.AsSpan(_end));
        Volatile.Write(ref _end, _end + bytes.Length);
        if (!_gathered)
        {
            InterestLocked(_interest | Readiness.Write);
        }

        return true;
    }

    private bool ReserveLocked(int bytes)
    {
        if (_pending is not null && _end + bytes <= _pending.Length)
        {
            return true;
        }

        var queued = _end - _start;
        if (_pending is not null && queued + bytes <= _pending.Length)
        {
            _pending.AsSpan(_start, queued).CopyTo(_pending);
        }
        else
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(PendingBytesMin, Math.Max(queued + bytes, queued * 2)));
            if (!budget.TryTake(larger.Length))
            {
                ArrayPool<byte>.Shared.Return(larger);
                return false;
            }

            _pending.AsSpan(_start, queued).CopyTo(larger);
            FreePendingLocked();
            _pending = larger;
        }

        Volatile.Write(ref _start, 0);
        Volatile.Write(ref _end, queued);
        return true;
    }

    private void FreePendingLocked()
    {
        if (_pending is not null)
        {
            budget.Give(_pending.Length);
            ArrayPool<byte>.Shared.Return(_pending);
            _pending = null;
        }

        Volatile.Write(ref _start, 0);
        Volatile.Write(ref _end, 0);
    }

    private bool BreakLocked()
    {
        _broken = true;
        FreePendingLocked();
        CloseDescriptorsLocked();
        reactor.Post(owner.Close, owner);
        _room?.TrySetResult(false);
        _room = null;
        return false;
    }

    private void InterestLocked(Readiness interest)
    {
        if (interest != _interest)
        {
            _interest = interest;
            reactor.Change(socket, interest);
        }
    }
}
