using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Linux;

// Ancillary data, cmsg(3): control messages one after the other, each a header (size u64, level i32, type i32) and
// data, aligned to 8 bytes. SCM_RIGHTS of unix(7) carries descriptors as an int[].
internal static unsafe partial class LibC
{
    public const int SCM_RIGHTS = 1;
    public const int MSG_CMSG_CLOEXEC = 0x4000_0000;

    [StructLayout(LayoutKind.Sequential)]
    public struct msghdr_t
    {
        public void* msg_name;
        public uint msg_namelen;
        public iovec_t* msg_iov;
        public nuint msg_iovlen;
        public void* msg_control;
        public nuint msg_controllen;
        public int msg_flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct cmsghdr_t
    {
        public nuint cmsg_len;
        public int cmsg_level;
        public int cmsg_type;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint recvmsg(SafeHandle sockfd, msghdr_t* msg, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint sendmsg(SafeHandle sockfd, msghdr_t* msg, int flags);
}

/// <summary>Bytes with descriptors beside them, over a Unix socket.</summary>
public static unsafe class DescriptorMessage
{
    private const int ControlSize = 64;

    /// <summary>Room for as many as one message may carry: SCM_MAX_FD, 253.</summary>
    private const int ControlSizeMax = 1040;

    /// <summary>
    /// Receives bytes (0 at the end of the stream, or a negative errno) and adds the descriptors that came with them to
    /// the list, whose owner closes them.
    /// </summary>
    public static int Receive(UnixSocket socket, Span<byte> into, ICollection<SafeFileHandle> descriptors) =>
        Receive(socket, into, descriptors, LibC.MSG_CMSG_CLOEXEC);

    /// <summary>The same, but leaves the message where it is: the descriptors are further ones.</summary>
    public static int Peek(UnixSocket socket, Span<byte> into, ICollection<SafeFileHandle> descriptors) =>
        Receive(socket, into, descriptors, LibC.MSG_CMSG_CLOEXEC | LibC.MSG_PEEK);

    /// <summary>
    /// Receives bytes into a stream that may carry descriptors: the first that came, and how many there were. All but
    /// the first are closed.
    /// </summary>
    [SkipLocalsInit]
    public static int Receive(UnixSocket socket, Span<byte> into, out SafeFileHandle? first, out int came)
    {
        var control = stackalloc byte[ControlSizeMax];
        first = null;
        came = 0;
        fixed (byte* bytes = into)
        {
            LibC.iovec_t part = new() { iov_base = bytes, iov_len = (nuint)into.Length };
            LibC.msghdr_t message = new()
            {
                msg_iov = &part,
                msg_iovlen = 1,
                msg_control = control,
                msg_controllen = ControlSizeMax,
            };
            var count = LibC.recvmsg(socket, &message, LibC.MSG_CMSG_CLOEXEC);
            if (count < 0)
            {
                return -Marshal.GetLastPInvokeError();
            }

            if (message.msg_controllen == 0)
            {
                return (int)count;
            }

            List<SafeFileHandle> descriptors = [];
            Collect(new ReadOnlySpan<byte>(control, (int)message.msg_controllen), descriptors);
            came = descriptors.Count;
            foreach (var descriptor in descriptors)
            {
                if (first is null)
                {
                    first = descriptor;
                }
                else
                {
                    CloseAtOnce(descriptor);
                }
            }

            return (int)count;
        }
    }

    /// <summary>
    /// Closes what somebody else sent. A socket whose owner asked close(2) to linger would hold the caller up: not this
    /// one.
    /// </summary>
    public static void CloseAtOnce(SafeFileHandle descriptor)
    {
        var off = stackalloc int[2];
        off[0] = off[1] = 0;
        _ = LibC.setsockopt(descriptor, LibC.SOL_SOCKET, LibC.SO_LINGER, off, 2 * sizeof(int));
        descriptor.Dispose();
    }

    /// <summary>Sends bytes with descriptors. How many bytes, or a negative errno.</summary>
    public static int Send(UnixSocket socket, ReadOnlySpan<byte> bytes, IReadOnlyList<SafeHandle> descriptors)
    {
        var size = sizeof(LibC.cmsghdr_t) + (descriptors.Count * sizeof(int));
        var control = stackalloc byte[(size + 7) & ~7];
        *(LibC.cmsghdr_t*)control = new LibC.cmsghdr_t
        {
            cmsg_len = (nuint)size,
            cmsg_level = LibC.SOL_SOCKET,
            cmsg_type = LibC.SCM_RIGHTS,
        };
        for (var i = 0; i < descriptors.Count; i++)
        {
            ((int*)(control + sizeof(LibC.cmsghdr_t)))[i] = (int)descriptors[i].DangerousGetHandle();
        }

        fixed (byte* at = bytes)
        {
            LibC.iovec_t part = new() { iov_base = at, iov_len = (nuint)bytes.Length };
            LibC.msghdr_t message = new()
            {
                msg_iov = &part,
                msg_iovlen = 1,
                msg_control = control,
                msg_controllen = (nuint)((size + 7) & ~7),
            };
            var count = LibC.sendmsg(socket, &message, LibC.MSG_NOSIGNAL);
            return count >= 0 ? (int)count : -Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>Sends bytes with one descriptor. How many bytes, or a negative errno.</summary>
    public static int Send(UnixSocket socket, ReadOnlySpan<byte> bytes, SafeHandle descriptor)
    {
        var control = stackalloc byte[sizeof(LibC.cmsghdr_t) + 8];
        *(LibC.cmsghdr_t*)control = new LibC.cmsghdr_t
        {
            cmsg_len = (nuint)sizeof(LibC.cmsghdr_t) + sizeof(int),
            cmsg_level = LibC.SOL_SOCKET,
            cmsg_type = LibC.SCM_RIGHTS,
        };
        *(int*)(control + sizeof(LibC.cmsghdr_t)) = (int)descriptor.DangerousGetHandle();
        fixed (byte* at = bytes)
        {
            LibC.iovec_t part = new() { iov_base = at, iov_len = (nuint)bytes.Length };
            LibC.msghdr_t message = new()
            {
                msg_iov = &part,
                msg_iovlen = 1,
                msg_control = control,
                msg_controllen = (nuint)sizeof(LibC.cmsghdr_t) + 8,
            };
            var count = LibC.sendmsg(socket, &message, LibC.MSG_NOSIGNAL);
            return count >= 0 ? (int)count : -Marshal.GetLastPInvokeError();
        }
    }

    private static int Receive(
        UnixSocket socket, Span<byte> into, ICollection<SafeFileHandle> descriptors, int flags)
    {
        var control = stackalloc byte[ControlSize];
        fixed (byte* bytes = into)
        {
            LibC.iovec_t part = new() { iov_base = bytes, iov_len = (nuint)into.Length };
            LibC.msghdr_t message = new()
            {
                msg_iov = &part,
                msg_iovlen = 1,
                msg_control = control,
                msg_controllen = ControlSize,
            };
            var count = LibC.recvmsg(socket, &message, flags);
            if (count < 0)
            {
                return -Marshal.GetLastPInvokeError();
            }

            Collect(new ReadOnlySpan<byte>(control, (int)message.msg_controllen), descriptors);
            return (int)count;
        }
    }

    private static void Collect(ReadOnlySpan<byte> control, ICollection<SafeFileHandle> descriptors)
    {
        while (control.Length >= sizeof(LibC.cmsghdr_t))
        {
            var header = MemoryMarshal.Read<LibC.cmsghdr_t>(control);
            var size = (int)Math.Min(header.cmsg_len, (nuint)control.Length);
            if (size < sizeof(LibC.cmsghdr_t))
            {
                return;
            }

            if (header.cmsg_level == LibC.SOL_SOCKET && header.cmsg_type == LibC.SCM_RIGHTS)
            {
                foreach (var fd in MemoryMarshal.Cast<byte, int>(control[sizeof(LibC.cmsghdr_t)..size]))
                {
                    descriptors.Add(new SafeFileHandle(fd, ownsHandle: true));
                }
            }

            control = control[Math.Min(control.Length, (size + 7) & ~7)..];
        }
    }
}
