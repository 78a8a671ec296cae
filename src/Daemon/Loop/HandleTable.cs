using System.Collections.Concurrent;
using Analemma.Abi.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Daemon.Loop;

/// <summary>
/// The descriptors of sealed memory that lies in mailboxes, by the numbers that the kernel knows them by. Each leaves
/// once: with an answer, or because the kernel lets it go.
/// </summary>
internal sealed class HandleTable
{
    private readonly ConcurrentDictionary<long, SafeFileHandle> _open = new();

    // Asked at every answer, where the dictionary itself would take all its locks to say that it is empty.
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public void Add(long number, SafeFileHandle descriptor)
    {
        Interlocked.Increment(ref _count);
        _open[number] = descriptor;
    }

    public void Drop(long number) => Remove(number)?.Dispose();

    /// <summary>What goes with a reply, in the order of its messages; none for most.</summary>
    public SafeFileHandle[] Take(Reply reply)
    {
        if (Count == 0)
        {
            return [];
        }

        return reply switch
        {
            RecvReply received => [.. received.Messages.Select(Take).OfType<SafeFileHandle>()],
            SendReply { Reply: { } message } when Take(message) is { } one => [one],
            _ => [],
        };
    }

    private SafeFileHandle? Take(MailMessage message) =>
        message.Handle is { } handle ? Remove(handle.Number) : null;

    private SafeFileHandle? Remove(long number)
    {
        if (!_open.TryRemove(number, out var descriptor))
        {
            return null;
        }

        Interlocked.Decrement(ref _count);
        return descriptor;
    }
}
