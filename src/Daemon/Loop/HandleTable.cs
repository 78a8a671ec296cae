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

    public int Count => _open.Count;

    public void Add(long number, SafeFileHandle descriptor) => _open[number] = descriptor;

    public void Drop(long number)
    {
        if (_open.TryRemove(number, out var descriptor))
        {
            descriptor.Dispose();
        }
    }

    /// <summary>What goes with a reply, in the order of its messages; none for most.</summary>
    public SafeFileHandle[] Take(Reply reply)
    {
        if (_open.IsEmpty)
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
        message.Handle is { } handle && _open.TryRemove(handle.Number, out var descriptor) ? descriptor : null;
}
