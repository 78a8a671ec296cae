using Analemma.Linux;

namespace Analemma.Sandbox.Hosts;

/// <summary>
/// Where what agents see lies: the root, the SDK and their run folders. A sandbox with a user namespace is put together
/// by a uid of the agent's, which must be able to pass every folder above these; a state folder in somebody's home, or
/// in a folder made by mktemp(1), is one that it cannot reach. Then they lie in a folder of their own below /run.
/// </summary>
/// <param name="Folder">The folder that the agents' uids pass through.</param>
/// <param name="Blocked">The folder above it that they cannot pass, where there is no way round.</param>
internal sealed record Passage(string Folder, string? Blocked = null)
{
    public const string Base = "/run/analemma-passage";

    // Names the state folder that a way round belongs to.
    private const string OwnerFile = "state-folder";

    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // Passed through by all, listed by nobody but us.
    private const UnixFileMode Passing = Owner | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Finds out by going there as such a uid. Makes nothing but the folder for the way round.</summary>
    public static Passage Find(SandboxEngineOptions options)
    {
        if (options.Engine == EngineMaker.Unsandboxed
            || BlockedAbove(options.StateFolder, options.UidBase) is not { } blocked)
        {
            return new Passage(options.StateFolder);
        }

        var detour = Detour(options);
        return TryMake(options.PassageBase) && BlockedAbove(detour, options.UidBase) is null
            ? new Passage(detour)
            : new Passage(options.StateFolder, blocked);
    }

    /// <summary>Makes what an engine needs to begin with.</summary>
    public static void MakeFolders(SandboxEngineOptions options)
    {
        foreach (var folder in (string[])[options.StateFolder, options.Passage.Folder, options.RunFolders])
        {
            Directory.CreateDirectory(folder);
            File.SetUnixFileMode(folder, Passing);
        }

        if (options.Passage.Folder != options.StateFolder)
        {
            File.WriteAllText($"{options.Passage.Folder}/{OwnerFile}", Path.GetFullPath(options.StateFolder));
            Sweep(options.PassageBase);
        }

        Directory.CreateDirectory(options.SandboxesFolder, Owner);
        Directory.CreateDirectory(options.RuntimeFolder, Owner);
    }

    /// <summary>Removes the way round, ours or an earlier kernel's, unless an agent has its folder there.</summary>
    public static void Leave(SandboxEngineOptions options)
    {
        var detour = Detour(options);
        if (Directory.Exists(detour) && options.RunFoldersEver.All(IsEmptyOrAbsent))
        {
            Directory.Delete(detour, recursive: true);
        }

    }

    // Those of kernels that were killed and whose state folder is gone: nobody will ever settle them.
    private static void Sweep(string @base)
    {
        foreach (var detour in Directory.EnumerateDirectories(@base))
        {
            var isAbandoned = ProcFiles.TryRead($"{detour}/{OwnerFile}") is { Length: > 0 } state
                && !Directory.Exists(state);
            try
            {
                if (isAbandoned && IsEmptyOrAbsent($"{detour}/run"))
                {
                    Directory.Delete(detour, recursive: true);
                }
            }
            catch (IOException)
            {
                // Another kernel sweeps too.
            }
        }
    }

    private static bool IsEmptyOrAbsent(string folder) =>
        !Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any();

    /// <summary>The first folder on the way to a path that a uid cannot pass; null when it can pass all.</summary>
    internal static string? BlockedAbove(string path, uint uid)
    {
        path = Path.GetFullPath(path);
        if (HostProcess.CanReach(uid, path))
        {
            return null;
        }

        var above = path;
        do
        {
            above = Path.GetDirectoryName(above)!;
        }
        while (!HostProcess.CanReach(uid, above));
        return above;
    }

    /// <summary>The folder of this kernel beside those of others.</summary>
    internal static string Detour(SandboxEngineOptions options) =>
        Path.Combine(options.PassageBase, options.InstanceName);

    private static bool TryMake(string folder)
    {
        try
        {
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder);
                File.SetUnixFileMode(folder, Passing);
            }

            return true;
        }
        catch (Exception cannot) when (cannot is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
