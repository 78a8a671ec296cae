using System.Runtime.InteropServices;

namespace Analemma.Linux;

// <poll.h>
internal static unsafe partial class LibC
{
    public const short POLLIN = 1;
    public const short POLLHUP = 0x10;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(poll_fd* fds, nuint nfds, int timeout);

    [StructLayout(LayoutKind.Sequential)]
    public struct poll_fd
    {
        public int fd;
        public short events;
        public short revents;
    }
}
