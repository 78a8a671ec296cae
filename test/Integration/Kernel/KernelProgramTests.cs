using System.Diagnostics;
using Analemma.Linux;
using Analemma.Sandbox.Cgroups;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>The script that is the kernel's program, with a program of the test's own in the host's place.</summary>
public sealed class KernelProgramTests : IDisposable
{
    // Tells what it was given, and whether it sees a v2 mount.
    private const string Host = """
        #!/bin/sh
        echo "covered=${ANALEMMA_CGROUPS_COVERED-unset}"
        for word in "$@"; do echo "[$word]"; done
        if [ -e "$V2/cgroup.procs" ]; then echo open; else echo closed; fi
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-program-").FullName;

    public KernelProgramTests()
    {
        foreach (var script in new[] { "analemma-kernel", "cover-cgroups.sh" })
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, script), Path.Combine(_folder, script));
        }

        var host = Path.Combine(_folder, "analemma-kernel-host");
        File.WriteAllText(host, Host);
        File.SetUnixFileMode(host, (UnixFileMode)0b111_101_101);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Arguments_ReachTheHost_AsTheyWereGiven()
    {
        var link = Path.Combine(_folder, "elsewhere");
        File.CreateSymbolicLink(link, Path.Combine(_folder, "analemma-kernel"));

        var lines = Run(link, new() { ["ANALEMMA_CGROUPS_COVERED"] = "1" }, "--a=b c", "", "*", "$HOME");

        Assert.Equal(["covered=1", "[--a=b c]", "[]", "[*]", "[$HOME]"], lines[..^1]);
    }

    [Fact]
    public void Root_OnHybridCgroups_SeesTheV2MountCovered_AndOnlyOnce()
    {
        Assert.SkipUnless(CoveredMount() is not null, "needs root on hybrid cgroups");
        var program = Path.Combine(_folder, "analemma-kernel");

        Assert.Equal(["covered=1", "[--x y]", "closed"], Run(program, [], "--x y"));
        Assert.Equal(["covered=user", "open"], Run(program, new() { ["ANALEMMA_CGROUPS_COVERED"] = "user" }));
    }

    [Fact]
    public void WithoutNamespaces_TheHostRuns_Uncovered()
    {
        Assert.SkipUnless(CoveredMount() is not null, "needs root on hybrid cgroups");

        // An unshare(1) that may not.
        var tools = Directory.CreateDirectory(Path.Combine(_folder, "tools")).FullName;
        File.CreateSymbolicLink(Path.Combine(tools, "unshare"), "/bin/false");
        var lines = Run(Path.Combine(_folder, "analemma-kernel"), new() { ["PATH"] = $"{tools}:/usr/bin:/bin" }, "go");

        Assert.Equal(["covered=1", "[go]", "open"], lines);
    }

    // On such a host this process is where the mount is covered (HybridCgroups), and the program gets it uncovered.
    private static string? CoveredMount() =>
        CgroupMounts.Read() is { V1.Count: > 0, V2: null } && HostProcess.IsRoot
            ? File.ReadLines("/proc/self/mountinfo")
                .FirstOrDefault(line => line.Contains(" - cgroup2 ", StringComparison.Ordinal))?.Split(' ')[4]
            : null;

    private static string[] Run(string program, Dictionary<string, string> environment, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments);
        if (CoveredMount() is { } mount)
        {
            const string Uncovered = """umount "$V2" && exec "$@" """;
            start = new ProcessStartInfo(
                "unshare", ["-m", "--propagation", "private", "/bin/sh", "-c", Uncovered, "sh", program, .. arguments]);
            start.Environment["V2"] = mount;
        }

        start.RedirectStandardOutput = true;
        start.Environment.Remove("ANALEMMA_CGROUPS_COVERED");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
