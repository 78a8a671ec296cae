using System.Text;
using Analemma.Linux;

namespace Analemma.Sandbox.Bundles;

/// <summary>
/// Looks whether a sandbox has the program that it is to run, and the folder to run it in, as an OCI runtime does of
/// its first process. Bubblewrap and our init would find out when it is too late to say.
/// </summary>
internal static class ProgramSearch
{
    private const string PathVariable = "PATH=";
    private const string Hint = "it has the host's /usr, and /work";

    /// <summary>What will only be put into /work is not looked for.</summary>
    public static void Require(int pid, OciProcess process)
    {
        using var root = ProcessRoot.TryOpen(pid);
        if (root is null)
        {
            return;
        }

        if (!MayBeThere(root, process.Cwd))
        {
            throw new SandboxException($"the folder '{process.Cwd}' is not in the sandbox", Hint);
        }

        var places = Places(process).ToList();
        if (!places.Any(path => MayBeThere(root, path)))
        {
            throw new SandboxException($"the program '{process.Args[0]}' is not in the sandbox", Hint);
        }

        if (!places.Any(path => IsInWork(path) || root.IsProgram(Encoding.UTF8.GetBytes($"{path}\0"))))
        {
            throw new SandboxException(
                $"'{process.Args[0]}' in the sandbox is not a program", "it must be a file that may be executed");
        }
    }

    /// <summary>The folder that a command is to begin in. What cannot be looked at is taken to be there.</summary>
    public static void RequireFolder(int pid, string folder)
    {
        using var root = ProcessRoot.TryOpen(pid);
        if (root?.Look(Encoding.UTF8.GetBytes($"{folder}/.\0"), out _) is Errno.ENOENT or Errno.ENOTDIR)
        {
            throw new SandboxException($"there is no folder '{folder}' in the sandbox", "set cwd to one that is there");
        }
    }

    private static IEnumerable<string> Places(OciProcess process)
    {
        var program = process.Args[0];
        if (program.Contains('/', StringComparison.Ordinal))
        {
            return [Path.Combine(process.Cwd, program)];
        }

        var path = process.Env.First(pair => pair.StartsWith(PathVariable, StringComparison.Ordinal));
        var folders = path[PathVariable.Length..].Split(':', StringSplitOptions.RemoveEmptyEntries);
        return folders.Select(folder => $"{folder}/{program}");
    }

    private static bool MayBeThere(ProcessRoot root, string path) =>
        IsInWork(path) || root.Look(Encoding.UTF8.GetBytes($"{path}\0"), out _) == 0;

    private static bool IsInWork(string path) => path.StartsWith("/work/", StringComparison.Ordinal);
}
