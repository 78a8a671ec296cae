using Microsoft.Win32.SafeHandles;

namespace Analemma.Linux;

/// <summary>Who owns a file and who may touch it: its uid and its permission bits, links not followed.</summary>
public readonly record struct FileRights(uint Uid, int Mode, bool IsRegular);

/// <summary>Files that are whole or absent, whatever happens to the process or the host meanwhile.</summary>
public static unsafe class DurableFile
{
    /// <summary>
    /// Puts a file in place: written beside it, synced, renamed over it, and the folder synced, so that the name leads
    /// to the old content or to the new one at every moment. The place beside is <paramref name="temporary"/>, which
    /// is left behind by a crash and may be removed by whoever finds it.
    /// </summary>
    /// <exception cref="LinuxException">It could not be written; the old content is untouched.</exception>
    public static void Replace(string path, string temporary, ReadOnlySpan<byte> bytes, int mode)
    {
        LibC.unlink(temporary);
        var flags = LibC.O_WRONLY | LibC.O_CREAT | LibC.O_EXCL | LibC.O_NOFOLLOW | LibC.O_CLOEXEC;
        var fd = LinuxException.ThrowIfFailed(LibC.open(temporary, flags, (uint)mode), $"open {temporary}");
        try
        {
            using SafeFileHandle file = new(fd, ownsHandle: true);
            LinuxException.ThrowIfFailed(LibC.fchmod(fd, (uint)mode), $"fchmod {temporary}");
            while (bytes.Length > 0)
            {
                bytes = bytes[HostFiles.Write(file, bytes)..];
            }

            LinuxException.ThrowIfFailed(LibC.fsync(fd), $"fsync {temporary}");
            LinuxException.ThrowIfFailed(LibC.rename(temporary, path), $"rename {temporary}");
        }
        catch (LinuxException)
        {
            LibC.unlink(temporary);
            throw;
        }

        SyncFolderOf(path);
    }

    /// <summary>Removes a file for good. False when there is none.</summary>
    public static bool Remove(string path)
    {
        if (LibC.unlink(path) == 0)
        {
            SyncFolderOf(path);
            return true;
        }

        var errno = System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
        return errno == Errno.ENOENT ? false : throw new LinuxException(errno, $"unlink {path}");
    }

    /// <summary>The uid that files of this process get.</summary>
    public static uint OwnUid => LibC.geteuid();

    /// <summary>Whose a file is, and its mode; null when there is none.</summary>
    public static FileRights? Rights(string path)
    {
        LibC.statx_buf buf;
        var flags = LibC.AT_SYMLINK_NOFOLLOW;
        if (LibC.statx(LibC.AT_FDCWD, path, flags, LibC.STATX_BASIC_STATS, &buf) == 0)
        {
            return new FileRights(
                buf.stx_uid, buf.stx_mode & 0xfff, (buf.stx_mode & LibC.S_IFMT) == LibC.S_IFREG);
        }

        var errno = System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
        return errno == Errno.ENOENT ? null : throw new LinuxException(errno, $"statx {path}");
    }

    private static void SyncFolderOf(string path) => SyncFolder(Path.GetDirectoryName(path)!);

    /// <summary>Sees to it that the names in a folder are on disk.</summary>
    /// <exception cref="LinuxException">They could not be flushed.</exception>
    public static void SyncFolder(string folder)
    {
        var flags = LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC;
        var fd = LinuxException.ThrowIfFailed(LibC.open(folder, flags, 0), $"open {folder}");
        using SafeFileHandle handle = new(fd, ownsHandle: true);
        LinuxException.ThrowIfFailed(LibC.fsync(fd), $"fsync {folder}");
    }
}
