using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Analemma.Linux;

/// <summary>
/// Removes a folder and all below it, whatever the names are: a name on Linux is any bytes, and .NET's own removal
/// passes over those that are not UTF-8. Links are removed, not followed.
/// </summary>
public static unsafe class FolderRemoval
{
    // Each level takes a descriptor and a buffer on the stack.
    private const int DepthMax = 200;
    private const int EntriesBytes = 2048;
    private const int NameOffset = 19;
    private const int RemoveFolder = 0x200; // AT_REMOVEDIR

    /// <summary>Nothing happens when it is not there.</summary>
    /// <exception cref="LinuxException">Something in it cannot be removed, or it nests too deep (ELOOP).</exception>
    public static void Remove(string path)
    {
        var flags = LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_NOFOLLOW | LibC.O_CLOEXEC;
        var folder = LibC.open(path, flags, 0);
        if (folder < 0 && Marshal.GetLastPInvokeError() == Errno.ENOENT)
        {
            return;
        }

        LinuxException.ThrowIfFailed(folder, $"open {path}");
        Empty(folder, path, DepthMax);
        if (LibC.rmdir(path) != 0 && Marshal.GetLastPInvokeError() != Errno.ENOENT)
        {
            throw new LinuxException(Marshal.GetLastPInvokeError(), $"rmdir {path}");
        }
    }

    // Takes the descriptor. Reads again from the start until nothing is left: removing may move what was not yet read.
    private static void Empty(int folder, string path, int depthLeft)
    {
        var entries = stackalloc byte[EntriesBytes];
        try
        {
            if (depthLeft == 0)
            {
                throw new LinuxException(Errno.ELOOP, $"remove what is deeper than {DepthMax} folders in {path}");
            }

            bool found;
            do
            {
                found = false;
                LibC.lseek(folder, 0, 0);
                nint size;
                while ((size = LibC.getdents64(folder, entries, EntriesBytes)) > 0)
                {
                    found |= RemoveEach(folder, entries, (int)size, path, depthLeft);
                }

                LinuxException.ThrowIfFailed(size, $"getdents64 in {path}");
            }
            while (found);
        }
        finally
        {
            LibC.close(folder);
        }
    }

    private static bool RemoveEach(int folder, byte* entries, int size, string path, int depthLeft)
    {
        var found = false;
        for (var place = 0; place < size;)
        {
            ReadOnlySpan<byte> entry = new(entries + place, size - place);
            var name = entries + place + NameOffset;
            place += BinaryPrimitives.ReadUInt16LittleEndian(entry[16..]);
            var isDot = name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
            if (!isDot)
            {
                RemoveOne(folder, name, path, depthLeft);
                found = true;
            }
        }

        return found;
    }

    private static void RemoveOne(int folder, byte* name, string path, int depthLeft)
    {
        if (LibC.unlinkat(folder, name, 0) == 0 || Marshal.GetLastPInvokeError() == Errno.ENOENT)
        {
            return;
        }

        var errno = Marshal.GetLastPInvokeError();
        var flags = LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_NOFOLLOW | LibC.O_CLOEXEC;
        var below = LibC.openat(folder, name, flags, 0);
        if (below < 0)
        {
            throw new LinuxException(errno, $"unlink in {path}");
        }

        Empty(below, path, depthLeft - 1);
        LinuxException.ThrowIfFailed(LibC.unlinkat(folder, name, RemoveFolder), $"rmdir in {path}");
    }
}
