using Analemma.Linux;

namespace Analemma.Sandbox.Notify;

// WHAT COUNTS AS A DENIED OPEN
//
// The mounts decide; we only find out what they will have said. The path is looked up in the sandbox's own root, links
// included (openat2 RESOLVE_IN_ROOT).
//   for writing: denied when the file, or else the nearest folder above that exists, is on a read-only mount. /dev and
//     /proc are writable mounts that hold more than an agent may write, so there the names decide.
//   for reading: denied when it does not exist inside, but does on the host.
// Not reported: compiled Python beside a read-only module, which the interpreter tries by itself and does without.

/// <summary>Finds out whether an open is one that the sandbox refuses.</summary>
internal static class OpenJudge
{
    public static bool IsDeniedWrite(ReadOnlySpan<byte> path, ProcessRoot root)
    {
        if (path.IsEmpty || path.IndexOf("/__pycache__/"u8) >= 0)
        {
            return false;
        }

        if (path.StartsWith("/dev/"u8))
        {
            return !IsOwnDevice(path[5..^1]);
        }

        if (path.StartsWith("/proc/"u8))
        {
            return !IsOwnProcess(path[6..^1]);
        }

        return IsReadOnly(path, root);
    }

    public static bool IsHiddenRead(ReadOnlySpan<byte> path, ProcessRoot root)
    {
        if (path.IsEmpty || path.StartsWith("/proc/"u8) || path.StartsWith("/dev/"u8))
        {
            return false;
        }

        return root.Look(path, out _) is Errno.ENOENT or Errno.ENOTDIR or Errno.EACCES
            && ProcessRoot.ExistsOnHost(path);
    }

    private static bool IsReadOnly(ReadOnlySpan<byte> path, ProcessRoot root)
    {
        var error = root.Look(path, out var readOnly);
        if (error == 0)
        {
            return readOnly;
        }

        return IsMissing(error) && IsAboveReadOnly(path, root);
    }

    // The nearest folder above that is there. What is below one that is missing is missing, too, so that halving finds
    // it: a path has up to two thousand names, each look goes through all of them, and one thread judges for everybody.
    private static bool IsAboveReadOnly(ReadOnlySpan<byte> path, ProcessRoot root)
    {
        Span<byte> above = stackalloc byte[path.Length];
        Span<int> ends = stackalloc int[path.Length];
        var count = 0;
        for (var i = 1; i < path.Length - 1; i++)
        {
            if (path[i] == (byte)'/' && path[i - 1] != (byte)'/')
            {
                ends[count++] = i;
            }
        }

        var isReadOnly = root.Look("/\0"u8, out var readOnly) == 0 && readOnly;
        var (there, missing) = (-1, count);
        while (missing - there > 1)
        {
            var middle = (there + missing) / 2;
            path[..ends[middle]].CopyTo(above);
            above[ends[middle]] = 0;
            var error = root.Look(above[..(ends[middle] + 1)], out readOnly);
            if (error == 0)
            {
                (there, isReadOnly) = (middle, readOnly);
            }
            else if (IsMissing(error))
            {
                missing = middle;
            }
            else
            {
                return false;
            }
        }

        return isReadOnly;
    }

    private static bool IsMissing(int error) => error is Errno.ENOENT or Errno.ENOTDIR or Errno.EACCES;

    private static bool IsOwnDevice(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("null"u8) || name.SequenceEqual("zero"u8) || name.SequenceEqual("full"u8)
        || name.SequenceEqual("random"u8) || name.SequenceEqual("urandom"u8) || name.SequenceEqual("tty"u8)
        || name.SequenceEqual("ptmx"u8) || name.SequenceEqual("stdin"u8) || name.SequenceEqual("stdout"u8)
        || name.SequenceEqual("stderr"u8) || name.StartsWith("fd/"u8) || name.StartsWith("pts/"u8)
        || name.StartsWith("shm/"u8) || name.StartsWith("mqueue/"u8);

    private static bool IsOwnProcess(ReadOnlySpan<byte> name) =>
        name.StartsWith("self/"u8) || name.StartsWith("thread-self/"u8)
        || (name.Length > 0 && char.IsAsciiDigit((char)name[0]));
}
