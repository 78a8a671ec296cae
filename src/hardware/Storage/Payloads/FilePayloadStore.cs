using System.Collections.Concurrent;
using System.Globalization;
using Analemma.Journal.Executions;
using Analemma.Linux;

namespace Analemma.Storage.Payloads;

// FOLDER OF PAYLOADS
//
//   ab/cd/abcd…   a payload, named by its SHA-256
//   new/N         one that is being written: what a crash leaves there is removed at the next start
//
// A file is written beside its place, flushed, and renamed into it, and then the folder is flushed: it is whole, or it
// is not there.
/// <summary>Payloads as files in a folder of their own.</summary>
public sealed class FilePayloadStore : IPayloadStore
{
    private const int Fan = 2;

    private readonly string _folder;
    private readonly string _drafts;
    private readonly ConcurrentDictionary<string, bool> _flushed = new(StringComparer.Ordinal);
    private long _made;

    private FilePayloadStore(string folder)
    {
        _folder = folder;
        _drafts = Path.Combine(folder, "new");
    }

    public string Where => _folder;

    /// <summary>Makes the folder if there is none, and removes what was never finished.</summary>
    /// <exception cref="PayloadException">It cannot be used.</exception>
    public static FilePayloadStore Open(string folder)
    {
        FilePayloadStore store = new(folder);
        return store.Try(
            () =>
            {
                Directory.CreateDirectory(folder, PayloadFolders.OwnerOnly);
                PayloadFolders.MakeEmpty(store._drafts);
                DurableFile.SyncFolder(folder);
                DurableFile.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(folder)) ?? folder);
                return store;
            },
            folder);
    }

    /// <summary>Only to look at, also while another process writes there: nothing is touched.</summary>
    public static FilePayloadStore OpenToRead(string folder) => new(folder);

    public Task PutAsync(string digest, long bytes, Action<PayloadPieces> write, CancellationToken cancelled) =>
        Try(
            () =>
            {
                cancelled.ThrowIfCancellationRequested();
                Put(digest, bytes, write);
                return Task.CompletedTask;
            },
            digest);

    public byte[] Get(string digest, long bytes) => Try(() => File.ReadAllBytes(PathOf(digest)), digest);

    public byte[] GetPart(string digest, long offset, int bytes) => Try(
        () =>
        {
            using var file = File.OpenRead(PathOf(digest));
            file.Position = offset;
            var part = new byte[bytes];
            file.ReadExactly(part);
            return part;
        },
        digest);

    public long? LengthOf(string digest) => Try<long?>(
        () => new FileInfo(PathOf(digest)) is { Exists: true } file ? file.Length : null, digest);

    public IReadOnlyList<string> List() => Try(
        () => (IReadOnlyList<string>)[.. Directory.EnumerateDirectories(_folder)
            .Where(folder => Path.GetFileName(folder).Length == Fan)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .Select(file => Path.GetFileName(file))],
        _folder);

    public void Delete(string digest) => Try(
        () => Directory.Exists(Path.GetDirectoryName(PathOf(digest))) && DurableFile.Remove(PathOf(digest)), digest);

    public void Dispose()
    {
    }

    private void Put(string digest, long bytes, Action<PayloadPieces> write)
    {
        var number = Interlocked.Increment(ref _made).ToString(CultureInfo.InvariantCulture);
        var draft = Path.Combine(_drafts, number);
        try
        {
            using (var file = PayloadFolders.Draft(draft, bytes, deleted: false))
            {
                write(file.Write);
                file.Flush(flushToDisk: true);
            }

            var place = PathOf(digest);
            MakeFolderOf(place);
            File.Move(draft, place, overwrite: true);
            DurableFile.SyncFolder(Path.GetDirectoryName(place)!);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
    }

    // A folder that is new is a name in the one above, which is flushed too: by whoever sees it first, for who made it
    // may not have come to that yet.
    private void MakeFolderOf(string place)
    {
        var inner = Path.GetDirectoryName(place)!;
        if (!_flushed.ContainsKey(inner) || !Directory.Exists(inner))
        {
            var outer = Path.GetDirectoryName(inner)!;
            Directory.CreateDirectory(outer, PayloadFolders.OwnerOnly);
            Directory.CreateDirectory(inner, PayloadFolders.OwnerOnly);
            DurableFile.SyncFolder(outer);
            DurableFile.SyncFolder(_folder);
            _flushed[inner] = true;
        }
    }

    private string PathOf(string digest) =>
        Path.Combine(_folder, digest[..Fan], digest[Fan..(2 * Fan)], digest);

    private T Try<T>(Func<T> work, string what)
    {
        try
        {
            return work();
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PayloadException(PayloadFailure.Missing, $"payload {what} is not in {_folder}", missing);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or LinuxException)
        {
            throw new PayloadException(
                PayloadFolders.IsFull(failed) ? PayloadFailure.Full : PayloadFailure.Unavailable,
                $"payload {what} in {_folder}: {failed.Message}",
                failed);
        }
    }
}
