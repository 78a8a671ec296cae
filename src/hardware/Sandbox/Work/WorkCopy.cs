using Analemma.Linux;

namespace Analemma.Sandbox.Work;

/// <summary>
/// Copies what an ended sandbox left in /work to disk: regular files, folders and links, so many bytes and files at
/// most. Links are copied as links; nothing follows them.
/// </summary>
internal sealed class WorkCopy(long bytesMax)
{
    // Each level holds two descriptors while it is copied.
    private const int DepthMax = 64;
    private const int FilesMax = 100_000;
    private const int ChunkBytes = 128 * 1024;

    private long _bytesLeft = bytesMax;
    private int _filesLeft = FilesMax;

    /// <summary>False when there was nothing to copy; then no folder is made.</summary>
    public bool Copy(FolderFd from, string to)
    {
        if (from.List(".", 1).Count == 0)
        {
            return false;
        }

        Directory.CreateDirectory(to);
        using var target = FolderFd.Open(to);
        CopyFolder(from, target, 1);
        return true;
    }

    private void CopyFolder(FolderFd from, FolderFd to, int depth)
    {
        foreach (var (name, file) in from.List(".", _filesLeft))
        {
            _filesLeft--;
            try
            {
                CopyOne(from, to, name, file, depth);
            }
            catch (LinuxException)
            {
                // Changed its kind while we looked, or a name that the disk does not take: the others still count.
            }
        }
    }

    private void CopyOne(FolderFd from, FolderFd to, string name, HostFile file, int depth)
    {
        switch (file.Kind)
        {
            case HostFileKind.Folder when depth < DepthMax:
                to.MakeFolders(name, 0x1C0, HostProcess.UserId, HostProcess.GroupId);
                using (var source = from.OpenFolder(name))
                using (var target = to.OpenFolder(name))
                {
                    CopyFolder(source, target, depth + 1);
                }

                break;
            case HostFileKind.File:
                CopyFile(from, to, name, file.Mode);
                break;
            case HostFileKind.Link:
                to.MakeLink(name, from.ReadLink(name), HostProcess.UserId, HostProcess.GroupId);
                break;
            default:
                break;
        }
    }

    private void CopyFile(FolderFd from, FolderFd to, string name, int mode)
    {
        using var source = from.OpenToRead(name);
        const int permissions = 0x1FF;
        using var target = to.OpenToWrite(
            name, append: false, mode & permissions, HostProcess.UserId, HostProcess.GroupId);
        var chunk = new byte[ChunkBytes];
        long place = 0;
        while (_bytesLeft > 0)
        {
            var count = RandomAccess.Read(source, chunk.AsSpan(0, (int)Math.Min(chunk.Length, _bytesLeft)), place);
            if (count == 0)
            {
                break;
            }

            RandomAccess.Write(target, chunk.AsSpan(0, count), place);
            place += count;
            _bytesLeft -= count;
        }
    }
}
