using Analemma.Journal.Executions;
using Analemma.Linux;

namespace Analemma.Storage.Payloads;

/// <summary>Folders and files of payloads, for their owner alone.</summary>
internal static class PayloadFolders
{
    public const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>ENOSPC and EDQUOT of errno(3).</summary>
    private const int DiskFull = 28;

    private const int QuotaFull = 122;

    /// <summary>Makes a folder, without what is in it.</summary>
    /// <exception cref="PayloadException">It cannot be made.</exception>
    public static void MakeEmpty(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            Directory.CreateDirectory(folder, OwnerOnly);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new PayloadException(PayloadFailure.Unavailable, $"{folder}: {failed.Message}", failed);
        }
    }

    /// <summary>A new file to write, and to read when it goes with its closing.</summary>
    public static FileStream Draft(string path, long bytes, bool deleted) => new(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = deleted ? FileAccess.ReadWrite : FileAccess.Write,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        PreallocationSize = bytes,
        Options = deleted ? FileOptions.DeleteOnClose : FileOptions.None,
    });

    public static bool IsFull(Exception failed) => (failed.HResult & 0xffff) is DiskFull or QuotaFull
        || failed is LinuxException { Errno: DiskFull or QuotaFull };
}
