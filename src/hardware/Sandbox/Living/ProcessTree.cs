using System.Globalization;
using Analemma.Linux;

namespace Analemma.Sandbox.Living;

/// <summary>
/// Kills a host process and its descendants. They could outrun us by forking, so each is stopped before its children
/// are read: a stopped process forks no more.
/// </summary>
internal static class ProcessTree
{
    private const int Sigkill = 9;
    private const int Sigstop = 19;

    public static void Kill(int pid)
    {
        using var process = PidFd.TryOpen(pid);
        if (process is null || !process.TrySignal(Sigstop))
        {
            return;
        }

        foreach (var child in Children(pid))
        {
            Kill(child);
        }

        process.TrySignal(Sigkill);
    }

    private static List<int> Children(int pid)
    {
        List<int> children = [];
        try
        {
            foreach (var task in Directory.EnumerateDirectories($"/proc/{pid}/task"))
            {
                foreach (var child in (ProcFiles.TryRead($"{task}/children") ?? "").Split(' '))
                {
                    if (int.TryParse(child, CultureInfo.InvariantCulture, out var number))
                    {
                        children.Add(number);
                    }
                }
            }
        }
        catch (IOException)
        {
            // Gone meanwhile.
        }

        return children;
    }
}
