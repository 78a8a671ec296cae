using System.Diagnostics;
using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Linux;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Daemon.Sockets;

// A CONNECTION
//
// Receives into the reactor's buffer, cuts frames, and keeps only the unconsumed tail of what it received: nothing,
// most of the time. Lives on its reactor's thread; calls answer from any thread through Output.
//
//   open       frames are served as they come
//   waiting    the client leaves too much unread, or has too many requests waiting: nothing is received until that is
//              over; the peer's own socket buffer then stops it
//   ended      the client has shut down its side: what is in flight is answered, then the connection closes
//   refusing   the stream cannot be followed: the client has been told why, what it still sends is thrown away for a
//              short while so that it can read that, then the connection closes
//   closed
internal sealed partial class Connection : IReady
{
    /// <summary>A frame that is larger is received into its own buffer directly.</summary>
    private const int RoomMin = 8 * 1024;

    /// <summary>Comes in more than one piece, as Linux cuts it.</summary>
    private const int LargeFrame = 32 * 1024;

    /// <summary>How many times what has come of a large frame is kept room for.</summary>
    private const int TailGrowth = 4;

    private const int DiscardBytesMax = 16 * 1024 * 1024;

    private readonly SocketListener _listener;
    private readonly UnixSocket _socket;
    private readonly FrameDecoder _decoder = new();
    private readonly SysError? _refusal;
    private Session? _session;
    private SafeFileHandle? _descriptor;
    private byte[]? _tail;
    private int _tailBytes;
    private int _needed;
    private int _discarded;
    private volatile State _state;
    private LinkedListNode<(Connection Connection, long At)>? _frameDeadline;
    private LinkedListNode<(Connection Connection, long At)>? _stallDeadline;
    private LinkedListNode<(Connection Connection, long At)>? _lingerDeadline;

    public Connection(
        SocketListener listener, IoThread io, UnixSocket socket, PeerCredentials credentials, uint number,
        SysError? refusal)
    {
        (_listener, Io, _socket, Credentials, Number, _refusal) =
            (listener, io, socket, credentials, number, refusal);
        Output = new ConnectionOutput(this, io.Reactor, socket, listener.Budget, listener.Server.Options);
    }

    private enum State
    {
        Open,
        Waiting,
        Ended,
        Refusing,
        Closed,
    }

    public IoThread Io { get; }

    public PeerCredentials Credentials { get; }

    /// <summary>What an AgentOS program on the host is told as its id.</summary>
    public uint Number { get; }

    public ConnectionOutput Output { get; }

    public SyscallServer Server => _listener.Server;

    public SocketListener Listener => _listener;

    public ByteBudget Budget => _listener.Budget;

    public AgentIdentity Identity => _listener.Identity;

    public Peer Peer => new(Identity.Process, Credentials.Uid, Credentials.Pid);

    public bool IsRefused => _refusal is not null;

    public void Start()
    {
        Io.Reactor.Watch(_socket, this, Readiness.Read);
        if (IsRefused)
        {
            Io.Linger.Set(ref _lingerDeadline, this);
        }
    }

    public void OnReady(Readiness ready)
    {
        if ((ready & Readiness.Write) != 0 && Output.Flush())
        {
            DeadlineQueue.Clear(_stallDeadline);
            AfterProgress();
        }

        if ((ready & ~Readiness.Write) == 0)
        {
            return;
        }

        switch (_state)
        {
            case State.Open:
                Receive();
                break;
            case State.Refusing:
                Discard(hungUp: (ready & (Readiness.HungUp | Readiness.Error)) != 0);
                break;
            case State.Waiting or State.Ended when (ready & (Readiness.HungUp | Readiness.Error)) != 0:
                Close();
                break;
        }
    }

    /// <summary>Nobody else's connection suffers, and its calls are over.</summary>
    public void OnFault(Exception wrong)
    {
        Server.Log.ConnectionFailed(wrong, Identity.Name ?? Identity.Process.ToString());
        Close();
    }

    /// <summary>A call has been answered, on any thread: what waited for that may go on.</summary>
    public void CallEnded()
    {
        if (_state is State.Waiting or State.Ended)
        {
            Io.Reactor.Post(AfterProgress, this);
        }
    }

    /// <summary>Answers have been sent on another thread: what waited for that may go on.</summary>
    public void OutputLeft()
    {
        // The reactor's thread changes the state first and looks at the output then.
        Interlocked.MemoryBarrier();
        if (_state is not (State.Open or State.Closed))
        {
            Io.Reactor.Post(AfterProgress, this);
        }
    }

    /// <summary>The client took too long over a frame, or over reading its answers.</summary>
    public void FrameExpired() => Refuse(
        new SysError(SysErrorCode.TimedOut, "a frame was begun and not ended in time", "send whole frames"), 0);

    /// <summary>Ends the connection after telling the client why.</summary>
    public void Refuse(SysError error, byte opcode)
    {
        if (_state is State.Refusing or State.Closed)
        {
            return;
        }

        Server.Count(error);
        _state = State.Refusing;
        FreeTail();
        CloseDescriptor();
        DeadlineQueue.Clear(_frameDeadline);
        Session.End(error, opcode);
        Output.SetReading(true);
        Io.Linger.Set(ref _lingerDeadline, this);

        // Not now: the error may still be among the frames that gather for one send.
        Io.Reactor.Post(AfterProgress, this);
    }

    /// <summary>What a caller is told whose answer cannot be written. Whoever answered it is not to blame.</summary>
    public SysError Unwritable(SyscallCall call, Exception wrong)
    {
        Server.Log.AnswerFailed(wrong, call.Syscall.Number.ToString());
        return new SysError(
            SysErrorCode.Internal, $"the answer to {call.Syscall.Number} could not be written", "see the kernel's log");
    }

    public void Close()
    {
        if (_state == State.Closed)
        {
            return;
        }

        _state = State.Closed;
        // First: a writer on another thread that finds no room would ask the reactor about a socket that it has
        // forgotten.
        Output.Close();
        Io.Reactor.Forget(_socket);
        DeadlineQueue.Clear(_frameDeadline);
        DeadlineQueue.Clear(_stallDeadline);
        DeadlineQueue.Clear(_lingerDeadline);
        FreeTail();
        CloseDescriptor();
        _session?.End(refusal: null, opcode: 0);
        _socket.Dispose();
        _listener.Forget(this);
    }

    /// <summary>The descriptor that came with the frame at hand. Whoever takes it closes it.</summary>
    public SafeFileHandle? TakeDescriptor()
    {
        var taken = _descriptor;
        _descriptor = null;
        return taken;
    }

    // recv(2) never reads past the message that a descriptor came with, so at most one waits, for the frame that ends
    // the bytes that are here or for the one that they begin.
    private bool TryKeep(SafeFileHandle descriptor, int came)
    {
        if (came == 1 && _descriptor is null && (int)descriptor.DangerousGetHandle() < Server.DescriptorMax)
        {
            _descriptor = descriptor;
            return true;
        }

        DescriptorMessage.CloseAtOnce(descriptor);
        return false;
    }

    private void CloseDescriptor()
    {
        if (TakeDescriptor() is { } left)
        {
            DescriptorMessage.CloseAtOnce(left);
        }
    }

    private Session Session => _session ??= _decoder.Framing == Framing.Native
        ? new NativeSession(this)
        : new AgentOsSession(this);

    private void Receive()
    {
        var input = Io.Reactor.Input;
        var direct = _tailBytes + RoomMin > input.Length || (_tailBytes >= RoomMin && _needed >= LargeFrame);
        if (direct)
        {
            GrowTail();
        }
        else if (_tailBytes > 0)
        {
            _tail.AsSpan(0, _tailBytes).CopyTo(input);
        }

        if (_state != State.Open)
        {
            return;
        }

        var buffer = direct ? _tail! : input;
        var received = DescriptorMessage.Receive(_socket, buffer.AsSpan(_tailBytes), out var descriptor, out var came);
        if (came > 0 && !TryKeep(descriptor!, came))
        {
            Refuse(FrameRefusal.Malformed("one descriptor at most comes with a request, and only with a SEND"), 0);
        }
        else if (received > 0)
        {
            Serve(buffer, _tailBytes + received);
        }
        else if (received == 0)
        {
            End();
        }
        else if (received is not (-Errno.EAGAIN or -Errno.EINTR))
        {
            Close();
        }
    }

    /// <summary>
    /// The rest of a large frame is most often there when its first half has been received: better now than after a
    /// copy and a wait.
    /// </summary>
    private bool TryReceiveMore(byte[] buffer, ref int length)
    {
        var received = DescriptorMessage.Receive(
            _socket, buffer.AsSpan(length), out var descriptor, out var came);
        if (came > 0 && !TryKeep(descriptor!, came))
        {
            Refuse(FrameRefusal.Malformed("one descriptor at most comes with a request, and only with a SEND"), 0);
            return false;
        }

        length += Math.Max(received, 0);
        return received > 0;
    }

    /// <summary>When what is served now was received; on the reactor's thread, while it is served.</summary>
    public ReceivedAt Received => Io.Received ??= new ReceivedAt(
        Stopwatch.GetTimestamp(), Server.Time.GetUtcNow().UtcTicks);

    /// <summary>Serves the whole frames at the start of a buffer and keeps what is left.</summary>
    private void Serve(byte[] buffer, int length)
    {
        var at = 0;
        Io.Received = null;
        Output.Cork();
        while (_state == State.Open)
        {
            if (!Output.HasRoom || _session is { IsFull: true })
            {
                Wait();
                break;
            }

            if (!_decoder.TryRead(buffer.AsSpan(at, length - at), out var frame, out var error, out _needed))
            {
                if (error != FrameError.None)
                {
                    var opcode = FrameRefusal.OpcodeAt(_decoder, error, buffer.AsSpan(at, length - at));
                    Refuse(FrameRefusal.For(error), opcode);
                    break;
                }

                if (_needed >= LargeFrame && length - at >= RoomMin && buffer == Io.Reactor.Input
                    && at + _needed <= buffer.Length && TryReceiveMore(buffer, ref length))
                {
                    continue;
                }

                break;
            }

            at += frame.Size;
            if (_refusal is not null)
            {
                Refuse(_refusal, frame.AgentOs.Opcode);
                break;
            }

            Session.Handle(frame);
        }

        if (_descriptor is not null && at == length)
        {
            Refuse(FrameRefusal.Malformed("a descriptor came with a frame that does not have the flag HANDLE"), 0);
        }

        if (_state is State.Open or State.Waiting)
        {
            KeepTail(buffer.AsSpan(at, length - at), begun: at > 0);
        }

        Output.Uncork();
    }

    /// <summary>Stops receiving until the client has taken its answers, or they have come.</summary>
    private void Wait()
    {
        _state = State.Waiting;
        Output.SetReading(false);
        if (!Output.HasRoom)
        {
            Io.Stalls.Set(ref _stallDeadline, this);
        }

        // A call may have ended between the look and the state.
        if (_session is { IsFull: false })
        {
            Io.Reactor.Post(AfterProgress, this);
        }
    }

    /// <summary>The client has shut down its sending side.</summary>
    private void End()
    {
        if (_tailBytes > 0 || _session is { HasOpenBody: true })
        {
            Refuse(new SysError(SysErrorCode.MalformedFrame, "the stream ended inside a frame"), 0);
            return;
        }

        _state = State.Ended;
        Output.SetReading(false);
        AfterProgress();
    }

    private void AfterProgress()
    {
        switch (_state)
        {
            case State.Waiting when Output.HasRoom && _session is not { IsFull: true }:
                Resume();
                break;
            case State.Waiting or State.Ended when !Output.HasRoom:
                Io.Stalls.Set(ref _stallDeadline, this);
                break;
            // In this order: the last answer is queued, if it does not go at once, before its call is over.
            case State.Ended when _session is not { IsIdle: false } && Output.Queued == 0:
                Close();
                break;
            case State.Refusing when Output.Queued == 0:
                Output.ShutdownWrites();
                break;
        }
    }

    private void Resume()
    {
        _state = State.Open;
        Output.SetReading(true);
        if (_tailBytes > 0)
        {
            var length = _tailBytes;
            var input = Io.Reactor.Input;
            if (length <= input.Length)
            {
                _tail.AsSpan(0, length).CopyTo(input);
                Serve(input, length);
            }
            else
            {
                Serve(_tail!, length);
            }
        }
    }

    private void Discard(bool hungUp)
    {
        var received = DescriptorMessage.Receive(_socket, Io.Reactor.Input, out var descriptor, out _);
        if (descriptor is not null)
        {
            DescriptorMessage.CloseAtOnce(descriptor);
        }

        if (received is -Errno.EAGAIN or -Errno.EINTR)
        {
            return;
        }

        _discarded += Math.Max(received, 0);
        if (received == 0 && !hungUp && Output.Queued > 0)
        {
            Output.SetReading(false);
        }
        else if (received <= 0 || _discarded > DiscardBytesMax)
        {
            Close();
        }
    }
}
