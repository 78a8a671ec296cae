using Analemma.Sandbox;
using Analemma.Sandbox.Living;

namespace Analemma.Integration.Tests.Sandbox;

/// <summary>What must not pile up.</summary>
internal static class Hygiene
{
    /// <summary>The groups of an engine's sandboxes in every hierarchy.</summary>
    public static IReadOnlyList<string> Cgroups(ISandboxEngine engine) =>
    [
        .. Directory.EnumerateDirectories("/sys/fs/cgroup", "agent-*", new EnumerationOptions
            {
                RecurseSubdirectories = true,
                MaxRecursionDepth = 6,
            })
            .Where(path => path.Contains($"/analemma/{((LauncherEngine)engine).Instance}/", StringComparison.Ordinal)),
    ];

    public static int OpenFiles() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();

    public static int Mounts() => File.ReadLines("/proc/self/mountinfo").Count();

    /// <summary>Children of this process by number and name, dead ones that nobody took included.</summary>
    public static IReadOnlyList<string> Children() =>
    [
        .. Directory.EnumerateDirectories("/proc/self/task")
            .SelectMany(task => File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(pid => $"{pid} {Analemma.Linux.ProcFiles.TryRead($"/proc/{pid}/comm")?.TrimEnd()}"),
    ];
}
