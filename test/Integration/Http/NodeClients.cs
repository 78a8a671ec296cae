using System.Diagnostics;
using System.Runtime.CompilerServices;
using Analemma.Abi.Syscalls;

namespace Analemma.Integration.Tests.Http;

/// <summary>
/// The clients of model providers from npm, as eng/npm/model-clients pins them. Installed once, below artifacts, and
/// shown to sandboxes read-only.
/// </summary>
internal static class NodeClients
{
    private const string Folder = "/mnt/clients";

    private static readonly TimeSpan InstallMax = TimeSpan.FromMinutes(5);
    private static readonly Lock Installing = new();
    private const int NodeMajorMin = 20;

    private static string? _missing;
    private static string? _installed;

    /// <summary>A spawn of one of the programs in the folder Clients. Skips the test without npm.</summary>
    public static Spawn Program(string name)
    {
        var modules = Modules();
        return new Spawn
        {
            Argv = ["node", $"{Folder}/programs/{name}"],
            Mounts =
            [
                new MountRequest { Source = modules, Target = $"{Folder}/node_modules" },
                new MountRequest { Source = Programs(), Target = $"{Folder}/programs" },
            ],
            Limits = new ResourceLimits { Memory = 1024L << 20, MaxPids = 64, CpuQuota = 200_000 },
        };
    }

    private static int? NodeMajor()
    {
        try
        {
            using var node = Process.Start(
                new ProcessStartInfo("node", ["--version"]) { RedirectStandardOutput = true })!;
            var version = node.StandardOutput.ReadToEnd().Trim().TrimStart('v');
            return int.TryParse(version.Split('.')[0], out var major) ? major : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static string Programs([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "Clients");

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));

    private static string Modules()
    {
        lock (Installing)
        {
            if (_installed is null && _missing is null)
            {
                (_installed, _missing) = Install();
            }
        }

        Assert.SkipWhen(_installed is null, _missing ?? "");
        return _installed!;
    }

    private static (string? Installed, string? Missing) Install()
    {
        if (NodeMajor() is not { } node)
        {
            return (null, "node is not here (apt install nodejs npm)");
        }

        if (node < NodeMajorMin)
        {
            return (null, $"node {node} is here, and the clients of model providers want {NodeMajorMin} or later");
        }

        var source = Path.Combine(Root(), "eng/npm/model-clients");
        var folder = Path.Combine(Root(), "artifacts/npm/model-clients");
        var modules = Path.Combine(folder, "node_modules");
        var pinned = File.ReadAllText(Path.Combine(source, "package-lock.json"));
        var done = Path.Combine(folder, "installed.json");
        if (File.Exists(done) && File.ReadAllText(done) == pinned)
        {
            return (modules, null);
        }

        Directory.CreateDirectory(folder);
        foreach (var file in (string[])["package.json", "package-lock.json"])
        {
            File.Copy(Path.Combine(source, file), Path.Combine(folder, file), overwrite: true);
        }

        try
        {
            using var npm = Process.Start(new ProcessStartInfo(
                "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            {
                WorkingDirectory = folder,
                RedirectStandardError = true,
            })!;
            var errors = npm.StandardError.ReadToEndAsync();
            if (!npm.WaitForExit(InstallMax) || npm.ExitCode != 0)
            {
                npm.Kill(entireProcessTree: true);
                return (null, $"npm could not install the clients of model providers: {errors.Result}");
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (null, "npm is not here (apt install npm)");
        }

        File.WriteAllText(done, pinned);
        return (modules, null);
    }
}
