using Analemma.Sandbox;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Http;

/// <summary>
/// The listening sockets inside sandboxes. One thread watches them all; an idle one costs two descriptors and no memory
/// to speak of.
/// </summary>
internal sealed class AgentEndpoints(HttpServer server, AcceptorOptions options, ILogger log)
{
    /// <summary>
    /// Where an agent finds the kernel over HTTP. Below 1024, so that no agent, having no capability, could take it
    /// while there is no kernel.
    /// </summary>
    public const int Port = 80;

    /// <summary>The same, as the beginning of an address.</summary>
    public const string BaseUrl = "http://127.0.0.1";

    /// <summary>
    /// Listens inside a sandbox. Null when nobody can; the log says why, unless it is plain from what was asked for.
    /// </summary>
    public AgentEndpoint? TryListen(ISandbox sandbox)
    {
        try
        {
            return new AgentEndpoint(server, options, sandbox.ListenOnLoopback(Port), sandbox.Key);
        }
        catch (SandboxException failed)
        {
            log.NoEndpoint(failed.Message);
            return null;
        }
    }
}
