using System.Runtime.CompilerServices;

namespace Analemma.Unit.Tests.Abi;

/// <summary>Files of the repository that tests read, found from where the tests' sources are.</summary>
internal static class RepositoryFolder
{
    public static string Tests([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;

    public static string Root => Path.GetFullPath(Path.Combine(Tests(), "..", "..", ".."));
}
