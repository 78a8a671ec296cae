using Analemma.Abi;
using Analemma.Daemon.Sockets;

namespace Analemma.Integration.Tests.Sockets;

/// <summary>A syscall server on a socket of its own, in a folder of its own.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("analemma-");
    private readonly HostSocket _host;

    public RunningServer(StubSink? sink = null, SocketOptions? options = null, TimeProvider? time = null)
    {
        Sink = sink ?? new StubSink();
        Options = options ?? new SocketOptions();
        Server = new SyscallServer(Sink, Options, time ?? TimeProvider.System);
        _host = HostSocket.Claim(Path);
        Server.ListenForHost(_host);
    }

    public StubSink Sink { get; }

    public SocketOptions Options { get; }

    public SyscallServer Server { get; }

    public string Folder => _folder.FullName;

    public string Path => System.IO.Path.Combine(Folder, "kernel.sock");

    public RawClient Connect() => new(Path);

    public (AgentSocket Socket, string Path) ListenForAgent(long process)
    {
        var path = System.IO.Path.Combine(Folder, $"agent-{process}.sock");
        return (Server.ListenForAgent(path, new AgentIdentity(new ProcessId(process), $"agent-{process}")), path);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _host.Dispose();
        _folder.Delete(recursive: true);
    }
}
