using Analemma.Abi.Syscalls;
using Analemma.Linux;

namespace Analemma.Sandbox.Work;

/// <summary>
/// A sandbox's /work: while it lives the agent's own memory file system, reached through its first process and held by
/// descriptor; afterwards the copy on disk. The kernel never follows a path out of it, waits for no FIFO, and makes
/// files as the agent.
/// </summary>
internal sealed class WorkFolder(uint uid, uint gid) : IWorkFolder, IDisposable
{
    private const int EntriesMax = 100_000;
    private const int FolderMode = 0x1ED; // 0755

    private readonly Lock _gate = new();
    private FolderFd? _folder;

    /// <summary>The folder now; valid until the next <see cref="Use"/>.</summary>
    public FolderFd? Current
    {
        get
        {
            lock (_gate)
            {
                return _folder;
            }
        }
    }

    /// <summary>Changes over to another folder and closes the one before.</summary>
    public void Use(FolderFd? folder)
    {
        lock (_gate)
        {
            _folder?.Dispose();
            _folder = folder;
        }
    }

    public Stream OpenRead(string path) => Do(path, (folder, name) =>
        (Stream)new FileStream(folder.OpenToRead(name), FileAccess.Read, bufferSize: 0));

    public Stream OpenWrite(string path, bool append, int mode) => Do(path, (folder, name) =>
    {
        if (Path.GetDirectoryName(name) is { Length: > 0 } above)
        {
            folder.MakeFolders(above, FolderMode, uid, gid);
        }

        var file = folder.OpenToWrite(name, append, mode, uid, gid);
        FileStream stream = new(file, FileAccess.Write, bufferSize: 0);
        if (append)
        {
            stream.Seek(0, SeekOrigin.End);
        }

        return (Stream)stream;
    });

    public (bool IsFolder, IReadOnlyList<FileEntry> Entries) List(string path) => Do(path, (folder, name) =>
    {
        var file = folder.Describe(name);
        if (file.Kind != HostFileKind.Folder)
        {
            return (false, (IReadOnlyList<FileEntry>)[Entry(Path.GetFileName(name), file)]);
        }

        var entries = folder.List(name, EntriesMax).Select(one => Entry(one.Name, one.File));
        return (true, [.. entries.OrderBy(entry => entry.Name, StringComparer.Ordinal)]);
    });

    public void Dispose() => Use(null);

    private T Do<T>(string path, Func<FolderFd, string, T> work)
    {
        var name = Relative(path);
        lock (_gate)
        {
            if (_folder is null)
            {
                throw new FileNotFoundException($"/work/{name}: this sandbox has no files");
            }

            try
            {
                return work(_folder, name);
            }
            catch (LinuxException failed)
            {
                throw Translate(failed, $"/work/{name}");
            }
        }
    }

    // "/work/a", "a" and "./a" are the same file. ".." is left to the host to refuse.
    private static string Relative(string path)
    {
        if (path.Contains('\0'))
        {
            throw new FileNotFoundException("a path cannot contain a zero byte");
        }

        var below = path == "/work" || path.StartsWith("/work/", StringComparison.Ordinal) ? path[5..] : path;
        return below.StartsWith('/') && below == path
            ? throw new UnauthorizedAccessException($"{path} is not below /work")
            : below.Trim('/');
    }

    private static Exception Translate(LinuxException failed, string path) => failed.Errno switch
    {
        Errno.ENOENT or Errno.ENOTDIR => new FileNotFoundException($"{path}: no such file", failed),
        Errno.EXDEV or Errno.ELOOP => new UnauthorizedAccessException($"{path} leads out of /work", failed),
        Errno.EACCES or Errno.EPERM => new UnauthorizedAccessException($"{path}: permission denied", failed),
        Errno.EISDIR or Errno.ENXIO => new IOException($"{path} is not a regular file", failed),
        Errno.ENOSPC => new IOException($"{path}: /work is full; its size is the limit work_bytes", failed),
        _ => new IOException($"{path}: {failed.Message}", failed),
    };

    private static FileEntry Entry(string name, HostFile file) => new(name, Kind(file.Kind), file.Size, file.Mode);

    private static FileKind Kind(HostFileKind kind) => kind switch
    {
        HostFileKind.File => FileKind.File,
        HostFileKind.Folder => FileKind.Folder,
        HostFileKind.Link => FileKind.Link,
        HostFileKind.Other => FileKind.Other,
    };
}
