using Analemma.Linux;
using Analemma.Sandbox;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Http;

/// <summary>
/// The listening sockets inside sandboxes. One thread watches them all; an idle one costs two descriptors and no memory
/// to speak of.
/// </summary>
internal sealed class AgentEndpoints(HttpServer server, int descriptorMax, TimeProvider time, ILogger log) : IDisposable
{
    /// <summary>
    /// Where an agent finds the kernel over HTTP. Below 1024, so that no agent, having no capability, could take it
    /// while there is no kernel.
    /// </summary>
    public const int Port = 80;

    /// <summary>The same, as the beginning of an address.</summary>
    public const string BaseUrl = "http://127.0.0.1";

    private readonly Lazy<Watcher> _watcher = new(() => new Watcher("endpoints"));

    internal TimeProvider Time => time;

    internal ILogger Log => log;

    /// <summary>A connection with a higher descriptor is closed: the rest of the kernel needs some too.</summary>
    internal int DescriptorMax => descriptorMax;

    internal Watcher Watcher => _watcher.Value;

    internal HttpServer Server => server;

    /// <summary>
    /// Listens inside a sandbox. Null when nobody can; the log says why, unless it is plain from what was asked for.
    /// </summary>
    public AgentEndpoint? TryListen(ISandbox sandbox)
    {
        try
        {
            return new AgentEndpoint(this, sandbox.ListenOnLoopback(Port), sandbox.Key);
        }
        catch (SandboxException failed)
        {
            log.NoEndpoint(failed.Message);
            return null;
        }
    }

    public void Dispose()
    {
        if (_watcher.IsValueCreated)
        {
            _watcher.Value.Dispose();
        }
    }
}
