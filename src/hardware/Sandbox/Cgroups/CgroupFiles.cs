using System.Buffers.Text;
using System.Globalization;
using Analemma.Linux;

namespace Analemma.Sandbox.Cgroups;

/// <summary>Reading and writing the small files of a cgroup.</summary>
internal static class CgroupFiles
{
    public const string Leaf = "self";
    public const string GroupPrefix = "agent-";

    /// <summary>
    /// The beginning of a shell script whose arguments are an <see cref="ICgroup.JoinFiles"/>, then --, then the rest:
    /// enters the group. A thread that moves itself, as 0, is spared the lock that a whole process must take, and with
    /// it the 10 ms of an RCU grace period (cgroup_procs_write_start in Linux's kernel/cgroup/cgroup.c).
    /// </summary>
    public const string JoinScript =
        "while [ \"$1\" != -- ]; do echo 0 >\"$1\" || exit 125; shift; done; shift; ";

    // The longest file of counters that we read has some twenty short lines.
    private const int CounterBytesMax = 4096;

    /// <summary>Null when it was written, else why not.</summary>
    public static string? Write(string path, string value)
    {
        try
        {
            HostFiles.WriteWhole(path, System.Text.Encoding.ASCII.GetBytes(value));
            return null;
        }
        catch (LinuxException failed)
        {
            return $"{path}: {failed.Reason}";
        }
    }

    /// <summary>A file that is one number; 0 when it is not, or not there.</summary>
    public static long Read(string path)
    {
        Span<byte> text = stackalloc byte[CounterBytesMax];
        return Number(ReadInto(path, text));
    }

    /// <summary>A field of a file of lines "name value"; 0 when it has none.</summary>
    public static long ReadField(string path, ReadOnlySpan<byte> name)
    {
        Span<byte> text = stackalloc byte[CounterBytesMax];
        ReadOnlySpan<byte> rest = ReadInto(path, text);
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            if (line.Length > name.Length && line[name.Length] == (byte)' ' && line.StartsWith(name))
            {
                return Number(line[(name.Length + 1)..]);
            }

            rest = end < 0 ? default : rest[(end + 1)..];
        }

        return 0;
    }

    /// <summary>The pids in a group and all below it.</summary>
    public static List<int> Pids(string group)
    {
        List<int> pids = [];
        Collect(group, pids);
        return pids;
    }

    /// <summary>The groups directly below; none when it was removed meanwhile.</summary>
    public static string[] Below(string group)
    {
        try
        {
            return Directory.GetDirectories(group);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>Moves the processes of a leaf into another group.</summary>
    public static void Move(string leaf, ICgroup target)
    {
        foreach (var pid in Pids(leaf))
        {
            foreach (var file in target.ProcessFiles)
            {
                if (Write(file, pid.ToString(CultureInfo.InvariantCulture)) is { } reason)
                {
                    throw new SandboxException($"cannot move a warm sandbox: {reason}");
                }
            }
        }
    }

    /// <summary>Removes the groups below, deepest first, then this one.</summary>
    public static bool TryRemoveTree(string group)
    {
        if (!Directory.Exists(group))
        {
            return true;
        }

        var all = true;
        foreach (var below in Below(group))
        {
            all &= TryRemoveTree(below);
        }

        return all && HostFiles.TryRemoveFolder(group);
    }

    /// <summary>
    /// Removes a kernel's base, and the folder above where no other kernel has one; what it may not remove stays.
    /// </summary>
    public static void RemoveBase(string folder)
    {
        try
        {
            if (HostFiles.TryRemoveFolder(folder))
            {
                HostFiles.TryRemoveFolder(Path.GetDirectoryName(folder)!);
            }
        }
        catch (LinuxException denied) when (denied.Errno is Errno.EACCES or Errno.EPERM)
        {
            // A cgroup that is empty harms nobody, and what was asked of the host is answered.
        }
    }

    /// <summary>The names of the sandbox groups directly below; none when it was removed meanwhile.</summary>
    public static IReadOnlyList<string> Groups(string folder) =>
    [
        .. Below(folder).Select(path => Path.GetFileName(path))
            .Where(name => name.StartsWith(GroupPrefix, StringComparison.Ordinal)),
    ];

    // Read several times a second for each agent, so without garbage.
    private static Span<byte> ReadInto(string path, Span<byte> buffer) =>
        buffer[..Math.Max(0, HostFiles.TryReadWhole(path, buffer))];

    private static long Number(ReadOnlySpan<byte> digits) =>
        Utf8Parser.TryParse(digits, out long value, out _) ? value : 0;

    private static void Collect(string group, List<int> pids)
    {
        foreach (var line in (ProcFiles.TryRead($"{group}/cgroup.procs") ?? "").AsSpan().EnumerateLines())
        {
            if (int.TryParse(line, CultureInfo.InvariantCulture, out var pid) && pid > 0)
            {
                pids.Add(pid);
            }
        }

        foreach (var below in Below(group))
        {
            Collect(below, pids);
        }
    }
}
