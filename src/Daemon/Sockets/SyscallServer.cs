using System.Collections.Concurrent;
using Analemma.Abi;
using Analemma.Linux;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Analemma.Daemon.Sockets;

// THE SYSCALL SERVER
//
// Everything between bytes on Unix sockets and ISyscallSink.Submit. It decides nothing about syscalls: it cuts frames,
// decodes them, knows who speaks, keeps every buffer bounded, and answers NOOP, HELLO and EXIT itself.
//
// Composition:
//
//     using var host = HostSocket.Claim(path);         // refuses a live kernel, removes a stale socket
//     await using var server = new SyscallServer(sink, new SocketOptions(), TimeProvider.System, logger);
//     server.ListenForHost(host);
//     ...
//     using var agent = server.ListenForAgent(Path.Combine(sandbox.RunFolder, "agent.sock"), identity);
//     ...
//     using var slot = server.ListenForSlot(path, claim => ...);   // a warm sandbox: keep the call its CLAIM is,
//     slot.Bind(identity);                                         // later say who it is,
//     claim.Reply(new ClaimReply(...));                            // and answer
//
// The sink is entered on the I/O thread that received the request; it must not hold it. Answers come through the call,
// from any thread. Disposing closes every connection; calls in flight are Cancelled, then the I/O threads have ended.
public sealed class SyscallServer : IAsyncDisposable
{
    private const int Backlog = 4096;

    private readonly IoThread[] _io;
    private readonly ByteBudget _budget;
    private readonly ByteBudget _hostBudget;
    private readonly Action<Exception>? _panic;
    private readonly ConcurrentDictionary<uint, int> _perUser = new();
    private readonly ConcurrentDictionary<SocketListener, bool> _listeners = new();
    private long _callId;
    private uint _connectionNumber;
    private uint _nextIo;
    private int _connections;
    private long _refusals;

    public SyscallServer(
        ISyscallSink sink, SocketOptions options, TimeProvider time, ILogger? log = null, ISyscallWatch? watch = null,
        Action<Exception>? panic = null)
    {
        _panic = panic;
        (Sink, Options, Time, Log, Watch) = (sink, options, time, log ?? NullLogger.Instance, watch);
        var openFiles = (int)Math.Min(OpenFileLimit.Raise(options.OpenFilesMax), options.OpenFilesMax);
        DescriptorMax = openFiles - Math.Min(options.OpenFilesReserved, openFiles / 4);
        _budget = new ByteBudget(options.BytesMax);
        _hostBudget = new ByteBudget(options.BytesForHostMax, _budget);
        _io = [.. Enumerable.Range(0, options.IoThreads).Select(index => new IoThread(index, options, time, Failed))];
        foreach (var io in _io)
        {
            io.Reactor.Start();
        }
    }

    /// <summary>Open now.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Connections that were ended because their stream could not be followed or went over a limit.</summary>
    public long Refusals => Interlocked.Read(ref _refusals);

    /// <summary>Bytes kept for all clients together at this moment.</summary>
    public long BytesKept => _budget.Used;

    /// <summary>NOOPs served.</summary>
    public long Noops => _io.Sum(io => io.Noops);

    internal ISyscallSink Sink { get; }

    internal ISyscallWatch? Watch { get; }

    internal SocketOptions Options { get; }

    internal TimeProvider Time { get; }

    /// <summary>A connection's descriptor is below this; the lowest number that is free is given out.</summary>
    internal int DescriptorMax { get; }

    internal ILogger Log { get; }

    /// <summary>The bytes that are kept for all clients on the host.</summary>
    internal ByteBudget HostBudget => _hostBudget;

    public void ListenForHost(HostSocket socket) =>
        Add(new SocketListener(this, _io[0], socket.Open(Backlog), socket.Path, AgentIdentity.Host, _hostBudget, null));

    /// <summary>Listens for one agent. The path lies in a folder that only its sandbox sees.</summary>
    public AgentSocket ListenForAgent(string path, AgentIdentity identity) => Listen(path, identity, claim: null);

    /// <summary>
    /// Listens for a warm sandbox that is nobody yet. Its CLAIM, if it makes one, goes to <paramref name="claim"/> on
    /// an I/O thread, once.
    /// </summary>
    public AgentSocket ListenForSlot(string path, Action<SyscallCall> claim) =>
        Listen(path, AgentIdentity.Unclaimed, claim);

    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners.Keys)
        {
            listener.Close();
        }

        await Task.Run(() =>
        {
            foreach (var io in _io)
            {
                io.Dispose();
            }
        });
    }

    internal long NextCallId() => Interlocked.Increment(ref _callId);

    /// <summary>Never zero, which means nobody.</summary>
    internal uint NextConnection()
    {
        var number = Interlocked.Increment(ref _connectionNumber);
        return number == 0 ? NextConnection() : number;
    }

    internal IoThread NextIo() => _io[Interlocked.Increment(ref _nextIo) % (uint)_io.Length];

    internal int ConnectionsOf(uint uid) => _perUser.GetValueOrDefault(uid);

    internal void Connected(Connection connection)
    {
        Interlocked.Increment(ref _connections);
        CountUser(connection, 1);
    }

    internal void Disconnected(Connection connection)
    {
        Interlocked.Decrement(ref _connections);
        CountUser(connection, -1);
    }

    internal void Count(SysError refusal)
    {
        Log.Refused(refusal.CodeName, refusal.Message);
        Interlocked.Increment(ref _refusals);
    }

    // Agents without a sandbox have the uid of the kernel, and with it that of its user: theirs are counted by agent.
    private void CountUser(Connection connection, int more)
    {
        if (connection.Listener.IsHost)
        {
            _perUser.AddOrUpdate(
                connection.Credentials.Uid, static (_, by) => by, static (_, count, by) => count + by, more);
        }
    }

    private void Failed(Exception wrong)
    {
        Log.ReactorFailed(wrong);
        _panic?.Invoke(wrong);
    }

    private AgentSocket Listen(string path, AgentIdentity identity, Action<SyscallCall>? claim)
    {
        // Everyone may write to it: the sandbox's user is none of ours, and the folder above keeps everyone else out.
        const UnixFileMode Everyone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
            | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        // A killed kernel leaves the file of an agent that is now ours; the folder is ours alone.
        File.Delete(path);
        var socket = UnixSocket.Listen(path, Everyone, Options.ConnectionsPerAgentMax);
        var budget = new ByteBudget(Options.BytesPerAgentMax, _budget);
        var listener = new SocketListener(this, _io[0], socket, path, identity, budget, claim);
        Add(listener);
        return new AgentSocket(listener);
    }

    internal void Remove(SocketListener listener) => _listeners.TryRemove(listener, out _);

    private void Add(SocketListener listener) => _listeners.TryAdd(listener, true);
}
