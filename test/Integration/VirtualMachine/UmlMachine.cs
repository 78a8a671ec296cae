using System.Diagnostics;
using Analemma.Integration.Tests.Sandbox;

namespace Analemma.Integration.Tests.VirtualMachine;

// A MACHINE WITH PURE CGROUP V2
//
// User-Mode Linux from Debian's unstable suite, by the recipe beside the repository (../shared/vm/uml-v2-vm.sh): boots
// in about a second, as any user, with this host's own files as its read-only root. Set up once, in artifacts/vm. Where
// the recipe or the package cannot be had, the tests are skipped and say why.

/// <summary>Boots the machine and runs scripts in it.</summary>
internal static class UmlMachine
{
    private const int MemoryMiB = 2048;

    // The root is read-only and has no place for what programs write; the tests' own results included.
    private const string Preamble = """
        mount -t tmpfs -o mode=1777 tmpfs /tmp
        mkdir -p /dev/shm && mount -t tmpfs -o mode=1777 tmpfs /dev/shm
        export HOME=/tmp DOTNET_EnableDiagnostics=0 TESTINGPLATFORM_TELEMETRY_OPTOUT=1

        """;

    /// <summary>An ordinary user with a delegated subtree, as systemd gives it with Delegate=yes.</summary>
    public const string BecomeDelegatedUser = """
        group=/sys/fs/cgroup/delegated
        mkdir $group
        chown 1001:1001 $group $group/cgroup.procs $group/cgroup.subtree_control $group/cgroup.threads
        echo $$ >$group/cgroup.procs
        mkdir -m 700 /tmp/user && chown 1001:1001 /tmp/user
        export HOME=/tmp/user TMPDIR=/tmp/user XDG_RUNTIME_DIR=/tmp/user
        user='setpriv --reuid=1001 --regid=1001 --clear-groups'

        """;

    private static readonly SemaphoreSlim Turn = new(1);

    /// <summary>Boots, runs the script by bash, powers off. Everything that was printed.</summary>
    public static async Task<string> RunAsync(string script)
    {
        var recipe = Path.Combine(Root(), "../shared/vm/uml-v2-vm.sh");
        Assert.SkipUnless(File.Exists(recipe), $"the machine's recipe is not here: {Path.GetFullPath(recipe)}");
        Assert.SkipWhen(
            Path.GetFullPath(Root()).StartsWith("/tmp/", StringComparison.Ordinal),
            "the machine has a /tmp of its own, and would not see a working copy that lies there");
        await Turn.WaitAsync(EngineHome.Token);
        try
        {
            var folder = Path.Combine(Root(), "artifacts/vm");
            await SetUpAsync(recipe, folder);
            var file = Path.Combine(folder, $"run-{Environment.ProcessId}.sh");
            await File.WriteAllTextAsync(
                file, $"{Preamble}PROGRAM={Environment.ProcessPath}\n{script}", EngineHome.Token);
            var output = await OutputAsync("bash", recipe, "run", folder, file, $"{MemoryMiB}");
            File.Delete(file);
            Assert.True(output.Contains("UML-EXIT 0", StringComparison.Ordinal), output);
            return output;
        }
        finally
        {
            Turn.Release();
        }
    }

    private static async Task SetUpAsync(string recipe, string folder)
    {
        if (File.Exists(Path.Combine(folder, "init.sh")))
        {
            return;
        }

        var output = await OutputAsync("bash", recipe, "setup", folder);
        Assert.SkipUnless(
            File.Exists(Path.Combine(folder, "init.sh")),
            $"Debian's user-mode-linux package cannot be had here: {output[^Math.Min(output.Length, 500)..]}");
    }

    private static async Task<string> OutputAsync(string program, params string[] arguments)
    {
        ProcessStartInfo start = new("setsid", ["--wait", program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync(EngineHome.Token);
        var output = await process.StandardOutput.ReadToEndAsync(EngineHome.Token);
        await process.WaitForExitAsync(EngineHome.Token);
        return output + await error;
    }

    private static string Root()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Analemma.slnx")))
            {
                return at.FullName;
            }
        }

        throw new DirectoryNotFoundException($"no repository above {AppContext.BaseDirectory}");
    }
}
