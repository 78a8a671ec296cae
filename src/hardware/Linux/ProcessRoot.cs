using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Linux;

/// <summary>
/// A host process's root folder, in which paths mean what they mean to that process: openat2(2) RESOLVE_IN_ROOT. Looks
/// only (O_PATH): opens no device, waits for no FIFO.
/// </summary>
public sealed unsafe partial class ProcessRoot : SafeHandleMinusOneIsInvalid
{
    private const ulong RESOLVE_IN_ROOT = 0x10;

    private readonly int _mounts;

    private ProcessRoot(int fd, int mounts)
        : base(ownsHandle: true)
    {
        SetHandle(fd);
        _mounts = mounts;
    }

    /// <summary>
    /// Null when the process has gone, or is not ours to look into. Holds its mount namespace, so that what it saw can
    /// still be looked at when it has ended.
    /// </summary>
    public static ProcessRoot? TryOpen(int pid)
    {
        var fd = LibC.open($"/proc/{pid}/root", LibC.O_PATH | LibC.O_DIRECTORY | LibC.O_CLOEXEC, 0);
        if (fd < 0)
        {
            return null;
        }

        var mounts = LibC.open($"/proc/{pid}/ns/mnt", LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        return new ProcessRoot(fd, mounts);
    }

    /// <summary>
    /// 0 and whether it lies on a read-only mount, or the errno. The path ends with a NUL; a last link is followed.
    /// </summary>
    public int Look(ReadOnlySpan<byte> path, out bool readOnly)
    {
        readOnly = false;
        var fd = Open(path);
        if (fd < 0)
        {
            return Marshal.GetLastPInvokeError();
        }

        LibC.statvfs_buf mount;
        readOnly = LibC.fstatvfs(fd, &mount) == 0 && (mount.f_flag & LibC.ST_RDONLY) != 0;
        LibC.close(fd);
        return 0;
    }

    /// <summary>Whether a file is there that somebody may execute. The path ends with a NUL; links count.</summary>
    public bool IsProgram(ReadOnlySpan<byte> path)
    {
        var fd = Open(path);
        if (fd < 0)
        {
            return false;
        }

        LibC.statx_buf file;
        var seen = LibC.statx(fd, "", LibC.AT_EMPTY_PATH, LibC.STATX_BASIC_STATS, &file) == 0;
        LibC.close(fd);
        const int anybodyExecutes = 0x49; // 0111
        return seen && (file.stx_mode & LibC.S_IFMT) == LibC.S_IFREG && (file.stx_mode & anybodyExecutes) != 0;
    }

    /// <summary>
    /// Writes where a link of /proc leads to and returns its length, 0 when it cannot be read: a process's working
    /// folder, or one of its open files. The path ends with a NUL.
    /// </summary>
    public static int ReadLink(ReadOnlySpan<byte> path, Span<byte> into)
    {
        fixed (byte* from = path)
        fixed (byte* to = into)
        {
            return Math.Max(0, (int)Native.readlinkat(LibC.AT_FDCWD, from, to, (nuint)into.Length));
        }
    }

    /// <summary>Whether a path, ending with a NUL, exists on the host itself; a last link is not followed.</summary>
    public static bool ExistsOnHost(ReadOnlySpan<byte> path)
    {
        fixed (byte* at = path)
        {
            return Native.faccessat(LibC.AT_FDCWD, at, 0, LibC.AT_SYMLINK_NOFOLLOW) == 0;
        }
    }

    private int Open(ReadOnlySpan<byte> path)
    {
        LibC.open_how how = new()
        {
            flags = (ulong)(LibC.O_PATH | LibC.O_CLOEXEC),
            resolve = RESOLVE_IN_ROOT | LibC.RESOLVE_NO_MAGICLINKS,
        };
        fixed (byte* at = path)
        {
            return (int)LibC.syscall4(
                LibC.SYS_openat2, (int)handle, (nint)at, (nint)(&how), sizeof(LibC.open_how));
        }
    }

    protected override bool ReleaseHandle()
    {
        if (_mounts >= 0)
        {
            LibC.close(_mounts);
        }

        return LibC.close((int)handle) == 0;
    }

    private static partial class Native
    {
        [LibraryImport("libc")]
        public static partial nint readlinkat(int dirfd, byte* path, byte* buf, nuint size);

        [LibraryImport("libc")]
        public static partial int faccessat(int dirfd, byte* path, int mode, int flags);
    }
}
