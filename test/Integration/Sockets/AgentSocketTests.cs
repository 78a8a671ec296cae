using Analemma.Abi;
using Analemma.Daemon.Sockets;

namespace Analemma.Integration.Tests.Sockets;

public sealed class AgentSocketTests
{
    private const int Agents = 500;

    [Fact]
    public async Task Five_hundred_agents_are_each_known_by_their_own_socket()
    {
        await using var server = new RunningServer(new StubSink
        {
            OnSubmit = call => call.Fail(SysError.NoSuchProcess(call.Peer.Process.ToString())),
        });
        var agents = Enumerable.Range(1, Agents).Select(id => server.ListenForAgent(id)).ToList();
        var clients = agents.Select(agent => new RawClient(agent.Path)).ToList();

        for (var i = 0; i < Agents; i++)
        {
            Assert.Contains(
                $"there is no process {i + 1}\"",
                clients[i].Call(SyscallNumber.List, "{}").Text,
                StringComparison.Ordinal);
        }

        Assert.Equal(Agents, server.Server.Connections);
        agents.ForEach(agent => agent.Socket.Dispose());
        Assert.All(clients, client => Assert.True(client.ReadsEnd()));
        Assert.True(SpinWait.SpinUntil(() => server.Server.Connections == 0, TimeSpan.FromSeconds(20)));
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task A_sandboxs_folder_may_be_gone_before_its_socket_is_closed()
    {
        await using var server = new RunningServer();
        var folder = Directory.CreateDirectory(Path.Combine(server.Folder, "run"));
        using var socket = server.Server.ListenForAgent(
            Path.Combine(folder.FullName, "agent.sock"), new AgentIdentity(new ProcessId(1)));

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_folder_may_lie_deeper_than_an_address_is_long()
    {
        await using var server = new RunningServer();
        var folder = Directory.CreateDirectory(Path.Combine(server.Folder, new string('d', 100)));
        var link = Path.Combine(server.Folder, "short");
        Directory.CreateSymbolicLink(link, folder.FullName);

        using var socket = server.Server.ListenForAgent(
            Path.Combine(folder.FullName, "agent.sock"), new AgentIdentity(new ProcessId(1)));

        using var client = new RawClient(Path.Combine(link, "agent.sock"));
        Assert.Equal("deep", client.Call(0x00, "deep").Text);
    }

    /// <summary>Every connection may land on another thread than its listener's.</summary>
    [Fact]
    public async Task Two_io_threads_serve_as_one_does()
    {
        await using var server = new RunningServer(options: new SocketOptions { IoThreads = 2 });
        var (socket, path) = server.ListenForAgent(6);
        var clients = Enumerable.Range(0, 8).Select(_ => new RawClient(path)).ToList();
        Assert.All(clients, client => Assert.Equal("both", client.Call(0x00, "both").Text));

        socket.Dispose();

        Assert.All(clients, client => Assert.True(client.ReadsEnd()));
        clients.ForEach(client => client.Dispose());
    }
}
