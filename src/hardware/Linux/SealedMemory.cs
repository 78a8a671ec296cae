using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Linux;

// <sys/mman.h>.
internal static partial class LibC
{
    public const uint MFD_CLOEXEC = 1;
    public const uint MFD_ALLOW_SEALING = 2;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int memfd_create(string name, uint flags);
}

// Looking must not wait: fcntl(2) answers for any descriptor without asking whoever serves the file, and only memory
// files have seals, so what is asked after that is asked of memory.

/// <summary>Memory files, memfd_create(2), that nobody can change any more.</summary>
public static class SealedMemory
{
    private const int AllSeals = LibC.F_SEAL_SEAL | LibC.F_SEAL_SHRINK | LibC.F_SEAL_GROW | LibC.F_SEAL_WRITE;

    /// <summary>
    /// Opens for reading what somebody sent, with a position of its own; null and why when it is no memory that is
    /// sealed for good. Seals are not added here: that waits for pages that somebody holds.
    /// </summary>
    public static SafeFileHandle? TryOpen(SafeFileHandle sent, out long bytes, out string? problem)
    {
        bytes = 0;
        var number = (int)sent.DangerousGetHandle();
        var seals = LibC.fcntl(number, LibC.F_GET_SEALS, 0);
        if (seals < 0)
        {
            problem = "it is no memory of memfd_create";
            return null;
        }

        if ((seals & AllSeals) != AllSeals)
        {
            problem = $"it lacks the seals {Names(AllSeals & ~seals)}";
            return null;
        }

        bytes = RandomAccess.GetLength(sent);
        var path = $"/proc/self/fd/{number.ToString(CultureInfo.InvariantCulture)}";
        var own = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        problem = own < 0 ? "its mode does not let the kernel read it" : null;
        return own < 0 ? null : new SafeFileHandle(own, ownsHandle: true);
    }

    /// <summary>Memory with these bytes; sealed if asked for.</summary>
    public static SafeFileHandle Make(ReadOnlySpan<byte> bytes, bool sealedToo = true)
    {
        var made = Create();
        RandomAccess.Write(made, bytes, 0);
        return sealedToo ? Seal(made) : made;
    }

    /// <summary>Sealed memory of zeros, which take no memory.</summary>
    public static SafeFileHandle MakeEmpty(long bytes)
    {
        var made = Create();
        RandomAccess.SetLength(made, bytes);
        return Seal(made);
    }

    private static SafeFileHandle Create() => new(
        LinuxException.ThrowIfFailed(
            LibC.memfd_create("analemma", LibC.MFD_CLOEXEC | LibC.MFD_ALLOW_SEALING), "memfd_create"),
        ownsHandle: true);

    private static SafeFileHandle Seal(SafeFileHandle memory)
    {
        LinuxException.ThrowIfFailed(
            LibC.fcntl((int)memory.DangerousGetHandle(), LibC.F_ADD_SEALS, AllSeals), "fcntl(F_ADD_SEALS)");
        return memory;
    }

    private static string Names(int seals) => string.Join(
        ", ",
        new[]
        {
            (LibC.F_SEAL_SEAL, "F_SEAL_SEAL"), (LibC.F_SEAL_SHRINK, "F_SEAL_SHRINK"),
            (LibC.F_SEAL_GROW, "F_SEAL_GROW"), (LibC.F_SEAL_WRITE, "F_SEAL_WRITE"),
        }.Where(seal => (seals & seal.Item1) != 0).Select(seal => seal.Item2));
}
