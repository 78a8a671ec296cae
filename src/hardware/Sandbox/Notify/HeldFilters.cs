using System.Security.Cryptography;
using System.Text;
using Analemma.Linux;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Sandbox.Notify;

// THE QUEUE OF HELD FILTERS
//
// The two ends of a socket pair, which a kernel and its holder both have. One message for each filter, with its
// descriptor in it (SCM_RIGHTS), so that the filter is listened to as long as somebody has the queue:
//
//   round  8 bytes    the turn of the queue that it was sent in
//   key    the rest   whose filter it is, UTF-8
//
// Nothing can be taken out of a queue's middle. So it is turned: the message in front is looked at, sent again behind
// if its filter still lives, and only then removed, until the first of the new round is in front. A kernel that is
// killed meanwhile loses none; a filter that is then there twice does no harm, for a call is received once.
//
// It is turned when as many again have been added as lived the last time: a filter that has ended stays for a while,
// and the whole costs each filter a few microseconds.

/// <summary>The filters of living sandboxes, kept beyond the kernel's end. One thread's.</summary>
internal sealed class HeldFilters(UnixSocket into, UnixSocket from) : IDisposable
{
    public const int QueueBytesMax = 64 * 1024 * 1024;

    private const int RoundBytes = sizeof(long);
    private const int KeyBytesMax = 255;
    private const int TurnAfterMin = 64;

    private readonly byte[] _message = new byte[RoundBytes + KeyBytesMax];
    private byte[] _round = RandomNumberGenerator.GetBytes(RoundBytes);
    private int _added;
    private int _turnAfter = TurnAfterMin;

    public UnixSocket Into => into;

    public UnixSocket From => from;

    public static HeldFilters Make()
    {
        var (into, from) = UnixSocket.MakeQueue(QueueBytesMax);
        return new HeldFilters(into, from);
    }

    /// <summary>False when there is no room for it, even with the ended ones gone.</summary>
    public bool Keep(string key, SeccompNotifyFd filter)
    {
        if (Encoding.UTF8.GetByteCount(key) > KeyBytesMax)
        {
            return false;
        }

        if (_added >= _turnAfter)
        {
            Turn(static (_, filter) => filter.Dispose());
        }

        if (Send(Write(key), filter))
        {
            return true;
        }

        Turn(static (_, filter) => filter.Dispose());
        return Send(Write(key), filter);
    }

    /// <summary>Every filter that lives; they stay in the queue.</summary>
    public IReadOnlyList<(string Key, SeccompNotifyFd Filter)> Living()
    {
        List<(string, SeccompNotifyFd)> living = [];
        Turn((key, filter) => living.Add((key, filter)));
        return living;
    }

    public void Dispose()
    {
        into.Dispose();
        from.Dispose();
    }

    private int Write(string key)
    {
        _round.CopyTo(_message, 0);
        return RoundBytes + Encoding.UTF8.GetBytes(key, _message.AsSpan(RoundBytes));
    }

    private bool Send(int length, SeccompNotifyFd filter)
    {
        if (DescriptorMessage.Send(into, _message.AsSpan(0, length), filter) != length)
        {
            return false;
        }

        _added++;
        return true;
    }

    private void Turn(Action<string, SeccompNotifyFd> living)
    {
        _round = RandomNumberGenerator.GetBytes(RoundBytes);
        _added = 0;
        while (Peek() is var (length, filter))
        {
            if (filter is null || _message.AsSpan(0, RoundBytes).SequenceEqual(_round))
            {
                filter?.Dispose();
                break;
            }

            var key = Encoding.UTF8.GetString(_message.AsSpan(RoundBytes..length));
            if (filter.HasEnded)
            {
                filter.Dispose();
                Drop();
                continue;
            }

            MoveBehind(length, filter);
            living(key, filter);
        }

        _turnAfter = Math.Max(TurnAfterMin, _added);
        _added = 0;
    }

    private void MoveBehind(int length, SeccompNotifyFd filter)
    {
        _round.CopyTo(_message, 0);
        var isSent = Send(length, filter);
        var kept = _message.AsSpan(0, length).ToArray();
        Drop();
        if (!isSent)
        {
            // Full: now there is the room that it had.
            kept.CopyTo(_message, 0);
            Send(length, filter);
        }
    }

    /// <summary>
    /// The message in front, left there. Null when there is none; without a filter when this process may open no more
    /// files.
    /// </summary>
    private (int Length, SeccompNotifyFd? Filter)? Peek()
    {
        List<SafeFileHandle> descriptors = [];
        var length = DescriptorMessage.Peek(from, _message, descriptors);
        return length < RoundBytes ? null
            : (length, descriptors is [var descriptor, ..] ? new SeccompNotifyFd(descriptor) : null);
    }

    private void Drop()
    {
        List<SafeFileHandle> descriptors = [];
        _ = DescriptorMessage.Receive(from, _message, descriptors);
        descriptors.ForEach(descriptor => descriptor.Dispose());
    }
}
