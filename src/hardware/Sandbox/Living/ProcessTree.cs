using System.Globalization;
using Analemma.Linux;

namespace Analemma.Sandbox.Living;

/// <summary>
/// A host process and its descendants. To kill them all, each is stopped before its children are read, for a stopped
/// process forks no more and cannot outrun us.
/// </summary>
internal static class ProcessTree
{
    private const int Sigkill = 9;
    private const int Sigcont = 18;
    private const int Sigstop = 19;

    /// <summary>A process and what now descends from it.</summary>
    public static List<int> Of(int pid) => [pid, .. Children(pid).SelectMany(Of)];

    /// <summary>Those that it killed, whose ends may be awaited; the caller disposes them.</summary>
    public static IReadOnlyList<(int Pid, PidFd Handle)> Kill(int pid)
    {
        List<(int, PidFd)> killed = [];
        Kill(pid, killed);
        return killed;
    }

    private static void Kill(int pid, List<(int, PidFd)> killed)
    {
        var process = PidFd.TryOpen(pid);
        if (process is null || !process.TrySignal(Sigstop))
        {
            process?.Dispose();
            return;
        }

        foreach (var child in Children(pid))
        {
            Kill(child, killed);
        }

        process.TrySignal(Sigkill);
        killed.Add((pid, process));
    }

    /// <summary>Stops each process and lets it go on at once.</summary>
    public static void Interrupt(int pid)
    {
        using var process = PidFd.TryOpen(pid);
        if (process is not null && process.TrySignal(Sigstop) && process.TrySignal(Sigcont))
        {
            Children(pid).ForEach(Interrupt);
        }
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
