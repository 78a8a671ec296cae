using System.Runtime.InteropServices;

namespace Analemma.Linux;

// <sys/ioctl.h>. Names and types are libc's, so that the man page is the documentation.
internal static unsafe partial class LibC
{
    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(int fd, nuint request, void* argument);
}
