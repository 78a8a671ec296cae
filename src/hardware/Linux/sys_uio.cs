using System.Runtime.InteropServices;

namespace Analemma.Linux;

// <sys/uio.h>. Names and types are libc's, so that the man page is the documentation.
internal static unsafe partial class LibC
{
    [StructLayout(LayoutKind.Sequential)]
    public struct iovec_t
    {
        public void* iov_base;
        public nuint iov_len;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint process_vm_readv(
        int pid, iovec_t* local, nuint localCount, iovec_t* remote, nuint remoteCount, nuint flags);
}

/// <summary>The memory of another host process, which may end, or change it, while we look.</summary>
public static unsafe class ProcessMemory
{
    private const int PageSize = 4096;

    /// <summary>Bytes read, fewer than asked for at the end of what is mapped; 0 when none can be.</summary>
    public static int Read(int pid, ulong address, Span<byte> into)
    {
        fixed (byte* local = into)
        {
            LibC.iovec_t here = new() { iov_base = local, iov_len = (nuint)into.Length };
            LibC.iovec_t there = new() { iov_base = (void*)address, iov_len = (nuint)into.Length };
            return Math.Max(0, (int)LibC.process_vm_readv(pid, &here, 1, &there, 1, 0));
        }
    }

    /// <summary>
    /// Reads a C string and its NUL, page by page, so that one at the end of a mapping is read too. Returns its length
    /// without the NUL, or -1 when it cannot be read or does not fit.
    /// </summary>
    public static int ReadString(int pid, ulong address, Span<byte> into)
    {
        var done = 0;
        while (done < into.Length)
        {
            var at = unchecked(address + (ulong)done);
            var wanted = Math.Min(into.Length - done, PageSize - (int)(at % PageSize));
            var count = Read(pid, at, into.Slice(done, wanted));
            var end = into.Slice(done, count).IndexOf((byte)0);
            if (end >= 0)
            {
                return done + end;
            }

            if (count < wanted)
            {
                return -1;
            }

            done += count;
        }

        return -1;
    }
}
