using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Analemma.Linux;

/// <summary>
/// One thread that waits on many descriptors (epoll(7), level-triggered) and calls back. Callbacks run on that thread:
/// they must be short, and must not throw.
/// </summary>
public sealed partial class Watcher : IDisposable
{
    public const uint In = 0x1;
    public const uint Out = 0x4;
    public const uint Urgent = 0x2;
    public const uint Error = 0x8;
    public const uint HangUp = 0x10;

    private const int Add = 1;
    private const int Remove = 2;
    private const int BatchMax = 64;
    private const int CloseOnExec = 0x80000;

    // struct epoll_event is packed on x86-64 and nowhere else.
    private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    private readonly Lock _gate = new();
    private readonly Dictionary<long, (int Fd, Action<uint> Call)> _callbacks = [];
    private readonly Action<Exception>? _failed;
    private readonly int _epoll;
    private readonly int _wakeRead;
    private readonly int _wakeWrite;
    private long _latest;
    private bool _disposed;

    /// <param name="name">Of its thread.</param>
    /// <param name="failed">Told what a callback threw: its watch is over, and whoever it was for must be told.</param>
    public unsafe Watcher(string name, Action<Exception>? failed = null)
    {
        _failed = failed;
        _epoll = LinuxException.ThrowIfFailed(Native.epoll_create1(CloseOnExec));
        var pipe = stackalloc int[2];
        LinuxException.ThrowIfFailed(LibC.pipe2(pipe, LibC.O_CLOEXEC | LibC.O_NONBLOCK));
        (_wakeRead, _wakeWrite) = (pipe[0], pipe[1]);
        Control(Add, _wakeRead, In, 0);
        new Thread(Run) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>
    /// Calls back while the descriptor is ready, until the watch is disposed; do that before closing it.
    /// </summary>
    public IDisposable Watch(int fd, uint events, Action<uint> callback)
    {
        long id;
        lock (_gate)
        {
            id = ++_latest;
            _callbacks[id] = (fd, callback);
        }

        Control(Add, fd, events, id);
        return new Watched(this, fd, id);
    }

    /// <summary>Completes once the descriptor is readable or hung up.</summary>
    public Task WhenReadable(int fd)
    {
        OneWait wait = new();
        wait.Arm(this, fd);
        return wait.Task;
    }

    /// <summary>Completes once the descriptor is readable or hung up, or when it is no longer wanted.</summary>
    public Task WhenReadable(SafeHandle descriptor, CancellationToken cancellationToken) =>
        WhenReadyAsync(descriptor, In, cancellationToken);

    /// <summary>Completes once the descriptor takes more or nobody reads it, or when it is no longer wanted.</summary>
    public Task WhenWritable(SafeHandle descriptor, CancellationToken cancellationToken) =>
        WhenReadyAsync(descriptor, Out, cancellationToken);

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        Wake();
    }

    private async Task WhenReadyAsync(SafeHandle descriptor, uint events, CancellationToken cancellationToken)
    {
        OneWait wait = new();
        var isHeld = false;
        descriptor.DangerousAddRef(ref isHeld);
        try
        {
            wait.Arm(this, (int)descriptor.DangerousGetHandle(), events);
            await using (cancellationToken.Register(wait.Complete))
            {
                await wait.Task;
            }
        }
        finally
        {
            descriptor.DangerousRelease();
        }
    }

    private unsafe void Wake()
    {
        byte wake = 1;
        LibC.write(_wakeWrite, &wake, 1);
    }

    private unsafe void Run()
    {
        var stride = Packed ? 12 : 16;
        var events = stackalloc byte[BatchMax * 16];
        while (true)
        {
            var count = Native.epoll_wait(_epoll, events, BatchMax, -1);
            for (var index = 0; index < count; index++)
            {
                ReadOnlySpan<byte> entry = new(events + (index * stride), stride);
                var id = BinaryPrimitives.ReadInt64LittleEndian(entry[(stride - 8)..]);
                (int Fd, Action<uint> Call) watch;
                bool isWatched;
                lock (_gate)
                {
                    if (_disposed)
                    {
                        Close();
                        return;
                    }

                    isWatched = _callbacks.TryGetValue(id, out watch);
                }

                if (isWatched)
                {
                    Call(watch.Fd, id, watch.Call, BinaryPrimitives.ReadUInt32LittleEndian(entry));
                }
            }
        }
    }

    // Nothing may leave this thread: it is the process's end. One that was over when its callback threw was closed
    // under it, which is no fault.
    private void Call(int fd, long id, Action<uint> callback, uint events)
    {
        try
        {
            callback(events);
        }
        catch (Exception wrong)
        {
            if (Forget(fd, id))
            {
                _failed?.Invoke(wrong);
            }
        }
    }

    private void Close()
    {
        _callbacks.Clear();
        LibC.close(_epoll);
        LibC.close(_wakeRead);
        LibC.close(_wakeWrite);
    }

    private unsafe void Control(int operation, int fd, uint events, long id)
    {
        Span<byte> entry = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, events);
        BinaryPrimitives.WriteInt64LittleEndian(entry[(Packed ? 4 : 8)..], id);
        fixed (byte* pointer = entry)
        {
            LinuxException.ThrowIfFailed(Native.epoll_ctl(_epoll, operation, fd, pointer));
        }
    }

    private bool Forget(int fd, long id)
    {
        lock (_gate)
        {
            if (!_callbacks.Remove(id) || _disposed)
            {
                return false;
            }
        }

        try
        {
            Control(Remove, fd, 0, 0);
        }
        catch (LinuxException failed) when (failed.Errno is Errno.EBADF or Errno.ENOENT)
        {
            // Closed already, which took it out.
        }

        return true;
    }

    private sealed class Watched(Watcher owner, int fd, long id) : IDisposable
    {
        public void Dispose() => owner.Forget(fd, id);
    }

    private sealed class OneWait
    {
        private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _gate = new();
        private IDisposable? _watch;

        public Task Task => _ready.Task;

        public void Arm(Watcher watcher, int fd, uint events = In)
        {
            lock (_gate)
            {
                _watch = watcher.Watch(fd, events, _ => Complete());
            }
        }

        public void Complete()
        {
            lock (_gate)
            {
                _watch?.Dispose();
            }

            _ready.TrySetResult();
        }
    }

    private static unsafe partial class Native
    {
        [LibraryImport("libc", SetLastError = true)]
        public static partial int epoll_create1(int flags);

        [LibraryImport("libc", SetLastError = true)]
        public static partial int epoll_ctl(int epfd, int op, int fd, byte* entry);

        [LibraryImport("libc", SetLastError = true)]
        public static partial int epoll_wait(int epfd, byte* events, int maxevents, int timeout);
    }
}
