using System.ComponentModel;
using System.Diagnostics;

namespace Analemma.Bench;

/// <summary>Packages from npm to compare with, as a folder of eng/npm pins them. Installed below artifacts.</summary>
internal static class NpmSet
{
    /// <summary>Its node_modules; null, with the reason on the error output, where they cannot be had.</summary>
    public static string? TryInstall(string repository, string set)
    {
        var source = Path.Combine(repository, "eng/npm", set);
        var folder = Path.Combine(repository, "artifacts/npm", set);
        var modules = Path.Combine(folder, "node_modules");
        var pinned = File.ReadAllText(Path.Combine(source, "package-lock.json"));
        var done = Path.Combine(folder, "installed.json");
        if (File.Exists(done) && File.ReadAllText(done) == pinned)
        {
            return modules;
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
                RedirectStandardOutput = true,
            })!;
            npm.StandardOutput.ReadToEnd();
            npm.WaitForExit();
            if (npm.ExitCode != 0)
            {
                Console.Error.WriteLine($"npm could not install eng/npm/{set}; its rows are left out");
                return null;
            }
        }
        catch (Win32Exception)
        {
            Console.Error.WriteLine($"npm is not here (apt install nodejs npm); the rows of {set} are left out");
            return null;
        }

        File.WriteAllText(done, pinned);
        return modules;
    }
}
