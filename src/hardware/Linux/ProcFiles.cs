using System.Globalization;

namespace Analemma.Linux;

/// <summary>Small files of proc(5) and sysfs: read whole, absent when the process or the feature is gone.</summary>
public static class ProcFiles
{
    /// <summary>The text of a file of at most so many bytes; null for a longer one, too.</summary>
    public static string? TryRead(string path, int bytesMax)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            var bytes = new byte[bytesMax + 1];
            var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return count <= bytesMax ? System.Text.Encoding.UTF8.GetString(bytes, 0, count) : null;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static string? TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The host processes that can be seen.</summary>
    public static IEnumerable<int> Pids() => Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
        .Where(pid => pid > 0);

    /// <summary>The state letter of a host process, such as Z.</summary>
    public static char? TryReadState(int pid) => Field(pid, 0) is [var state, ..] ? state : null;

    public static int? TryReadParent(int pid) =>
        int.TryParse(Field(pid, 1), CultureInfo.InvariantCulture, out var parent) ? parent : null;

    /// <summary>When it started, in clock ticks since boot: with the pid, unique while the host is up.</summary>
    public static long? TryReadStartTime(int pid) =>
        long.TryParse(Field(pid, 19), CultureInfo.InvariantCulture, out var ticks) ? ticks : null;

    /// <summary>
    /// How a process ended whose parent has not yet taken its status: somebody else's zombie. Null for any other, and
    /// without the right to trace it.
    /// </summary>
    public static WaitStatus? TryReadExit(int pid) =>
        TryReadState(pid) == 'Z' && int.TryParse(Field(pid, 49), CultureInfo.InvariantCulture, out var word)
            ? WaitStatus.FromWord(word)
            : null;

    // /proc/PID/stat: the name, second, is in parentheses and may hold anything; index 0 is the field after it.
    private static string? Field(int pid, int index)
    {
        if (TryRead($"/proc/{pid}/stat") is not { } line)
        {
            return null;
        }

        var fields = line[(line.LastIndexOf(')') + 1)..].TrimEnd().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return index < fields.Length ? fields[index] : null;
    }
}
