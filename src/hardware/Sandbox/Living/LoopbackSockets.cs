using Analemma.Linux;

namespace Analemma.Sandbox.Living;

/// <summary>Listens for the kernel inside a sandbox's own network.</summary>
internal static class LoopbackSockets
{
    private const int Backlog = 64;

    /// <param name="record">The sandbox.</param>
    /// <param name="lack">Why its engine's have no loopback that one could listen on, if so.</param>
    /// <param name="port">On 127.0.0.1 and, where there is one, ::1.</param>
    public static IReadOnlyList<TcpListenSocket> Listen(SandboxRecord record, string? lack, int port)
    {
        lack ??= record.Policy.Network ? "it was asked to share the host's network" : null;
        if (lack is not null)
        {
            throw new SandboxException($"the kernel cannot listen inside sandbox {record.Key}: {lack}");
        }

        try
        {
            var sockets = NetworkNamespace.ListenOnLoopback(record.Pid, port, Backlog);
            if (ProcFiles.TryReadStartTime(record.Pid) == record.StartTime)
            {
                return sockets;
            }

            // It ended, and its number may have been somebody else's by then.
            foreach (var socket in sockets)
            {
                socket.Dispose();
            }

            throw new SandboxException($"the kernel cannot listen inside sandbox {record.Key}: it has ended");
        }
        catch (LinuxException failed)
        {
            throw new SandboxException(
                $"the kernel cannot listen inside sandbox {record.Key}: {failed.Message}", inner: failed);
        }
    }
}
