using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Linux;

/// <summary>What a descriptor is ready for, or is watched for: epoll_ctl(2).</summary>
[Flags]
public enum Readiness
{
    None = 0,
    Read = 0x001,
    Write = 0x004,
    Error = 0x008,
    HungUp = 0x010,
    PeerShutdown = 0x2000,

    /// <summary>Shown once each time that it becomes so, and not for as long as it is.</summary>
    EdgeTriggered = int.MinValue,
}

/// <summary>
/// Watches many descriptors, level-triggered unless told otherwise: epoll(7). Any thread may add, change or remove, and
/// any number may wait for one at a time; only one thread may wait for many.
/// </summary>
public sealed unsafe class Epoll : SafeHandleMinusOneIsInvalid
{
    // struct epoll_event is packed on x86-64 and nowhere else.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventSize = DataOffset + 8;

    private readonly byte[] _events;

    public Epoll(int eventsMax)
        : base(ownsHandle: true)
    {
        SetHandle(LinuxException.ThrowIfFailed(LibC.epoll_create1(LibC.EPOLL_CLOEXEC)));
        _events = GC.AllocateArray<byte>(eventsMax * EventSize, pinned: true);
    }

    public void Add(SafeHandle descriptor, Readiness interest) => Control(LibC.EPOLL_CTL_ADD, descriptor, interest);

    public void Change(SafeHandle descriptor, Readiness interest) => Control(LibC.EPOLL_CTL_MOD, descriptor, interest);

    public void Remove(SafeHandle descriptor) => Control(LibC.EPOLL_CTL_DEL, descriptor, Readiness.None);

    /// <summary>Waits for something to be ready; 0 after the time-out (in ms, -1 for none) or a signal.</summary>
    public int Wait(int timeoutMs)
    {
        fixed (byte* events = _events)
        {
            var count = LibC.epoll_wait(this, events, _events.Length / EventSize, timeoutMs);
            if (count < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR)
            {
                return 0;
            }

            return LinuxException.ThrowIfFailed(count, "epoll_wait");
        }
    }

    /// <summary>Waits for one of them to be ready; false after a signal. Of several that wait, one gets it.</summary>
    public bool WaitForOne(out int descriptor, out Readiness ready)
    {
        var @event = stackalloc byte[EventSize];
        var count = LibC.epoll_wait(this, @event, 1, -1);
        if (count < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR)
        {
            LinuxException.ThrowIfFailed(count, "epoll_wait");
        }

        descriptor = count > 0 ? Unsafe.ReadUnaligned<int>(@event + DataOffset) : -1;
        ready = count > 0 ? (Readiness)Unsafe.ReadUnaligned<int>(@event) : Readiness.None;
        return count > 0;
    }

    /// <summary>The ready descriptors of the latest <see cref="Wait"/>, by index.</summary>
    public (int Descriptor, Readiness Ready) Ready(int index)
    {
        var at = _events.AsSpan(index * EventSize, EventSize);
        return (BinaryPrimitives.ReadInt32LittleEndian(at[DataOffset..]),
            (Readiness)BinaryPrimitives.ReadInt32LittleEndian(at));
    }

    protected override bool ReleaseHandle() => LibC.close((int)handle) == 0;

    private void Control(int operation, SafeHandle descriptor, Readiness interest)
    {
        var held = false;
        try
        {
            descriptor.DangerousAddRef(ref held);
            var fd = (int)descriptor.DangerousGetHandle();
            var @event = stackalloc byte[EventSize];
            Unsafe.WriteUnaligned(@event, (int)interest);
            Unsafe.WriteUnaligned(@event + DataOffset, (long)fd);
            LinuxException.ThrowIfFailed(LibC.epoll_ctl(this, operation, fd, @event), "epoll_ctl");
        }
        finally
        {
            if (held)
            {
                descriptor.DangerousRelease();
            }
        }
    }
}
