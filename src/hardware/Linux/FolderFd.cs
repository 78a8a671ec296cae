using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Linux;

public enum HostFileKind
{
    File,
    Folder,
    Link,
    Other,
}

/// <summary>One file as statx(2) sees it, links not followed. Mode is its permission bits.</summary>
public readonly record struct HostFile(HostFileKind Kind, long Size, int Mode);

/// <summary>
/// A folder held open, below which everything is looked up by openat2(2): no path leads out of it, by "..", by an
/// absolute or symbolic link, or by a magic link, whoever changes it meanwhile. The folder stays readable when its
/// mount is gone from every namespace.
/// </summary>
public sealed unsafe class FolderFd : IDisposable
{
    // An agent that renames all the time must not hold us here.
    private const int AttemptsMax = 64;

    private readonly SafeFileHandle _folder;

    private FolderFd(SafeFileHandle folder) => _folder = folder;

    public static FolderFd Open(string path)
    {
        var flags = LibC.O_PATH | LibC.O_DIRECTORY | LibC.O_CLOEXEC;
        var fd = LinuxException.ThrowIfFailed(LibC.open(path, flags, 0), $"open {path}");
        return new FolderFd(new SafeFileHandle(fd, ownsHandle: true));
    }

    /// <summary>
    /// Opens a regular file for reading. Links inside are followed while they stay beneath. A FIFO or a device is not
    /// waited for but refused.
    /// </summary>
    public SafeFileHandle OpenToRead(string path) => Regular(Beneath(path, LibC.O_RDONLY | LibC.O_NONBLOCK, 0), path);

    /// <summary>Opens or makes a regular file for writing; one that was there keeps its owner and mode.</summary>
    public SafeFileHandle OpenToWrite(string path, bool append, int mode, uint uid, uint gid)
    {
        using FileIdentity owner = new(uid, gid);
        var flags = LibC.O_WRONLY | LibC.O_NONBLOCK | (append ? LibC.O_APPEND : LibC.O_TRUNC);
        var made = TryBeneath(path, flags | LibC.O_CREAT | LibC.O_EXCL, mode);
        if (made >= 0)
        {
            SafeFileHandle file = new(made, ownsHandle: true);
            LinuxException.ThrowIfFailed(LibC.fchmod(Fd(file), (uint)mode));
            return file;
        }

        return Marshal.GetLastPInvokeError() == Errno.EEXIST
            ? Regular(Beneath(path, flags, 0), path)
            : throw new LinuxException(Marshal.GetLastPInvokeError(), $"open {path}");
    }

    /// <summary>Makes the folders of a relative path that are missing, and gives them to the owner.</summary>
    public void MakeFolders(string path, int mode, uint uid, uint gid)
    {
        using FileIdentity owner = new(uid, gid);
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var depth = 0; depth < parts.Length; depth++)
        {
            using var above = Beneath(Join(parts, depth), LibC.O_PATH | LibC.O_DIRECTORY, 0);
            if (LibC.mkdirat(Fd(above), parts[depth], (uint)mode) != 0
                && Marshal.GetLastPInvokeError() != Errno.EEXIST)
            {
                throw new LinuxException(Marshal.GetLastPInvokeError(), $"mkdir {path}");
            }
        }
    }

    /// <summary>Describes what a path names; a link at its end is described, not followed.</summary>
    public HostFile Describe(string path)
    {
        using var file = Beneath(path, LibC.O_PATH | LibC.O_NOFOLLOW, 0);
        return Stat(file);
    }

    /// <summary>The names and descriptions in a folder, unordered, at most so many.</summary>
    public IReadOnlyList<(string Name, HostFile File)> List(string path, int countMax)
    {
        using var folder = Beneath(path, LibC.O_RDONLY | LibC.O_DIRECTORY, 0);
        List<(string, HostFile)> found = [];
        foreach (var name in Names(folder, countMax))
        {
            if (TryStat(folder, name) is { } file)
            {
                found.Add((name, file));
            }
        }

        return found;
    }

    /// <summary>A folder beneath this one, held open in its turn. Links are not followed.</summary>
    public FolderFd OpenFolder(string name)
    {
        var flags = LibC.O_PATH | LibC.O_DIRECTORY | LibC.O_NOFOLLOW;
        return new FolderFd(Beneath(name, flags, 0));
    }

    public string ReadLink(string name)
    {
        var target = stackalloc byte[4096];
        var size = LinuxException.ThrowIfFailed(LibC.readlinkat(Fd(_folder), name, target, 4096), $"readlink {name}");
        return Encoding.UTF8.GetString(target, (int)size);
    }

    public void MakeLink(string name, string target, uint uid, uint gid)
    {
        using FileIdentity owner = new(uid, gid);
        LinuxException.ThrowIfFailed(LibC.symlinkat(target, Fd(_folder), name), $"symlink {name}");
    }

    public void Dispose() => _folder.Dispose();

    private static string Join(string[] parts, int count) => count == 0 ? "." : string.Join('/', parts.Take(count));

    internal static SafeFileHandle Regular(SafeFileHandle file, string path)
    {
        if (Stat(file).Kind == HostFileKind.File)
        {
            return file;
        }

        file.Dispose();
        throw new LinuxException(Errno.EISDIR, $"open {path}, which is not a regular file");
    }

    private static HostFile Stat(SafeFileHandle file)
    {
        LibC.statx_buf buf;
        const int flags = LibC.AT_EMPTY_PATH | LibC.AT_SYMLINK_NOFOLLOW;
        LinuxException.ThrowIfFailed(LibC.statx(Fd(file), "", flags, LibC.STATX_BASIC_STATS, &buf));
        return From(buf);
    }

    private static HostFile? TryStat(SafeFileHandle folder, string name)
    {
        LibC.statx_buf buf;
        var result = LibC.statx(Fd(folder), name, LibC.AT_SYMLINK_NOFOLLOW, LibC.STATX_BASIC_STATS, &buf);
        return result == 0 ? From(buf) : null;
    }

    private static HostFile From(in LibC.statx_buf buf)
    {
        var kind = (buf.stx_mode & LibC.S_IFMT) switch
        {
            LibC.S_IFREG => HostFileKind.File,
            LibC.S_IFDIR => HostFileKind.Folder,
            LibC.S_IFLNK => HostFileKind.Link,
            _ => HostFileKind.Other,
        };
        return new HostFile(kind, checked((long)buf.stx_size), buf.stx_mode & 0xfff);
    }

    private static List<string> Names(SafeFileHandle folder, int countMax)
    {
        List<string> names = [];
        var buffer = stackalloc byte[8192];
        while (names.Count < countMax)
        {
            var size = (int)LinuxException.ThrowIfFailed(LibC.getdents64(Fd(folder), buffer, 8192));
            if (size == 0)
            {
                break;
            }

            for (var place = 0; place < size && names.Count < countMax;)
            {
                ReadOnlySpan<byte> entry = new(buffer + place, size - place);
                var name = Marshal.PtrToStringUTF8((nint)(buffer + place + 19)) ?? "";
                place += BinaryPrimitives.ReadUInt16LittleEndian(entry[16..]);
                if (name is not ("." or ".."))
                {
                    names.Add(name);
                }
            }
        }

        return names;
    }

    private SafeFileHandle Beneath(string path, int flags, int mode)
    {
        var fd = LinuxException.ThrowIfFailed(TryBeneath(path, flags, mode), $"open {path}");
        return new SafeFileHandle(fd, ownsHandle: true);
    }

    private nint TryBeneath(string path, int flags, int mode)
    {
        LibC.open_how how = new()
        {
            flags = (ulong)(flags | LibC.O_CLOEXEC),
            mode = (flags & LibC.O_CREAT) != 0 ? (ulong)mode : 0,
            resolve = LibC.RESOLVE_BENEATH | LibC.RESOLVE_NO_MAGICLINKS,
        };
        var bytes = Encoding.UTF8.GetBytes((path.Length == 0 ? "." : path) + '\0');
        for (var attempt = 1; ; attempt++)
        {
            nint fd;
            fixed (byte* name = bytes)
            {
                fd = LibC.syscall4(LibC.SYS_openat2, Fd(_folder), (nint)name, (nint)(&how), sizeof(LibC.open_how));
            }

            // openat2(2): EAGAIN when somebody renamed on the way and the kernel cannot be sure; ask again.
            var isUnsure = fd < 0 && Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR;
            if (!isUnsure || attempt == AttemptsMax)
            {
                return fd;
            }
        }
    }

    private static int Fd(SafeFileHandle handle) => (int)handle.DangerousGetHandle();
}
