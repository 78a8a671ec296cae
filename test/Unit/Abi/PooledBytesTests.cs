using System.Buffers;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Abi;

public sealed class PooledBytesTests
{
    private const int LargeArrayBytes = 85_000;

    [Fact]
    public void What_is_written_is_there_in_order_whatever_its_pieces() =>
        Prop.ForAll<byte[][]>(pieces =>
        {
            PooledBytes bytes = new();
            foreach (var piece in pieces)
            {
                bytes.Write(piece);
            }

            Assert.Equal(pieces.SelectMany(piece => piece), bytes.Written.ToArray());
            bytes.Return();
            Assert.Equal(0, bytes.Length);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void More_than_was_asked_for_cannot_be_claimed_as_written()
    {
        PooledBytes bytes = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => bytes.Advance(1));
        bytes.GetSpan(10);
        Assert.Throws<ArgumentOutOfRangeException>(() => bytes.Advance(1_000_000));
        Assert.Throws<ArgumentOutOfRangeException>(() => bytes.Advance(-1));
    }

    [Fact]
    public void A_large_reply_is_the_same_bytes_and_no_large_garbage()
    {
        ListReply reply = new(Enumerable.Range(1, 1000)
            .Select(id => new ProcessView(new ProcessId(id), $"agent-{id}", ProcessState.Running)).ToArray());
        var expected = SyscallJson.Write(reply);
        Assert.True(expected.Length > LargeArrayBytes);
        Assert.Equal(expected, Written(reply));

        Assert.True(Allocated(() => Written(reply, look: false)) < LargeArrayBytes);
        Assert.True(Allocated(() => SyscallJson.Write(reply)) > LargeArrayBytes);
    }

    private static byte[] Written(ListReply reply, bool look = true)
    {
        PooledBytes bytes = new();
        SyscallJson.Write(reply, bytes);
        var written = look ? bytes.Written.ToArray() : [];
        bytes.Return();
        return written;
    }

    private static long Allocated(Action what)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        what();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
