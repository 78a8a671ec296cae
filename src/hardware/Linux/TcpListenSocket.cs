using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Linux;

/// <summary>
/// A TCP socket that listens, non-blocking. It belongs to the network namespace that it was made in, and keeps that in
/// being until it is closed.
/// </summary>
public sealed unsafe class TcpListenSocket : SafeHandleMinusOneIsInvalid
{
    private TcpListenSocket(int fd)
        : base(ownsHandle: true) => SetHandle(fd);

    /// <summary>The descriptor's number, while this socket is open.</summary>
    public int Number => (int)handle;

    /// <summary>The port that it listens on.</summary>
    public int Port
    {
        get
        {
            LibC.sockaddr_in6 address;
            var size = (uint)sizeof(LibC.sockaddr_in6);
            LinuxException.ThrowIfFailed(LibC.getsockname(this, (byte*)&address, &size), "getsockname");
            return NetworkOrder(address.sin6_port);
        }
    }

    /// <summary>
    /// Listens on 127.0.0.1 of this process's own network, where everybody on the host can connect. Port 0 takes one
    /// that is free.
    /// </summary>
    /// <exception cref="LinuxException">The port is taken, or is not for this user.</exception>
    public static TcpListenSocket OnHost(int port, int backlog) => Listen(LibC.AF_INET, port, backlog);

    /// <summary>The next connection; null and <see cref="Errno.EAGAIN"/> when there is none.</summary>
    public SafeSocketHandle? TryAccept(out int errno)
    {
        var fd = LibC.accept4(this, null, null, LibC.SOCK_CLOEXEC);
        errno = fd >= 0 ? 0 : Marshal.GetLastPInvokeError();
        return fd >= 0 ? new SafeSocketHandle(fd, ownsHandle: true) : null;
    }

    /// <summary>Listens on the loopback addresses of the namespace that this thread is in.</summary>
    internal static IReadOnlyList<TcpListenSocket> OnLoopback(int port, int backlog)
    {
        BringLoopbackUp();
        var v4 = Listen(LibC.AF_INET, port, backlog);
        try
        {
            return [v4, Listen(LibC.AF_INET6, port, backlog)];
        }
        catch (LinuxException failed) when (failed.Errno is Errno.EAFNOSUPPORT or Errno.EADDRNOTAVAIL)
        {
            // A kernel, or a namespace, without IPv6.
            return [v4];
        }
        catch
        {
            v4.Dispose();
            throw;
        }
    }

    protected override bool ReleaseHandle() => LibC.close((int)handle) == 0;

    private static TcpListenSocket Listen(int family, int port, int backlog)
    {
        const int type = LibC.SOCK_STREAM | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC;
        TcpListenSocket socket = new(LinuxException.ThrowIfFailed(LibC.socket(family, type, 0), "socket"));
        try
        {
            // Connections of an earlier kernel that wait for their end (TIME_WAIT) do not keep this one out.
            socket.Set(LibC.SOL_SOCKET, LibC.SO_REUSEADDR);
            if (family == LibC.AF_INET)
            {
                LibC.sockaddr_in address = new() { sin_family = LibC.AF_INET, sin_port = NetworkOrder(port) };
                (address.sin_addr[0], address.sin_addr[3]) = (127, 1);
                socket.Bind((byte*)&address, sizeof(LibC.sockaddr_in), $"bind 127.0.0.1:{port}");
            }
            else
            {
                socket.Set(LibC.IPPROTO_IPV6, LibC.IPV6_V6ONLY);
                LibC.sockaddr_in6 address = new() { sin6_family = LibC.AF_INET6, sin6_port = NetworkOrder(port) };
                address.sin6_addr[15] = 1;
                socket.Bind((byte*)&address, sizeof(LibC.sockaddr_in6), $"bind [::1]:{port}");
            }

            LinuxException.ThrowIfFailed(LibC.listen(socket, backlog), "listen");
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void Bind(byte* address, int size, string call) =>
        LinuxException.ThrowIfFailed(LibC.bind(this, address, (uint)size), call);

    private void Set(int level, int option)
    {
        var on = 1;
        LinuxException.ThrowIfFailed(LibC.setsockopt(this, level, option, &on, sizeof(int)), "setsockopt");
    }

    private static ushort NetworkOrder(int port) => BitConverter.IsLittleEndian
        ? BinaryPrimitives.ReverseEndianness((ushort)port)
        : (ushort)port;

    // Every engine does it that we know of. It takes a capability that a visitor of a sandbox has.
    private static void BringLoopbackUp()
    {
        const int type = LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC;
        using SafeFileHandle any = new(
            LinuxException.ThrowIfFailed(LibC.socket(LibC.AF_INET, type, 0), "socket"), ownsHandle: true);
        LibC.ifreq_flags request = default;
        (request.ifr_name[0], request.ifr_name[1]) = ((byte)'l', (byte)'o');
        var fd = (int)any.DangerousGetHandle();
        LinuxException.ThrowIfFailed(LibC.ioctl(fd, LibC.SIOCGIFFLAGS, &request), "ioctl(SIOCGIFFLAGS, lo)");
        if ((request.ifr_flags & LibC.IFF_UP) == 0)
        {
            request.ifr_flags |= LibC.IFF_UP;
            LinuxException.ThrowIfFailed(LibC.ioctl(fd, LibC.SIOCSIFFLAGS, &request), "ioctl(SIOCSIFFLAGS, lo)");
        }
    }
}
