using System.Diagnostics;

namespace Analemma.Repo.Tests;

/// <summary>The tree that is tested: where it is, and what belongs to it.</summary>
internal static class Repository
{
    private static readonly Lazy<IReadOnlyList<string>> Listed = new(List);

    public static string Root { get; } = FindRoot();

    /// <summary>Paths from the root of all files that are, or could be, committed.</summary>
    public static IReadOnlyList<string> Files => Listed.Value;

    public static IEnumerable<string> Sources => Files.Where(file => file.EndsWith(".cs", StringComparison.Ordinal));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Root, file));

    /// <summary>Fails with every problem, one a line: xunit would cut a collection short.</summary>
    public static void AssertNone(IEnumerable<string> problems)
    {
        var found = problems.ToList();
        Assert.True(found.Count == 0, $"{found.Count} problems\n{string.Join('\n', found)}");
    }

    private static List<string> List()
    {
        using var git = Process.Start(new ProcessStartInfo(
            "git", ["-C", Root, "ls-files", "--cached", "--others", "--exclude-standard"])
        {
            RedirectStandardOutput = true,
        })!;
        var files = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        git.WaitForExit();
        Assert.True(git.ExitCode == 0 && files.Length > 0, "the repository tests need git");
        return [.. files.Where(file => File.Exists(Path.Combine(Root, file)))];
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Analemma.slnx")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new InvalidOperationException($"no Analemma.slnx above {AppContext.BaseDirectory}");
        }

        return folder;
    }
}
