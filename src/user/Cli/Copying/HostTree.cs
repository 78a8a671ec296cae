using System.Diagnostics;

namespace Analemma.Cli.Copying;

/// <summary>
/// Something on the host: its kind as find(1) names it (f, d, l, …), permission bits, path below the root.
/// </summary>
internal sealed record HostEntry(char Kind, int Mode, string Path);

/// <summary>
/// Lists a file or folder of the host by find(1). .NET cannot tell a pipe or socket from a file except by opening it,
/// which may block for ever. A link that is the root is followed, none below it is.
/// </summary>
internal static class HostTree
{
    /// <summary>What find writes is read as UTF-8; a name that is not comes to have this character in it.</summary>
    private const char NotUtf8 = '\uFFFD';

    public static async Task<IReadOnlyList<HostEntry>> ListAsync(string root, CancellationToken cancellationToken)
    {
        if (!Path.Exists(root))
        {
            throw new CliException("no_such_file", $"there is no file or folder '{root}' on the host");
        }

        using var find = Process.Start(new ProcessStartInfo(
            "find", ["-H", Path.GetFullPath(root), "-printf", @"%y %m %P\0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = find.StandardError.ReadToEndAsync(cancellationToken);
        var output = await find.StandardOutput.ReadToEndAsync(cancellationToken);
        await find.WaitForExitAsync(cancellationToken);
        return find.ExitCode == 0
            ? [.. output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
                .Select(Parse).OrderBy(entry => entry.Path, StringComparer.Ordinal)]
            : throw new CliException("io_failed", (await errors).Trim());
    }

    /// <summary>True for a name that .NET cannot open, because it is not UTF-8.</summary>
    public static bool IsUnreachable(string path) =>
        path.Contains(NotUtf8, StringComparison.Ordinal) && !Path.Exists(path);

    private static HostEntry Parse(string record)
    {
        var parts = record.Split(' ', 3);
        return new HostEntry(parts[0][0], Convert.ToInt32(parts[1], 8), parts[2]);
    }
}
