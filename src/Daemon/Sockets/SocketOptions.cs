namespace Analemma.Daemon.Sockets;

/// <summary>
/// The bounds of the syscall server. The defaults here are the documentation; docs/abi.md names them too.
/// </summary>
public sealed record SocketOptions
{
    /// <summary>As HELLO and STATUS say it.</summary>
    public string KernelVersion { get; init; } = "0.1.0";

    /// <summary>Threads that receive and send. One serves half a million small calls a second.</summary>
    public int IoThreads { get; init; } = 1;

    /// <summary>Connections of one user on the host, over all its programs.</summary>
    public int ConnectionsPerUserMax { get; init; } = 12_000;

    public int ConnectionsPerAgentMax { get; init; } = 64;

    /// <summary>
    /// Descriptors that the whole kernel wants to be allowed: the connections of a user, and all that 500 agents need.
    /// </summary>
    public int OpenFilesMax { get; init; } = 65_536;

    /// <summary>
    /// Descriptors that connections leave to the rest of the kernel, at most a quarter of all. Without any, .NET cannot
    /// start a thread, and ends the process for that.
    /// </summary>
    public int OpenFilesReserved { get; init; } = 1024;

    /// <summary>From the first byte of a frame to its last, and between the frames of one body.</summary>
    public TimeSpan FrameTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a client may leave more than <see cref="OutputBytesSoft"/> unread without taking a byte.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a refused client may take to read why before its connection is closed.</summary>
    public TimeSpan LingerTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Unread answers of one connection above which its requests wait and its streams pause.</summary>
    public int OutputBytesSoft { get; init; } = 4 * 1024 * 1024;

    /// <summary>Unread answers of one connection above which it is closed; one more answer may lie on top.</summary>
    public int OutputBytesMax { get; init; } = 32 * 1024 * 1024;

    /// <summary>
    /// AgentOS requests of one connection that wait for their turn to be answered; then it is not read.
    /// </summary>
    public int AgentOsWaitingMax { get; init; } = 256;

    /// <summary>Asynchronous AgentOS requests of one connection, those unpolled included.</summary>
    public int AgentOsAsyncMax { get; init; } = 64;

    /// <summary>Native request bodies of one connection that are on their way in pieces.</summary>
    public int OpenBodiesMax { get; init; } = 16;

    /// <summary>
    /// Bytes kept for all connections of one agent: partial frames, bodies, calls in flight, unread answers.
    /// </summary>
    public long BytesPerAgentMax { get; init; } = 64L * 1024 * 1024;

    /// <summary>The same for all clients on the host together.</summary>
    public long BytesForHostMax { get; init; } = 512L * 1024 * 1024;

    /// <summary>The same for everybody together.</summary>
    public long BytesMax { get; init; } = 1024L * 1024 * 1024;
}
