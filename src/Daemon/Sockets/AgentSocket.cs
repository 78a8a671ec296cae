namespace Analemma.Daemon.Sockets;

/// <summary>
/// The socket of one sandbox. Disposing it stops listening, removes the file and closes the connections of that
/// sandbox.
/// </summary>
public sealed class AgentSocket : IDisposable
{
    private readonly SocketListener _listener;

    internal AgentSocket(SocketListener listener) => _listener = listener;

    /// <summary>The bytes that are kept for this sandbox, whatever it speaks through.</summary>
    internal ByteBudget Budget => _listener.Budget;

    /// <summary>Says who the warm sandbox is from now on, on the connections that are open too.</summary>
    public void Bind(AgentIdentity identity) => _listener.Identity = identity;

    public void Dispose() => _listener.Close();
}
