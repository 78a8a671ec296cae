using Analemma.Linux;

namespace Analemma.Sandbox.Bundles;

/// <summary>
/// The read-only root that all sandboxes share: mount points and a minimal /etc of ours. Made once; a format number in
/// it makes the next kernel renew it when we change what belongs there.
/// </summary>
internal static class RootFolder
{
    /// <summary>Where the first process of each sandbox is, inside.</summary>
    public const string InitPath = "/opt/analemma/init";

    private const string Format = "1";

    /// <summary>runc gives a tmpfs the mode of its mount point.</summary>
    private const UnixFileMode Tmp =
        SharedModes.Passable | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite | UnixFileMode.StickyBit;

    private const UnixFileMode Program = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead
        | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private static readonly string[] Folders =
    [
        "dev", "etc/ssl/certs", "home", "mnt", "opt/analemma/python", "proc", "run/analemma", "tmp", "usr", "var/tmp",
        "work",
    ];

    private static readonly string[] SystemPaths = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

    // What programs need of the host's /etc and tells nothing of it.
    private static readonly string[] Copied = ["ld.so.cache", "localtime", "ssl/certs/ca-certificates.crt"];

    /// <summary>Makes it where it is missing. Returns the host folders to be shown, read-only.</summary>
    public static IReadOnlyList<string> Ensure(string root)
    {
        var stamp = $"{root}.format";
        if (ProcFiles.TryRead(stamp) != Format)
        {
            if (Directory.Exists(root))
            {
                Directory.Delete(root, recursive: true);
            }

            Make(root);
            File.WriteAllText(stamp, Format);
        }

        SetModes(root);
        return
        [
            "/usr",
            .. SystemPaths
                .Select(name => $"/{name}")
                .Where(path => Directory.Exists(path) && new DirectoryInfo(path).LinkTarget is null),
        ];
    }

    /// <summary>
    /// Puts the first process's program there. Under another name first: one that runs cannot be written to.
    /// </summary>
    public static void PutInit(string root, string initFile)
    {
        var (target, fresh) = ($"{root}{InitPath}", $"{root}{InitPath}.new");
        if (!File.Exists(target) || !File.ReadAllBytes(target).AsSpan().SequenceEqual(File.ReadAllBytes(initFile)))
        {
            File.Copy(initFile, fresh, overwrite: true);
            File.SetUnixFileMode(fresh, Program);
            File.Move(fresh, target, overwrite: true);
        }
    }

    /// <summary>Agents see all of it and change nothing, whatever umask the kernel had that made it.</summary>
    private static void SetModes(string root)
    {
        EnumerationOptions noLinks = new()
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.ReparsePoint,
        };
        foreach (var folder in Directory.EnumerateDirectories(root, "*", noLinks).Prepend(root))
        {
            File.SetUnixFileMode(folder, folder == $"{root}/tmp" ? Tmp : SharedModes.Passable);
        }

        foreach (var file in Directory.EnumerateFiles(root, "*", noLinks))
        {
            File.SetUnixFileMode(file, file == $"{root}{InitPath}" ? Program : SharedModes.Readable);
        }
    }

    private static void Make(string root)
    {
        foreach (var folder in Folders)
        {
            Directory.CreateDirectory($"{root}/{folder}");
        }

        foreach (var name in SystemPaths)
        {
            var host = new DirectoryInfo($"/{name}");
            if (host.LinkTarget is { } target)
            {
                File.CreateSymbolicLink($"{root}/{name}", target);
            }
            else if (host.Exists)
            {
                Directory.CreateDirectory($"{root}/{name}");
            }
        }

        MakeEtc($"{root}/etc");
    }

    private static void MakeEtc(string etc)
    {
        File.WriteAllText(
            $"{etc}/passwd",
            "root:x:0:0:root:/:/usr/sbin/nologin\n"
            + "agent:x:1000:1000:agent:/work:/bin/sh\n"
            + "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n");
        File.WriteAllText($"{etc}/group", "root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n");
        File.WriteAllText($"{etc}/hosts", "127.0.0.1 localhost\n::1 localhost\n");
        File.WriteAllText($"{etc}/resolv.conf", "");
        File.WriteAllText($"{etc}/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n");
        foreach (var name in Copied.Where(name => File.Exists($"/etc/{name}")))
        {
            File.Copy($"/etc/{name}", $"{etc}/{name}");
        }

        CopyAlternatives(etc);
    }

    // Debian's commands are links to /etc/alternatives/NAME, which link back into /usr.
    private static void CopyAlternatives(string etc)
    {
        DirectoryInfo alternatives = new("/etc/alternatives");
        if (!alternatives.Exists)
        {
            return;
        }

        Directory.CreateDirectory($"{etc}/alternatives");
        foreach (var link in alternatives.EnumerateFileSystemInfos())
        {
            if (link.LinkTarget is { } target && !target.Contains("/man/", StringComparison.Ordinal))
            {
                File.CreateSymbolicLink($"{etc}/alternatives/{link.Name}", target);
            }
        }
    }
}
