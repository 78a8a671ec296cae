using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Linux;

/// <summary>Host files and pipes that <see cref="File"/> does not know. Every descriptor is close-on-exec.</summary>
public static unsafe class HostFiles
{
    private const uint OwnerOnly = 0x180; // 0600

    public static void MakeFifo(string path, int mode) =>
        LinuxException.ThrowIfFailed(LibC.mkfifo(path, (uint)mode), $"mkfifo {path}");

    /// <summary>The end to read of a FIFO, not blocking, whether or not somebody writes.</summary>
    public static SafeFileHandle OpenFifoToRead(string path) => Open(path, LibC.O_RDONLY | LibC.O_NONBLOCK);

    /// <summary>A regular file to read; whatever else the path leads to is not waited for. EISDIR says so.</summary>
    public static SafeFileHandle OpenRegularToRead(string path) =>
        FolderFd.Regular(Open(path, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_NOCTTY), path);

    /// <summary>A file that every write goes to the end of, whoever else writes; made for its owner alone.</summary>
    public static SafeFileHandle OpenToAppend(string path)
    {
        var flags = LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND | LibC.O_NOCTTY | LibC.O_CLOEXEC;
        var fd = LinuxException.ThrowIfFailed(LibC.open(path, flags, OwnerOnly), $"open {path}");
        return FolderFd.Regular(new SafeFileHandle(fd, ownsHandle: true), path);
    }

    /// <summary>Lets a file be what this process, and those that it starts, print to and complain to.</summary>
    public static void BecomeOutput(SafeFileHandle file)
    {
        for (var target = 1; target <= 2; target++)
        {
            LinuxException.ThrowIfFailed(LibC.dup2((int)file.DangerousGetHandle(), target), "dup2");
        }
    }

    /// <summary>Both ends of a FIFO: whoever holds them never gets SIGPIPE.</summary>
    public static SafeFileHandle OpenFifoBothWays(string path) => Open(path, LibC.O_RDWR);

    /// <summary>The end to write of a FIFO that somebody reads; ENXIO when nobody does.</summary>
    public static SafeFileHandle OpenFifoToWrite(string path) => Open(path, LibC.O_WRONLY | LibC.O_NONBLOCK);

    public static (SafeFileHandle Read, SafeFileHandle Write) MakePipe(bool readBlocks, bool writeBlocks = true)
    {
        var ends = stackalloc int[2];
        LinuxException.ThrowIfFailed(LibC.pipe2(ends, LibC.O_CLOEXEC));
        SafeFileHandle read = new(ends[0], ownsHandle: true);
        SafeFileHandle write = new(ends[1], ownsHandle: true);
        const int setFlags = 4;
        if (!readBlocks)
        {
            LinuxException.ThrowIfFailed(LibC.fcntl(ends[0], setFlags, LibC.O_NONBLOCK));
        }

        if (!writeBlocks)
        {
            LinuxException.ThrowIfFailed(LibC.fcntl(ends[1], setFlags, LibC.O_NONBLOCK));
        }

        return (read, write);
    }

    /// <summary>Makes reads and writes wait, for a program that does not expect otherwise.</summary>
    public static void MakeBlocking(SafeFileHandle file)
    {
        const int setFlags = 4;
        LinuxException.ThrowIfFailed(LibC.fcntl((int)file.DangerousGetHandle(), setFlags, 0));
    }

    /// <summary>Reads what is there: 0 at the end, -1 when a non-blocking descriptor has nothing.</summary>
    public static int Read(SafeFileHandle file, Span<byte> into)
    {
        while (true)
        {
            nint count;
            fixed (byte* pointer = into)
            {
                count = LibC.read((int)file.DangerousGetHandle(), pointer, (nuint)into.Length);
            }

            if (count >= 0)
            {
                return (int)count;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR:
                    continue;
                case Errno.EAGAIN:
                    return -1;
                default:
                    throw new LinuxException(Marshal.GetLastPInvokeError(), "read");
            }
        }
    }

    public static int Write(SafeFileHandle file, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* pointer = bytes)
        {
            var count = LibC.write((int)file.DangerousGetHandle(), pointer, (nuint)bytes.Length);
            return (int)LinuxException.ThrowIfFailed(count, "write");
        }
    }

    /// <summary>Writes what there is room for; -1 when a non-blocking descriptor has none.</summary>
    public static int TryWrite(SafeFileHandle file, ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            nint count;
            fixed (byte* pointer = bytes)
            {
                count = LibC.write((int)file.DangerousGetHandle(), pointer, (nuint)bytes.Length);
            }

            if (count >= 0)
            {
                return (int)count;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR:
                    continue;
                case Errno.EAGAIN:
                    return -1;
                default:
                    throw new LinuxException(Marshal.GetLastPInvokeError(), "write");
            }
        }
    }

    /// <summary>
    /// Reads a small file of sysfs, proc or a cgroup; what does not fit is left. -1 when it cannot be read.
    /// </summary>
    public static int TryReadWhole(string path, Span<byte> into)
    {
        var fd = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        if (fd < 0)
        {
            return -1;
        }

        nint total = 0;
        nint count;
        fixed (byte* pointer = into)
        {
            do
            {
                count = LibC.read(fd, pointer + total, (nuint)(into.Length - total));
                total += Math.Max(count, 0);
            }
            while (count > 0);
        }

        LibC.close(fd);
        return count < 0 ? -1 : (int)total;
    }

    /// <summary>
    /// Writes to a file that is there, in one write(2), as the files of sysfs and cgroups want it: three calls, where
    /// <see cref="FileStream"/> makes seven.
    /// </summary>
    public static void WriteWhole(string path, ReadOnlySpan<byte> bytes)
    {
        using var file = Open(path, LibC.O_WRONLY);
        Write(file, bytes);
    }

    /// <summary>
    /// Writes over a file that is there and no longer than a page, in one write, the rest of it filled up. False when
    /// it is not there, or is longer.
    /// </summary>
    public static bool TryWriteOver(string path, ReadOnlySpan<byte> bytes, byte filling)
    {
        Span<byte> whole = stackalloc byte[Environment.SystemPageSize];
        var fd = LibC.open(path, LibC.O_RDWR | LibC.O_CLOEXEC, 0);
        if (fd < 0)
        {
            return false;
        }

        using SafeFileHandle file = new(fd, ownsHandle: true);
        var length = RandomAccess.GetLength(file);
        if (length > whole.Length || bytes.Length > whole.Length)
        {
            return false;
        }

        whole.Fill(filling);
        bytes.CopyTo(whole);
        Write(file, whole[..(int)Math.Max(length, bytes.Length)]);
        return true;
    }

    /// <summary>Gives a file away, not following a link.</summary>
    public static void ChangeOwner(string path, uint uid, uint gid) =>
        LinuxException.ThrowIfFailed(LibC.lchown(path, uid, gid), $"lchown {path}");

    /// <summary>Removes an empty folder, such as a cgroup. False when it is busy or not empty.</summary>
    public static bool TryRemoveFolder(string path)
    {
        if (LibC.rmdir(path) == 0)
        {
            return true;
        }

        var errno = Marshal.GetLastPInvokeError();
        return errno switch
        {
            Errno.ENOENT => true,
            Errno.EBUSY or 39 => false, // ENOTEMPTY
            _ => throw new LinuxException(errno, $"rmdir {path}"),
        };
    }

    private static SafeFileHandle Open(string path, int flags) =>
        new(LinuxException.ThrowIfFailed(LibC.open(path, flags | LibC.O_CLOEXEC, 0), $"open {path}"), ownsHandle: true);
}
