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
    private const string Own = "/proc/self/ns/uts";
    private const int VisitorStackBytes = 128 * 1024;

    // Entering a namespace is a thread's own affair, and so is coming back, which takes a capability in the namespace
    // that it comes back to: an ordinary user, root only in a namespace of its own, has none.
    private static readonly Lazy<int> Home = new(OpenHome);

    /// <summary>
    /// Names the host of another process's namespace, from a thread that enters it: this one, where it can come back,
    /// else one that ends there. False without the right to.
    /// </summary>
    public static bool TrySetHostName(int pid, string name)
    {
        if (Home.Value >= 0)
        {
            return Visit(pid, name, Home.Value);
        }

        var isSet = false;
        Thread visitor = new(() => isSet = Visit(pid, name, home: -1), VisitorStackBytes);
        visitor.Start();
        visitor.Join();
        return isSet;
    }

    // -1 where nobody could come back.
    private static int OpenHome()
    {
        var home = LibC.open(Own, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        if (home >= 0 && LibC.setns(home, LibC.CLONE_NEWUTS) != 0)
        {
            LibC.close(home);
            return -1;
        }

        return home;
    }

    private static unsafe bool Visit(int pid, string name, int home)
    {
        var fd = LibC.open($"/proc/{pid}/ns/uts", LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        if (fd < 0)
        {
            return false;
        }

        var bytes = Encoding.UTF8.GetBytes(name);
        var isThere = LibC.setns(fd, LibC.CLONE_NEWUTS) == 0;
        LibC.close(fd);
        bool isSet;
        fixed (byte* pointer = bytes)
        {
            isSet = isThere && LibC.sethostname(pointer, (nuint)bytes.Length) == 0;
        }

        if (isThere && home >= 0 && LibC.setns(home, LibC.CLONE_NEWUTS) != 0)
        {
            // A thread that stayed would make every child of ours a stranger to its host.
            Environment.FailFast("cannot come back to the kernel's own UTS namespace");
        }

        return isSet;
    }
}
