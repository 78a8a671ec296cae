using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Linux;

/// <summary>
/// Who is at the other end of a connection, as it was when it connected: SO_PEERCRED in unix(7). The uid is the host's.
/// </summary>
public readonly record struct PeerCredentials(int Pid, uint Uid, uint Gid);

/// <summary>
/// A Unix stream socket. What happens in normal running comes back as a number, a byte count or a negative errno; only
/// set-up throws. Never raises SIGPIPE.
/// </summary>
public sealed unsafe class UnixSocket : SafeHandleMinusOneIsInvalid
{
    private UnixSocket(int fd)
        : base(ownsHandle: true) => SetHandle(fd);

    /// <summary>The descriptor's number, for tables indexed by it while this socket is open.</summary>
    public int Number => (int)handle;

    /// <summary>
    /// Two ends of one queue of messages, neither blocking: what is sent into one is received from the other. The queue
    /// holds so many bytes, its own overhead included, or fewer where an ordinary user may not have that.
    /// </summary>
    public static (UnixSocket Into, UnixSocket From) MakeQueue(int bytes)
    {
        var ends = stackalloc int[2];
        var type = LibC.SOCK_SEQPACKET | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC;
        LinuxException.ThrowIfFailed(LibC.socketpair(LibC.AF_UNIX, type, 0, ends), "socketpair");
        UnixSocket into = new(ends[0]);
        if (LibC.setsockopt(into, LibC.SOL_SOCKET, LibC.SO_SNDBUFFORCE, &bytes, sizeof(int)) != 0)
        {
            _ = LibC.setsockopt(into, LibC.SOL_SOCKET, LibC.SO_SNDBUF, &bytes, sizeof(int));
        }

        return (into, new UnixSocket(ends[1]));
    }

    /// <summary>An end of such a queue that was somebody else's; null when it is none, and closed then.</summary>
    public static UnixSocket? TryOpenQueue(SafeFileHandle descriptor)
    {
        UnixSocket end = new((int)descriptor.DangerousGetHandle());
        descriptor.SetHandleAsInvalid();
        if (end.Option(LibC.SO_DOMAIN) == LibC.AF_UNIX && end.Option(LibC.SO_TYPE) == LibC.SOCK_SEQPACKET)
        {
            return end;
        }

        end.Dispose();
        return null;
    }

    /// <summary>
    /// Listens on a new path, non-blocking. The file has the mode from its first instant: bind(2) takes the inode's
    /// mode of the socket, less the umask, so what the umask took is put back after.
    /// </summary>
    public static UnixSocket Listen(string path, UnixFileMode mode, int backlog)
    {
        if (!UnixAddress.Fits(path))
        {
            return ListenThroughFolder(path, mode, backlog);
        }

        var address = UnixAddress.Of(path);
        var socket = Create(LibC.SOCK_NONBLOCK);
        try
        {
            File.SetUnixFileMode(new SafeFileHandle(socket.handle, ownsHandle: false), mode);
            fixed (byte* at = address)
            {
                LinuxException.ThrowIfFailed(LibC.bind(socket, at, (uint)address.Length), $"bind({path})");
            }

            if (File.GetUnixFileMode(path) != mode)
            {
                File.SetUnixFileMode(path, mode);
            }

            LinuxException.ThrowIfFailed(LibC.listen(socket, backlog), $"listen({path})");
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects; a blocking socket unless told otherwise. Null and the errno when refused.</summary>
    public static UnixSocket? TryConnect(string path, bool blocking, out int errno)
    {
        var address = UnixAddress.Of(path);
        var socket = Create(blocking ? 0 : LibC.SOCK_NONBLOCK);
        fixed (byte* at = address)
        {
            errno = LibC.connect(socket, at, (uint)address.Length) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }

        if (errno == 0)
        {
            return socket;
        }

        socket.Dispose();
        return null;
    }

    /// <summary>True for a socket's file: the one kind that open(2) refuses with ENXIO.</summary>
    public static bool IsSocketFile(string path)
    {
        var fd = LibC.open(path, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_NOFOLLOW | LibC.O_CLOEXEC, 0);
        if (fd >= 0)
        {
            _ = LibC.close(fd);
            return false;
        }

        return Marshal.GetLastPInvokeError() == Errno.ENXIO;
    }

    /// <summary>The next connection, non-blocking; null and <see cref="Errno.EAGAIN"/> when there is none.</summary>
    public UnixSocket? TryAccept(out int errno)
    {
        var fd = LibC.accept4(this, null, null, LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC);
        errno = fd >= 0 ? 0 : Marshal.GetLastPInvokeError();
        return fd >= 0 ? new UnixSocket(fd) : null;
    }

    /// <summary>Bytes received, 0 at the end of the stream, or a negative errno.</summary>
    public int Receive(Span<byte> buffer)
    {
        fixed (byte* at = buffer)
        {
            var count = (int)LibC.recv(this, at, (nuint)buffer.Length, 0);
            return count >= 0 ? count : -Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>Bytes sent, fewer than given when the peer's buffer is full, or a negative errno.</summary>
    public int Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* at = bytes)
        {
            var count = (int)LibC.send(this, at, (nuint)bytes.Length, LibC.MSG_NOSIGNAL);
            return count >= 0 ? count : -Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>The same for bytes that are in two places, or three.</summary>
    public int Send(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third = default)
    {
        fixed (byte* one = first, two = second, three = third)
        {
            var parts = stackalloc LibC.iovec_t[3];
            parts[0] = new LibC.iovec_t { iov_base = one, iov_len = (nuint)first.Length };
            parts[1] = new LibC.iovec_t { iov_base = two, iov_len = (nuint)second.Length };
            parts[2] = new LibC.iovec_t { iov_base = three, iov_len = (nuint)third.Length };
            LibC.msghdr_t message = new() { msg_iov = parts, msg_iovlen = third.IsEmpty ? 2u : 3u };
            var count = (int)LibC.sendmsg(this, &message, LibC.MSG_NOSIGNAL);
            return count >= 0 ? count : -Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>Tells the peer that no more will come; what it has already gone away for is no error.</summary>
    public void ShutdownWrites() => _ = LibC.shutdown(this, LibC.SHUT_WR);

    public PeerCredentials Credentials()
    {
        PeerCredentials credentials;
        var size = (uint)sizeof(PeerCredentials);
        LinuxException.ThrowIfFailed(
            LibC.getsockopt(this, LibC.SOL_SOCKET, LibC.SO_PEERCRED, &credentials, &size), "getsockopt(SO_PEERCRED)");
        return credentials with { Uid = UidMap.Own.Outside(credentials.Uid) };
    }

    protected override bool ReleaseHandle() => LibC.close((int)handle) == 0;

    /// <summary>
    /// A path may be longer than its address: the folder is named by a descriptor then. Whoever connects needs a
    /// shorter name for it too, as an agent has inside its sandbox.
    /// </summary>
    private static UnixSocket ListenThroughFolder(string path, UnixFileMode mode, int backlog)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var flags = LibC.O_PATH | LibC.O_DIRECTORY | LibC.O_CLOEXEC;
        var fd = LinuxException.ThrowIfFailed(LibC.open(folder, flags, 0), $"open {folder}");
        using SafeFileHandle held = new(fd, ownsHandle: true);
        return Listen($"/proc/self/fd/{fd}/{Path.GetFileName(path)}", mode, backlog);
    }

    private int Option(int name)
    {
        var value = 0;
        var size = (uint)sizeof(int);
        return LibC.getsockopt(this, LibC.SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
    }

    private static UnixSocket Create(int flags) =>
        new(LinuxException.ThrowIfFailed(
            LibC.socket(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC | flags, 0), "socket(AF_UNIX)"));
}
