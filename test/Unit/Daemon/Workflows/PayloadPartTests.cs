using System.Security.Cryptography;
using Analemma.Daemon.Workflows.Payloads;
using Analemma.Journal.Executions;
using Analemma.Storage.Payloads;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Payloads of any size are read by parts, none of which is seen before it is known to be right.</summary>
public sealed class PayloadPartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-parts-").FullName;
    private readonly FilePayloadStore _store;
    private readonly PayloadParts _parts;
    private readonly byte[] _bytes = new byte[(2 * PayloadParts.PartBytes) + 5];
    private readonly string _digest;

    public PayloadPartTests()
    {
        new Random(1).NextBytes(_bytes);
        _digest = Convert.ToHexStringLower(SHA256.HashData(_bytes));
        _store = FilePayloadStore.Open(_folder);
        _parts = new PayloadParts(_store);
        Assert.True(_store.PutAsync(
            _digest, _bytes.Length, write => write(_bytes), TestContext.Current.CancellationToken).IsCompleted);
    }

    private string File => Directory.GetFiles(_folder, _digest, SearchOption.AllDirectories).Single();

    [Fact]
    public void Together_they_are_the_payload_and_none_is_larger_than_a_part()
    {
        List<byte> read = [];
        while (_parts.Read(_digest, read.Count) is { Bytes.Length: > 0 } part)
        {
            Assert.InRange(part.Bytes.Length, 1, PayloadParts.PartBytes);
            Assert.Equal(_bytes.Length, part.Whole);
            read.AddRange(part.Bytes.Span);
        }

        Assert.Equal(_digest, Convert.ToHexStringLower(SHA256.HashData(read.ToArray())));
    }

    [Fact]
    public void One_may_begin_anywhere_and_what_is_behind_the_end_is_nothing()
    {
        var (bytes, _) = _parts.Read(_digest, PayloadParts.PartBytes + 7);
        Assert.True(bytes.Span.SequenceEqual(_bytes.AsSpan(PayloadParts.PartBytes + 7, PayloadParts.PartBytes - 7)));
        Assert.Equal(0, _parts.Read(_digest, _bytes.Length).Bytes.Length);
        Assert.Equal(0, _parts.Read(_digest, long.MaxValue).Bytes.Length);
    }

    [Fact]
    public void A_byte_that_was_changed_anywhere_is_found_before_the_first_part()
    {
        Flip(_bytes.Length - 1);
        var wrong = Assert.Throws<PayloadException>(() => _parts.Read(_digest, 0));
        Assert.Equal(PayloadFailure.Corrupt, wrong.Failure);
        Assert.Contains(_digest, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_that_is_changed_while_it_is_read_is_found_with_its_part()
    {
        _parts.Read(_digest, 0);
        Flip(PayloadParts.PartBytes + 3);
        _parts.Read(_digest, 0);
        var wrong = Assert.Throws<PayloadException>(() => _parts.Read(_digest, PayloadParts.PartBytes));
        Assert.Equal(PayloadFailure.Corrupt, wrong.Failure);
        Flip(PayloadParts.PartBytes + 3);
        Assert.Equal(PayloadParts.PartBytes, _parts.Read(_digest, PayloadParts.PartBytes).Bytes.Length);
    }

    [Fact]
    public void One_that_is_not_there_is_missing()
    {
        _store.Delete(_digest);
        Assert.Equal(
            PayloadFailure.Missing, Assert.Throws<PayloadException>(() => _parts.Read(_digest, 0)).Failure);
    }

    public void Dispose()
    {
        _store.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Flip(long at)
    {
        using FileStream file = new(File, FileMode.Open, FileAccess.ReadWrite);
        file.Position = at;
        var value = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(value ^ 1));
    }
}
