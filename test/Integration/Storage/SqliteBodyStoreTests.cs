using System.Text;
using Analemma.Journal;
using Analemma.Storage.Sqlite;

namespace Analemma.Integration.Tests.Storage;

/// <summary>Bodies beside the journal: kept whole or not at all, and forgotten when told.</summary>
public sealed class SqliteBodyStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-bodies-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "bodies.db");

    [Fact]
    public async Task What_was_kept_is_there_after_the_store_is_opened_again()
    {
        using (var store = new SqliteBodyStore(Path))
        {
            Assert.False(store.Exists);
            await store.KeepAsync([(7, Bytes("seven")), (8, Bytes("eight"))]);
            await store.KeepAsync([(8, Bytes("eight again"))]);
        }

        using var again = new SqliteBodyStore(Path);
        Assert.True(again.Exists);
        var read = await again.ReadAsync([8, 7, 9]);
        Assert.Equal(["eight again", "seven", null], read.Select(body => body is null ? null : Text(body)));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
    }

    [Fact]
    public async Task What_is_dropped_or_swept_is_gone()
    {
        using var store = new SqliteBodyStore(Path);
        await store.KeepAsync([.. Enumerable.Range(1, 5).Select(i => ((long)i, Bytes($"{i}")))]);
        await store.DropAsync([1, 99]);
        Assert.Equal(2, await store.SweepAsync([2, 3]));
        var read = await store.ReadAsync([1, 2, 3, 4, 5]);
        Assert.Equal([false, true, true, false, false], read.Select(body => body is not null));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_told()
    {
        await File.WriteAllTextAsync(
            Path, new string('x', 5_000), TestContext.Current.CancellationToken);
        using var store = new SqliteBodyStore(Path);
        var error = await Assert.ThrowsAsync<JournalStoreException>(() => store.KeepAsync([(1, Bytes("one"))]));
        Assert.Equal(JournalStoreFailure.NotAJournal, error.Failure);
    }

    // What a system answers to it is no input or output error: whoever asked is told, and the process goes on.
    [Fact]
    public async Task A_file_that_may_not_be_opened_is_told()
    {
        Directory.CreateDirectory(Path);
        using var store = new SqliteBodyStore(Path);
        var error = await Assert.ThrowsAsync<JournalStoreException>(() => store.KeepAsync([(1, Bytes("one"))]));
        Assert.Equal(JournalStoreFailure.Io, error.Failure);
    }

    [Fact]
    public async Task A_closed_store_says_so()
    {
        var store = new SqliteBodyStore(Path);
        store.Dispose();
        var error = await Assert.ThrowsAsync<JournalStoreException>(() => store.ReadAsync([1]));
        Assert.Equal(JournalStoreFailure.Closed, error.Failure);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
