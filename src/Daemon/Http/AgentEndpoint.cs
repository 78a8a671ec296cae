using Analemma.Abi;
using Analemma.Linux;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http;

/// <summary>
/// The listening sockets inside one sandbox: whoever connects is that sandbox's agent, or will be, when it is warm and
/// nobody yet. Disposing it stops listening; its connections end with the sandbox.
/// </summary>
internal sealed class AgentEndpoint : HttpOrigin, IDisposable
{
    private readonly Acceptor _acceptor;
    private HttpCaller? _caller;

    public AgentEndpoint(
        HttpServer server, AcceptorOptions options, IReadOnlyList<TcpListenSocket> sockets, string key)
        : base(server, HttpLimits.ConnectionsPerAgentMax) => _acceptor = new Acceptor(options, sockets, key, Take);

    /// <summary>Says who the agent is from now on.</summary>
    public void Bind(HttpCaller caller) => Volatile.Write(ref _caller, caller);

    public override HttpCaller? CallerOf(HttpRequest request, out SysError? refusal)
    {
        var caller = Volatile.Read(ref _caller);
        refusal = caller is null ? new SysError(SysErrorCode.WrongState, "this sandbox is nobody yet") : null;
        return caller;
    }

    public void Dispose() => _acceptor.Dispose();
}
