namespace Analemma.Daemon.Sockets;

/// <summary>
/// Counts the bytes that are kept on somebody's behalf and says when there are too many. A budget may lie within a
/// larger one. Any thread.
/// </summary>
internal sealed class ByteBudget(long bytesMax, ByteBudget? outer = null)
{
    private long _used;

    public long Used => Volatile.Read(ref _used);

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) > bytesMax)
        {
            Interlocked.Add(ref _used, -bytes);
            return false;
        }

        if (outer is not null && !outer.TryTake(bytes))
        {
            Interlocked.Add(ref _used, -bytes);
            return false;
        }

        return true;
    }

    public void Give(long bytes)
    {
        Interlocked.Add(ref _used, -bytes);
        outer?.Give(bytes);
    }
}
