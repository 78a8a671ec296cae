using Analemma.Abi;

namespace Analemma.Daemon.Sockets;

/// <summary>
/// Who speaks on a connection, as the kernel knows it from the socket: an agent from the socket of its own sandbox, a
/// client on the host from its peer credentials. Nothing in a frame changes it.
/// </summary>
public readonly record struct Peer(ProcessId Process, uint Uid, int HostPid)
{
    public bool IsHost => Process == ProcessId.None;
}

/// <summary>
/// What a connection hands its decoded syscalls to. Called on the thread that received them, which must not be held:
/// implementations return at once and answer through the call, from any thread.
/// </summary>
public interface ISyscallSink
{
    void Submit(SyscallCall call);

    /// <summary>The client takes a request back, or has gone; the call takes no further answer.</summary>
    void Cancelled(SyscallCall call);
}
