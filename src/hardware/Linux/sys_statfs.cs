using System.Runtime.InteropServices;

namespace Analemma.Linux;

// <sys/statvfs.h>: of the mount that a descriptor is on.
internal static unsafe partial class LibC
{
    public const ulong ST_RDONLY = 1;

    [StructLayout(LayoutKind.Sequential, Size = 112)]
    public struct statvfs_buf
    {
        public ulong f_bsize;
        public ulong f_frsize;
        public ulong f_blocks;
        public ulong f_bfree;
        public ulong f_bavail;
        public ulong f_files;
        public ulong f_ffree;
        public ulong f_favail;
        public ulong f_fsid;
        public ulong f_flag;
        public ulong f_namemax;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fstatvfs(int fd, statvfs_buf* buf);
}
