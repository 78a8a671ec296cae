using System.Runtime.InteropServices;
using System.Text;

namespace Analemma.Linux;

// <sched.h> and <unistd.h>, for UTS namespaces: uts_namespaces(7).
internal static unsafe partial class LibC
{
    public const int CLONE_NEWUTS = 0x04000000;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setns(int fd, int nstype);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int sethostname(byte* name, nuint length);
}

/// <summary>The host name that a process and its namespace see.</summary>
public static class UtsNamespace
{
    /// <summary>
    /// Names the host of another process's namespace, from a thread that enters it and ends there. False without the
    /// right to.
    /// </summary>
    public static bool TrySetHostName(int pid, string name)
    {
        var isSet = false;
        Thread visitor = new(() => isSet = Visit(pid, name), maxStackSize: 128 * 1024);
        visitor.Start();
        visitor.Join();
        return isSet;
    }

    private static unsafe bool Visit(int pid, string name)
    {
        var fd = LibC.open($"/proc/{pid}/ns/uts", LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        if (fd < 0)
        {
            return false;
        }

        var bytes = Encoding.UTF8.GetBytes(name);
        var isThere = LibC.setns(fd, LibC.CLONE_NEWUTS) == 0;
        LibC.close(fd);
        fixed (byte* pointer = bytes)
        {
            return isThere && LibC.sethostname(pointer, (nuint)bytes.Length) == 0;
        }
    }
}
