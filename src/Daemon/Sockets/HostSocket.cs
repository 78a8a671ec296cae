using Analemma.Linux;

namespace Analemma.Daemon.Sockets;

/// <summary>The kernel cannot listen where it was told to. Boot refuses to start.</summary>
public sealed class HostSocketException(string path, string reason) : Exception($"{path}: {reason}")
{
    public string Path { get; } = path;
}

/// <summary>
/// The right to a socket path, held by a lock file beside it for as long as the kernel lives. A socket that a dead
/// kernel left is removed under the lock; one that answers is left alone, whoever it is.
/// </summary>
public sealed class HostSocket : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly FileStream _lock;

    private HostSocket(string path, FileStream @lock) => (Path, _lock) = (path, @lock);

    public string Path { get; }

    public static HostSocket Claim(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        if (!UnixAddress.Fits(path))
        {
            throw new HostSocketException(path, $"a socket path has at most {UnixAddress.PathBytesMax} bytes");
        }

        try
        {
            MakeFolder(System.IO.Path.GetDirectoryName(path)!);
            var held = Lock(path);
            try
            {
                RemoveStale(path);
                return new HostSocket(path, held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (Exception fault) when (fault is UnauthorizedAccessException or IOException)
        {
            throw new HostSocketException(path, fault.Message);
        }
    }

    public void Dispose() => _lock.Dispose();

    internal UnixSocket Open(int backlog) => UnixSocket.Listen(Path, OwnerOnly, backlog);

    private static void MakeFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    private static FileStream Lock(string path)
    {
        try
        {
            // No sharing: .NET takes flock(2), which goes with the process.
            return new FileStream(path + ".lock", new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = OwnerOnly,
            });
        }
        catch (IOException fault) when (fault.HResult == Errno.EAGAIN)
        {
            throw new HostSocketException(path, "a kernel is running here already; stop it or set another path");
        }
    }

    private static void RemoveStale(string path)
    {
        var found = new FileInfo(path);
        if (!found.Exists && found.LinkTarget is null && !Directory.Exists(path))
        {
            return;
        }

        using var answering = UnixSocket.TryConnect(path, blocking: false, out var errno);
        if (answering is not null || errno == Errno.EAGAIN)
        {
            throw new HostSocketException(path, "another program is listening there; set another path");
        }

        if (errno != Errno.ECONNREFUSED || !UnixSocket.IsSocketFile(path))
        {
            throw new HostSocketException(
                path, "there is something that is not a socket; remove it or set another path");
        }

        File.Delete(path);
    }
}
