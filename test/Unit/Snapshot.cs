using System.Runtime.CompilerServices;

namespace Analemma.Unit.Tests;

/// <summary>
/// Compares a text with the file that holds what it was when somebody last looked. UPDATE_SNAPSHOTS=1 writes the file;
/// the change is then seen in review.
/// </summary>
internal static class Snapshot
{
    /// <summary>The file lies beside the test, under <paramref name="name"/>.</summary>
    public static void Matches(string actual, string name, [CallerFilePath] string testFile = "") =>
        MatchesFile(actual, Path.Combine(Path.GetDirectoryName(testFile)!, name));

    /// <summary>The file is part of the repository, by its path from the root.</summary>
    public static void MatchesRepositoryFile(string actual, string path, [CallerFilePath] string testFile = "")
    {
        var folder = Path.GetDirectoryName(testFile)!;
        while (!File.Exists(Path.Combine(folder, "Analemma.slnx")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        MatchesFile(actual, Path.Combine(folder, path));
    }

    private static void MatchesFile(string actual, string file)
    {
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, actual);
        }

        var expected = File.Exists(file) ? File.ReadAllText(file) : "";
        Assert.True(
            expected == actual, $"{file} differs; set UPDATE_SNAPSHOTS=1 to accept:\n{Difference(expected, actual)}");
    }

    private static string Difference(string expected, string actual)
    {
        var (before, after) = (expected.Split('\n'), actual.Split('\n'));
        return string.Join('\n', [
            .. before.Except(after).Select(line => $"- {line}"),
            .. after.Except(before).Select(line => $"+ {line}"),
            ]);
    }
}
