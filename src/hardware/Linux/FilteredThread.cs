using System.Runtime.InteropServices;

namespace Analemma.Linux;

// A filter and no_new_privs belong to a thread, and what a thread starts inherits them. So a thread puts them on,
// starts the child and ends, and the rest of the process goes on without.
/// <summary>Starts something under a seccomp filter that this process itself is not under.</summary>
internal static unsafe class FilteredThread
{
    private const int InstructionBytes = 8;

    /// <summary>Runs a call that returns an errno, on a thread of its own under the filter.</summary>
    public static int Run(byte[] filter, Func<int> call)
    {
        var errno = 0;
        Thread visitor = new(() => errno = PutOn(filter) is var failed and not 0 ? failed : call(), 256 * 1024);
        visitor.Start();
        visitor.Join();
        return errno;
    }

    private static int PutOn(byte[] filter)
    {
        fixed (byte* instructions = filter)
        {
            var count = checked((ushort)(filter.Length / InstructionBytes));
            LibC.sock_fprog program = new() { len = count, filter = instructions };
            var isOn = LibC.prctl(LibC.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
                && LibC.prctl(LibC.PR_SET_SECCOMP, LibC.SECCOMP_MODE_FILTER, (nuint)(&program), 0, 0) == 0;
            return isOn ? 0 : Marshal.GetLastPInvokeError();
        }
    }
}
