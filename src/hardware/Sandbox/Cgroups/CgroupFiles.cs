using System.Globalization;
using Analemma.Linux;

namespace Analemma.Sandbox.Cgroups;

/// <summary>Reading and writing the small files of a cgroup.</summary>
internal static class CgroupFiles
{
    public const string Leaf = "self";
    public const string GroupPrefix = "agent-";

    /// <summary>Null when it was written, else why not.</summary>
    public static string? Write(string path, string value)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1);
            file.Write(System.Text.Encoding.ASCII.GetBytes(value));
            file.Flush();
            return null;
        }
        catch (IOException failed)
        {
            return $"{path}: {failed.Message}";
        }
        catch (UnauthorizedAccessException failed)
        {
            return $"{path}: {failed.Message}";
        }
    }

    public static long Read(string path) =>
        long.TryParse(ProcFiles.TryRead(path), CultureInfo.InvariantCulture, out var value) ? value : 0;

    /// <summary>A field of a file of lines "name value".</summary>
    public static long ReadField(string path, string name)
    {
        foreach (var line in (ProcFiles.TryRead(path) ?? "").AsSpan().EnumerateLines())
        {
            if (line.StartsWith($"{name} ", StringComparison.Ordinal))
            {
                var digits = line[(name.Length + 1)..];
                return long.TryParse(digits, CultureInfo.InvariantCulture, out var value) ? value : 0;
            }
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

    /// <summary>Moves the processes of a leaf into another group.</summary>
    public static void Move(string leaf, ICgroup target)
    {
        foreach (var pid in Pids(leaf))
        {
            foreach (var file in target.JoinFiles)
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
        foreach (var below in Directory.EnumerateDirectories(group))
        {
            all &= TryRemoveTree(below);
        }

        return all && HostFiles.TryRemoveFolder(group);
    }

    /// <summary>The names of the sandbox groups directly below.</summary>
    public static IReadOnlyList<string> Groups(string folder) =>
        Directory.Exists(folder)
            ? [.. Directory.EnumerateDirectories(folder, GroupPrefix + "*").Select(path => Path.GetFileName(path)!)]
            : [];

    private static void Collect(string group, List<int> pids)
    {
        foreach (var line in (ProcFiles.TryRead($"{group}/cgroup.procs") ?? "").AsSpan().EnumerateLines())
        {
            if (int.TryParse(line, CultureInfo.InvariantCulture, out var pid) && pid > 0)
            {
                pids.Add(pid);
            }
        }

        try
        {
            foreach (var below in Directory.EnumerateDirectories(group))
            {
                Collect(below, pids);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Removed meanwhile, so there is nothing in it.
        }
    }
}
