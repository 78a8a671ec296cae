namespace Analemma.Daemon.Sockets;

/// <summary>A reactor and the deadlines of its connections.</summary>
internal sealed class IoThread : IDisposable
{
    /// <summary>One receive takes at most this, which bounds how long one client can hold the thread.</summary>
    private const int InputBytes = 256 * 1024;

    private const int OutputBytes = 64 * 1024;

    public IoThread(int index, SocketOptions options, TimeProvider time, Action<Exception> failed)
    {
        Reactor = new Reactor($"analemma-io-{index}", InputBytes, OutputBytes, failed);
        Frames = new DeadlineQueue(Reactor, time, options.FrameTimeout, connection => connection.FrameExpired());
        Stalls = new DeadlineQueue(Reactor, time, options.StallTimeout, connection => connection.Close());
        Linger = new DeadlineQueue(Reactor, time, options.LingerTimeout, connection => connection.Close());
    }

    public Reactor Reactor { get; }

    /// <summary>NOOPs served. Written by the reactor's thread alone: nothing is faster.</summary>
    public long Noops { get; set; }

    /// <summary>When what is served now was received, once somebody has asked. On the reactor's thread.</summary>
    public ReceivedAt? Received { get; set; }

    public DeadlineQueue Frames { get; }

    public DeadlineQueue Stalls { get; }

    public DeadlineQueue Linger { get; }

    public void Dispose()
    {
        Reactor.Dispose();
        Frames.Dispose();
        Stalls.Dispose();
        Linger.Dispose();
    }
}
