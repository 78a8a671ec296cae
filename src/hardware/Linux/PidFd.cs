using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Linux;

/// <summary>How a host process ended: exactly one of the two is set, or neither when nobody could tell.</summary>
public readonly record struct WaitStatus(int? Code, int? Signal)
{
    /// <summary>From the status word of wait(2).</summary>
    public static WaitStatus FromWord(int status) =>
        (status & 0x7f) == 0 ? new((status >> 8) & 0xff, null) : new(null, status & 0x7f);
}

/// <summary>
/// Holds one host process, whatever happens to its number: a pid can be reused between looking it up and killing it, a
/// pidfd cannot. Readable (poll) once the process has ended.
/// </summary>
public sealed unsafe class PidFd : SafeHandleZeroOrMinusOneIsInvalid
{
    // linux/pidfd.h: _IOWR(0xFF, 11, struct pidfd_info), whose first version is 64 bytes with exit_code at 60.
    private const uint PIDFD_GET_INFO = 0xC040FF0B;
    private const ulong PIDFD_INFO_EXIT = 1 << 3;

    private PidFd(int fd)
        : base(ownsHandle: true) => SetHandle(fd);

    public int Number => (int)handle;

    /// <summary>
    /// Null when no such process exists; also when the number has become that of a thread, which newer kernels say with
    /// ENOENT and older ones with EINVAL.
    /// </summary>
    public static PidFd? TryOpen(int pid)
    {
        var fd = LibC.syscall4(LibC.SYS_pidfd_open, pid, 0, 0, 0);
        return fd < 0 && Marshal.GetLastPInvokeError() is Errno.ESRCH or Errno.EINVAL or Errno.ENOENT
            ? null
            : new PidFd((int)LinuxException.ThrowIfFailed(fd));
    }

    /// <summary>False when the process has already ended, or this is closed because it has.</summary>
    public bool TrySignal(int signal)
    {
        if (!TryHold())
        {
            return false;
        }

        try
        {
            var sent = LibC.syscall4(LibC.SYS_pidfd_send_signal, handle, signal, 0, 0);
            if (sent < 0 && Marshal.GetLastPInvokeError() == Errno.ESRCH)
            {
                return false;
            }

            LinuxException.ThrowIfFailed(sent);
            return true;
        }
        finally
        {
            DangerousRelease();
        }
    }

    /// <summary>Whether the process has ended, reaped or not.</summary>
    public bool HasEnded
    {
        get
        {
            if (!TryHold())
            {
                return true;
            }

            LibC.poll_fd ended = new() { fd = Number, events = LibC.POLLIN };
            var count = LibC.poll(&ended, 1, timeout: 0);
            DangerousRelease();
            return count > 0;
        }
    }

    /// <summary>
    /// One of the process's open files, as it has it: pidfd_getfd(2). Null and the errno without the right to trace it
    /// (ptrace(2), access mode checks), or when it has none of that number.
    /// </summary>
    public SafeFileHandle? TryTake(int descriptor, out int errno)
    {
        if (!TryHold())
        {
            errno = Errno.ESRCH;
            return null;
        }

        var fd = LibC.syscall4(LibC.SYS_pidfd_getfd, handle, descriptor, 0, 0);
        errno = fd >= 0 ? 0 : Marshal.GetLastPInvokeError();
        DangerousRelease();
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : null;
    }

    /// <summary>
    /// Takes the status of a child that has ended, and with it the zombie. Null while it runs. Not our child: the
    /// status that kernels from 6.15 on keep with the pidfd, or an empty one.
    /// </summary>
    public WaitStatus? TryReap()
    {
        if (!TryHold())
        {
            return default(WaitStatus);
        }

        try
        {
            return Reap();
        }
        finally
        {
            DangerousRelease();
        }
    }

    protected override bool ReleaseHandle() => LibC.close((int)handle) == 0;

    // Closed meanwhile, the number may be another process's: the handle is held while it is used.
    private bool TryHold()
    {
        var isHeld = false;
        try
        {
            DangerousAddRef(ref isHeld);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }

        return isHeld;
    }

    private WaitStatus? Reap()
    {
        LibC.siginfo_t info = default;
        if (LibC.waitid(LibC.P_PIDFD, (int)handle, &info, LibC.WEXITED | LibC.WNOHANG) == 0)
        {
            if (info.si_pid == 0)
            {
                return null;
            }

            return info.si_code == LibC.CLD_EXITED ? new(info.si_status, null) : new(null, info.si_status);
        }

        return Marshal.GetLastPInvokeError() == Errno.ECHILD ? ReadExit() : null;
    }

    private WaitStatus ReadExit()
    {
        var info = stackalloc byte[64];
        new Span<byte>(info, 64).Clear();
        *(ulong*)info = PIDFD_INFO_EXIT;
        var known = LibC.ioctl_pidfd((int)handle, PIDFD_GET_INFO, info) == 0 && (*(ulong*)info & PIDFD_INFO_EXIT) != 0;
        return known ? WaitStatus.FromWord(*(int*)(info + 60)) : default;
    }
}

internal static unsafe partial class LibC
{
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int ioctl_pidfd(int fd, nuint request, void* argument);
}
