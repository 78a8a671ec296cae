using System.Globalization;
using System.Text;
using Analemma.Journal;

namespace Analemma.Storage.Sqlite;

/// <summary>
/// Keeps a second kernel off a journal: flock(2) on a file beside it. The host kernel lets go of it when the process
/// ends, however it ends, so a lock is never stale. Readers do not take it.
/// </summary>
internal sealed class JournalFileLock : IDisposable
{
    private readonly FileStream _file;

    private JournalFileLock(FileStream file) => _file = file;

    public static JournalFileLock Take(string journalPath)
    {
        var path = journalPath + ".lock";
        try
        {
            var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            file.SetLength(0);
            file.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            return new JournalFileLock(file);
        }
        catch (IOException error) when (error is not (DirectoryNotFoundException or FileNotFoundException))
        {
            throw new JournalStoreException(
                JournalStoreFailure.InUse,
                $"{journalPath} is in use by another kernel ({path}: {error.Message})",
                error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new JournalStoreException(JournalStoreFailure.Io, $"{path}: {error.Message}", error);
        }
    }

    public void Dispose() => _file.Dispose();
}
