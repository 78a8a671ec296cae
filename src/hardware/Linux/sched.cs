using System.Runtime.InteropServices;

namespace Analemma.Linux;

// <linux/sched/types.h>: the structure as Linux 3.14 had it, which all later ones take.
internal static unsafe partial class LibC
{
    public const ulong SCHED_FLAG_RESET_ON_FORK = 1;

    public static readonly nint SYS_sched_setattr =
        RuntimeInformation.OSArchitecture == Architecture.Arm64 ? 274 : 314;

    public static readonly nint SYS_sched_getattr =
        RuntimeInformation.OSArchitecture == Architecture.Arm64 ? 275 : 315;

    [StructLayout(LayoutKind.Sequential)]
    public struct sched_attr
    {
        public uint size;
        public uint sched_policy;
        public ulong sched_flags;
        public int sched_nice;
        public uint sched_priority;
        public ulong sched_runtime;
        public ulong sched_deadline;
        public ulong sched_period;
    }
}
