using Analemma.Journal;

namespace Analemma.Storage.Sqlite;

/// <summary>
/// Keeps a second kernel off a journal: flock(2) on a file beside it. The host kernel lets go of it when the process
/// ends, however it ends, so a lock is never stale. Readers do not take it.
/// </summary>
internal sealed class JournalFileLock : IDisposable
{
    /// <summary>EWOULDBLOCK, which .NET reports as the HResult when somebody else has the lock.</summary>
    private const int WouldBlock = 11;

    private readonly FileStream _file;

    private JournalFileLock(FileStream file) => _file = file;

    public static JournalFileLock Take(string journalPath)
    {
        var path = journalPath + ".lock";
        try
        {
            return new JournalFileLock(new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }));
        }
        catch (IOException error) when (error.HResult == WouldBlock)
        {
            throw new JournalStoreException(
                JournalStoreFailure.InUse, $"{journalPath} is in use by another kernel, which holds {path}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new JournalStoreException(JournalStoreFailure.Io, $"{path}: {error.Message}", error);
        }
    }

    public void Dispose() => _file.Dispose();
}
