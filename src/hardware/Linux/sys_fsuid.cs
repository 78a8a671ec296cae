using System.Runtime.InteropServices;

namespace Analemma.Linux;

// <sys/fsuid.h>: of the calling thread only; returns the previous id.
internal static partial class LibC
{
    [LibraryImport("libc")]
    public static partial int setfsuid(uint uid);

    [LibraryImport("libc")]
    public static partial int setfsgid(uint gid);
}

/// <summary>
/// Makes files as somebody else while it lives, on this thread: a tmpfs of another user namespace takes no file from a
/// uid that the namespace does not map. Without the right to, nothing changes.
/// </summary>
internal readonly ref struct FileIdentity
{
    private readonly uint _uid;
    private readonly uint _gid;

    public FileIdentity(uint uid, uint gid)
    {
        _gid = unchecked((uint)LibC.setfsgid(gid));
        _uid = unchecked((uint)LibC.setfsuid(uid));
    }

    public void Dispose()
    {
        _ = LibC.setfsuid(_uid);
        _ = LibC.setfsgid(_gid);
    }
}
