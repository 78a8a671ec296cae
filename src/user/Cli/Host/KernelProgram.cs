namespace Analemma.Cli.Host;

/// <summary>Where the kernel's own program is, and the log that it writes when it runs in the background.</summary>
internal static class KernelProgram
{
    private const string Name = "analemma-kernel";

    /// <summary>
    /// <c>$ANALEMMA_KERNEL</c>; else beside this program; else where a developer's build puts it.
    /// </summary>
    public static string Find(Func<string, string?> environment)
    {
        if (environment("ANALEMMA_KERNEL") is { Length: > 0 } named)
        {
            return File.Exists(named)
                ? named
                : throw new CliException("no_kernel_program", $"ANALEMMA_KERNEL names {named}, which does not exist");
        }

        var here = AppContext.BaseDirectory.TrimEnd('/');
        var built = Path.Combine(here, "..", "..", "Analemma.Daemon", Path.GetFileName(here), Name);
        return new[] { Path.Combine(here, Name), Path.GetFullPath(built) }.FirstOrDefault(File.Exists)
            ?? throw new CliException(
                "no_kernel_program", $"{Name} is neither in {here} nor at {Path.GetFullPath(built)}",
                "run ./analemma build");
    }

    /// <summary>The output of a kernel in the background lies beside its socket.</summary>
    public static string LogPath(string socketPath) => Path.ChangeExtension(socketPath, ".log");
}
