using Analemma.Linux;

namespace Analemma.Sandbox.Living;

/// <summary>
/// The host folders of one sandbox. The private one is the kernel's; the run folder is shown to the agent, and only
/// the agent's uid can enter it.
/// </summary>
internal sealed record SandboxFolders(string Private, string Run)
{
    public string Bundle => Private;

    public string Stdout => $"{Private}/stdout";

    public string Stderr => $"{Private}/stderr";

    public string PidFile => $"{Private}/pid";

    public string RuntimeLog => $"{Private}/runtime.log";

    /// <summary>A FIFO that holds the first process, where the launcher has no other means.</summary>
    public string Gate => $"{Private}/gate";

    public string WorkCopy => $"{Private}/work";

    /// <summary>Those of a sandbox that an earlier kernel made lie where that one found a passage.</summary>
    public static SandboxFolders For(SandboxEngineOptions options, string key)
    {
        var run = options.RunFoldersEver.Select(folder => $"{folder}/{key}").FirstOrDefault(Directory.Exists);
        return new SandboxFolders($"{options.SandboxesFolder}/{key}", run ?? $"{options.RunFolders}/{key}");
    }

    public void Make(uint uid)
    {
        Directory.CreateDirectory(Private);
        Directory.CreateDirectory(Run, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        HostFiles.ChangeOwner(Run, uid, uid);
        const int ownerOnly = 0x180; // 0600
        HostFiles.MakeFifo(Stdout, ownerOnly);
        HostFiles.MakeFifo(Stderr, ownerOnly);
    }

    /// <summary>What only a running sandbox needs.</summary>
    public void RemoveLive()
    {
        Remove(Run);
        File.Delete(Stdout);
        File.Delete(Stderr);
    }

    public void RemoveAll()
    {
        Remove(Run);
        Remove(Private);
    }

    private static void Remove(string folder)
    {
        try
        {
            FolderRemoval.Remove(folder);
        }
        catch (LinuxException)
        {
            // What cannot be removed now is a leftover, which the next kernel sweeps.
        }
    }
}
