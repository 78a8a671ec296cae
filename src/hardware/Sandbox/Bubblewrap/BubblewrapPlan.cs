using System.Globalization;
using System.Text;
using Analemma.Sandbox.Bundles;

namespace Analemma.Sandbox.Bubblewrap;

// THE BUNDLE IN BUBBLEWRAP'S WORDS
//
// The OCI plan decides what a sandbox is; here it is only translated, and touches nothing. What bubblewrap has no word
// for:
//
//   nosuid, nodev      it sets them on every mount by itself
//   noexec, nr_inodes  it cannot; /work may hold more small files, which count against the memory
//   ids                one, the agent's; root is nobody inside
//   /proc              read-only where it could be written, by itself
//   /dev               its own has a terminal, which takes a second user namespace; ours is made of binds
//
// Limits, the cgroup and the host's uid are set before it begins, because all it makes inherits them.
internal static class BubblewrapPlan
{
    /// <summary>The descriptors that it finds, by the numbers that its arguments name.</summary>
    public const int ArgumentsFd = 3;
    public const int FilterFd = 4;
    public const int InfoFd = 5;
    public const int GateFd = 6;

    private static readonly string[] Devices = ["null", "zero", "full", "random", "urandom", "tty"];

    private static readonly (string Name, string Target)[] DeviceLinks =
        [("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")];

    /// <summary>What --args reads: words, each ended by a NUL. The agent's own words are not among them.</summary>
    public static byte[] Arguments(OciConfig config, MaskedPaths masked) => Encoding.UTF8.GetBytes(
        string.Concat(Words(config, masked).Select(word => $"{word}\0")));

    internal static IEnumerable<string> Words(OciConfig config, MaskedPaths masked) =>
    [
        "--as-pid-1", "--new-session", "--cap-drop", "ALL",
        "--seccomp", Number(FilterFd), "--info-fd", Number(InfoFd), "--block-fd", Number(GateFd),
        .. config.Linux.Namespaces.Where(space => space.Type != "mount").Select(space => $"--unshare-{Name(space)}"),
        "--uid", Number(config.Process.User.Uid), "--gid", Number(config.Process.User.Gid),
        "--hostname", config.Hostname,
        "--ro-bind", config.Root.Path, "/",
        .. config.Mounts.SelectMany(Mount),
        "--remount-ro", "/dev",
        .. masked.Files.SelectMany(file => (string[])["--ro-bind", masked.EmptyFile, file]),
        .. masked.Folders.SelectMany(folder => (string[])["--tmpfs", folder, "--remount-ro", folder]),
        "--clearenv",
        .. config.Process.Env.SelectMany(Variable),
        "--chdir", config.Process.Cwd,
    ];

    private static string Name(OciNamespace space) => space.Type == "network" ? "net" : space.Type;

    private static string[] Mount(OciMount mount) => mount.Type switch
    {
        "proc" => ["--proc", mount.Destination],
        "bind" => [mount.Options.Contains("rw") ? "--bind" : "--ro-bind", mount.Source, mount.Destination],
        _ => [.. Tmpfs(mount), .. mount.Destination == "/dev" ? Dev() : []],
    };

    private static string[] Tmpfs(OciMount mount) =>
        ["--perms", $"0{Option(mount, "mode")}", "--size", Option(mount, "size"), "--tmpfs", mount.Destination];

    private static string Option(OciMount mount, string name) =>
        mount.Options.Single(option => option.StartsWith($"{name}=", StringComparison.Ordinal))[(name.Length + 1)..];

    private static IEnumerable<string> Dev() =>
    [
        .. Devices.SelectMany(name => (string[])["--dev-bind", $"/dev/{name}", $"/dev/{name}"]),
        .. DeviceLinks.SelectMany(link => (string[])["--symlink", $"/proc/self/{link.Target}", $"/dev/{link.Name}"]),
    ];

    private static string[] Variable(string pair)
    {
        var end = pair.IndexOf('=', StringComparison.Ordinal);
        return ["--setenv", pair[..end], pair[(end + 1)..]];
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Those of the paths to be masked that this host has; bubblewrap cannot mask what is not there.</summary>
internal sealed record MaskedPaths(string EmptyFile, IReadOnlyList<string> Files, IReadOnlyList<string> Folders)
{
    /// <param name="emptyFile">What the files are covered with.</param>
    public static MaskedPaths Find(string emptyFile) => new(
        emptyFile, [.. OciBundle.Masked.Where(File.Exists)], [.. OciBundle.Masked.Where(Directory.Exists)]);
}
