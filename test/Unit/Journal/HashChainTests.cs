using System.Security.Cryptography;
using System.Text;
using Analemma.Journal;

namespace Analemma.Unit.Tests.Journal;

public sealed class HashChainTests
{
    private static readonly JournalPosition Start = new(41, new ChainHash(1, 2, 3, 4));

    [Fact]
    public void The_hash_is_sha256_over_the_documented_bytes()
    {
        var record = HashChain.Next(Start, new JournalEntry("note", "hi"u8.ToArray(), 0x0102030405060708));

        byte[] bytes =
        [
            0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4,
            0, 0, 0, 0, 0, 0, 0, 42,
            1, 2, 3, 4, 5, 6, 7, 8,
            0, 4,
            0, 0, 0, 2,
            .. "notehi"u8,
        ];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), record.Hash.ToString());
        Assert.Equal(42, record.Sequence);
    }

    [Fact]
    public void A_record_that_follows_is_accepted() =>
        HashChain.Check(Start, HashChain.Next(Start, Entry("a", "b")));

    [Fact]
    public void Moving_a_byte_from_the_type_to_the_body_changes_the_hash() =>
        Assert.NotEqual(
            HashChain.Next(Start, Entry("ab", "c")).Hash, HashChain.Next(Start, Entry("a", "bc")).Hash);

    [Fact]
    public void Each_field_is_covered()
    {
        var record = HashChain.Next(Start, Entry("a", "b"));
        JournalRecord[] changed =
        [
            record with { Ticks = record.Ticks + 1 },
            record with { Type = "x" },
            record with { Type = "\u00e9" },
            record with { Body = "B"u8.ToArray() },
            record with { Body = Array.Empty<byte>() },
            record with { Hash = record.Hash with { D = record.Hash.D ^ 1 } },
        ];
        foreach (var one in changed)
        {
            var corruption = Assert.Throws<JournalCorruptException>(() => HashChain.Check(Start, one));
            Assert.Equal(42, corruption.Sequence);
        }

        var other = Start with { Hash = ChainHash.Zero };
        Assert.Equal("hash", Assert.Throws<JournalCorruptException>(() => HashChain.Check(other, record)).What);
    }

    [Fact]
    public void A_missing_record_is_named_by_the_sequence_that_should_be_there()
    {
        var first = HashChain.Next(Start, Entry("a", "1"));
        var second = HashChain.Next(first.Position, Entry("a", "2"));

        var corruption = Assert.Throws<JournalCorruptException>(() => HashChain.Check(Start, second));

        Assert.Equal((42, "42", "43"), (corruption.Sequence, corruption.Expected, corruption.Found));
    }

    [Fact]
    public void A_checkpoint_digest_covers_each_field()
    {
        var checkpoint = new Checkpoint(Start, 1, "state"u8.ToArray());
        Checkpoint[] changed =
        [
            checkpoint with { FormatVersion = 2 },
            checkpoint with { State = "stat"u8.ToArray() },
            checkpoint with { Position = Start with { Sequence = 40 } },
            checkpoint with { Position = Start with { Hash = ChainHash.Zero } },
        ];

        Assert.All(changed, one => Assert.NotEqual(HashChain.DigestOf(checkpoint), HashChain.DigestOf(one)));
    }

    [Fact]
    public void What_exceeds_a_limit_is_not_chained()
    {
        Assert.Throws<ArgumentException>(() => HashChain.Next(Start, Entry("", "")));
        Assert.Throws<ArgumentException>(() => HashChain.Next(Start, Entry(new string('t', 65), "")));
        Assert.Throws<ArgumentException>(() => HashChain.Next(Start, Entry("t\u00e9", "")));
        var large = new JournalEntry("t", new byte[JournalLimits.RecordBytesMax + 1], 0);
        Assert.Throws<ArgumentException>(() => HashChain.Next(Start, large));
    }

    private static JournalEntry Entry(string type, string body) => new(type, Encoding.ASCII.GetBytes(body), 7);
}
