using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Analemma.Integration.Tests;

/// <summary>Packages from npm, as a folder of eng/npm pins them. Installed once, below artifacts.</summary>
internal static class NpmPackages
{
    private static readonly TimeSpan InstallMax = TimeSpan.FromMinutes(5);
    private const int NodeMajorMin = 20;

    private static readonly ConcurrentDictionary<string, Lazy<(string? Installed, string? Missing)>> Known =
        new(StringComparer.Ordinal);

    /// <summary>The folder node_modules of a pinned set. Skips the test when it cannot be had.</summary>
    public static string Modules(string set)
    {
        var (installed, missing) = Known.GetOrAdd(set, name => new(() => Install(name))).Value;
        Assert.SkipWhen(installed is null, missing ?? "");
        return installed!;
    }

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));

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

    private static (string? Installed, string? Missing) Install(string set)
    {
        if (NodeMajor() is not { } node)
        {
            return (null, "node is not here (apt install nodejs npm)");
        }

        if (node < NodeMajorMin)
        {
            return (null, $"node {node} is here, and the packages of {set} want {NodeMajorMin} or later");
        }

        var source = Path.Combine(Root(), "eng/npm", set);
        var folder = Path.Combine(Root(), "artifacts/npm", set);
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
                return (null, $"npm could not install eng/npm/{set}: {errors.Result}");
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (null, "node and npm are not here (apt install nodejs npm)");
        }

        File.WriteAllText(done, pinned);
        return (modules, null);
    }
}
