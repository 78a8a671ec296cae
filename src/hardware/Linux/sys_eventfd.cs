using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Linux;

// <sys/eventfd.h>. Names and types are libc's, so that the man page is the documentation.
internal static partial class LibC
{
    public const int EFD_CLOEXEC = 0x80000;
    public const int EFD_NONBLOCK = 0x800;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int eventfd(uint initval, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int eventfd_write(SafeHandle fd, ulong value);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int eventfd_read(SafeHandle fd, out ulong value);
}

/// <summary>Wakes a thread that waits in <see cref="Epoll.Wait"/>, from any other: eventfd(2).</summary>
public sealed class EventFd : SafeHandleMinusOneIsInvalid
{
    public EventFd()
        : base(ownsHandle: true) =>
        SetHandle(LinuxException.ThrowIfFailed(LibC.eventfd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK)));

    /// <summary>Makes it readable. It cannot fail but by a counter that is full, and is readable then too.</summary>
    public void Set() => _ = LibC.eventfd_write(this, 1);

    public void Clear() => _ = LibC.eventfd_read(this, out _);

    protected override bool ReleaseHandle() => LibC.close((int)handle) == 0;
}
