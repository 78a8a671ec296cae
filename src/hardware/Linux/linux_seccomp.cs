using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Analemma.Linux;

// <linux/seccomp.h>. Names and types are the header's; seccomp_unotify(2) is the documentation.
internal static partial class LibC
{
    // _IOWR('!', 0, struct seccomp_notif), _IOWR('!', 1, struct seccomp_notif_resp), _IOW('!', 2, __u64),
    // _IOW('!', 4, __u64).
    public const nuint SECCOMP_IOCTL_NOTIF_RECV = 0xC050_2100;
    public const nuint SECCOMP_IOCTL_NOTIF_SEND = 0xC018_2101;
    public const nuint SECCOMP_IOCTL_NOTIF_ID_VALID = 0x4008_2102;
    public const nuint SECCOMP_IOCTL_NOTIF_SET_FLAGS = 0x4008_2104;
    public const uint SECCOMP_USER_NOTIF_FLAG_CONTINUE = 1;
    public const ulong SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP = 1;

    public const nuint SECCOMP_MODE_FILTER = 2;

    // <linux/filter.h>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct sock_fprog
    {
        public ushort len;
        public byte* filter;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct seccomp_notif_resp
    {
        public ulong id;
        public long val;
        public int error;
        public uint flags;
    }
}

/// <summary>struct seccomp_notif: a syscall that waits for the listener's answer.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SeccompNotification
{
    public ulong Id;

    /// <summary>The thread that waits, as this host numbers it; 0 when it is not to be seen from here.</summary>
    public uint Pid;

    public uint Flags;

    public int Number;

    public uint Architecture;

    public ulong InstructionPointer;

    public SyscallArgs Args;
}

/// <summary>The six arguments of a syscall.</summary>
[InlineArray(6)]
public struct SyscallArgs
{
    private ulong _first;
}
