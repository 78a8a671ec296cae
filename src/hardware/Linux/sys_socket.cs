using System.Runtime.InteropServices;

namespace Analemma.Linux;

// <sys/socket.h>. Names and types are libc's, so that the man page is the documentation.
internal static unsafe partial class LibC
{
    public const int AF_UNIX = 1;
    public const int SOCK_STREAM = 1;
    public const int SOCK_SEQPACKET = 5;
    public const int SOCK_NONBLOCK = 0x800;
    public const int SOCK_CLOEXEC = 0x80000;
    public const int MSG_PEEK = 2;
    public const int MSG_NOSIGNAL = 0x4000;
    public const int SHUT_WR = 1;
    public const int SOL_SOCKET = 1;
    public const int SO_TYPE = 3;
    public const int SO_SNDBUF = 7;
    public const int SO_LINGER = 13;
    public const int SO_PEERCRED = 17;
    public const int SO_SNDBUFFORCE = 32;
    public const int SO_DOMAIN = 39;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int bind(SafeHandle sockfd, byte* addr, uint addrlen);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int connect(SafeHandle sockfd, byte* addr, uint addrlen);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getsockname(SafeHandle sockfd, byte* addr, uint* addrlen);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int listen(SafeHandle sockfd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int accept4(SafeHandle sockfd, byte* addr, uint* addrlen, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint recv(SafeHandle sockfd, byte* buf, nuint len, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint send(SafeHandle sockfd, byte* buf, nuint len, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int shutdown(SafeHandle sockfd, int how);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getsockopt(SafeHandle sockfd, int level, int optname, void* optval, uint* optlen);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setsockopt(SafeHandle sockfd, int level, int optname, void* optval, uint optlen);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int socketpair(int domain, int type, int protocol, int* sv);
}
