using System.Runtime.InteropServices;

namespace Analemma.Linux;

// <sys/syscall.h>: system calls that this libc has no function for. Numbers from 424 on are the same on every
// architecture.
internal static unsafe partial class LibC
{
    public static readonly nint SYS_setresuid =
        RuntimeInformation.OSArchitecture == Architecture.Arm64 ? 147 : 117;

    public static readonly nint SYS_setresgid =
        RuntimeInformation.OSArchitecture == Architecture.Arm64 ? 149 : 119;

    public static readonly nint SYS_setgroups =
        RuntimeInformation.OSArchitecture == Architecture.Arm64 ? 159 : 116;

    public const nint SYS_pidfd_send_signal = 424;
    public const nint SYS_pidfd_open = 434;
    public const nint SYS_close_range = 436;
    public const nint SYS_openat2 = 437;
    public const nint SYS_pidfd_getfd = 438;

    public const nint CLOSE_RANGE_CLOEXEC = 4;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial nint syscall4(nint number, nint a, nint b, nint c, nint d);
}
