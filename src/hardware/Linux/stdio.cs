using System.Runtime.InteropServices;

namespace Analemma.Linux;

// <stdio.h>.
internal static partial class LibC
{
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rename(string oldpath, string newpath);
}
