using System.Runtime.InteropServices;

namespace Analemma.Linux;

// <sched.h>, for network namespaces: network_namespaces(7).
internal static partial class LibC
{
    public const int CLONE_NEWNET = 0x40000000;
}

/// <summary>
/// The network of another process. A socket stays in the namespace that it was made in, whoever has it, so a thread
/// goes there, makes one and comes back; a thread that could not come back ends there.
/// </summary>
public static class NetworkNamespace
{
    private const string Own = "/proc/self/ns/net";
    private const int VisitorStackBytes = 128 * 1024;

    // Coming back takes a capability in the user namespace that ours belongs to. An ordinary user is root in one that
    // it made, which is above those of its agents and below that of the network it came from.
    private static readonly Lazy<int> Home = new(OpenHome);

    /// <summary>
    /// Listens on a port of the loopback addresses of a process's own network, 127.0.0.1 and, where it has one, ::1.
    /// Brings the loopback interface up if it is not.
    /// </summary>
    /// <exception cref="LinuxException">
    /// Without the right to go there (EPERM), when the process has gone (ENOENT), when its network is ours (EINVAL), or
    /// when the port is taken (EADDRINUSE).
    /// </exception>
    public static IReadOnlyList<TcpListenSocket> ListenOnLoopback(int pid, int port, int backlog)
    {
        if (new FileInfo(Own).LinkTarget == new FileInfo(Of(pid)).LinkTarget)
        {
            throw new LinuxException(Errno.EINVAL, $"listen in the network of {pid}, which is the kernel's own");
        }

        IReadOnlyList<TcpListenSocket> made = [];
        void Make() => made = TcpListenSocket.OnLoopback(port, backlog);
        if (Home.Value >= 0)
        {
            Visit(pid, Home.Value, Make);
            return made;
        }

        LinuxException? failure = null;
        Thread visitor = new(
            () =>
            {
                try
                {
                    Visit(pid, home: -1, Make);
                }
                catch (LinuxException failed)
                {
                    failure = failed;
                }
            },
            VisitorStackBytes);
        visitor.Start();
        visitor.Join();
        return failure is null ? made : throw failure;
    }

    private static string Of(int pid) => $"/proc/{pid}/ns/net";

    // -1 where nobody could come back.
    private static int OpenHome()
    {
        var home = LibC.open(Own, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        if (home >= 0 && LibC.setns(home, LibC.CLONE_NEWNET) != 0)
        {
            LibC.close(home);
            return -1;
        }

        return home;
    }

    private static void Visit(int pid, int home, Action act)
    {
        var fd = LinuxException.ThrowIfFailed(
            LibC.open(Of(pid), LibC.O_RDONLY | LibC.O_CLOEXEC, 0), $"open {Of(pid)}");
        var result = LibC.setns(fd, LibC.CLONE_NEWNET);
        var errno = Marshal.GetLastPInvokeError();
        LibC.close(fd);
        if (result != 0)
        {
            throw new LinuxException(errno, $"setns({Of(pid)})");
        }

        try
        {
            act();
        }
        finally
        {
            if (home >= 0 && LibC.setns(home, LibC.CLONE_NEWNET) != 0)
            {
                // A thread that stayed would make sockets of the kernel's in an agent's network.
                Environment.FailFast("cannot come back to the kernel's own network namespace");
            }
        }
    }
}
