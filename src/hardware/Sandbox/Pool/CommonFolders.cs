namespace Analemma.Sandbox.Pool;

/// <summary>
/// Folders that every sandbox has. In one that waits warm no other can be looked for before its agent has begun; the
/// cold path says what is not there.
/// </summary>
internal static class CommonFolders
{
    private static readonly string[] Own = ["/", "/work", "/tmp"];

    public static bool Has(string folder) =>
        Own.Contains(folder, StringComparer.Ordinal)
        || (folder.StartsWith("/usr/", StringComparison.Ordinal) && Directory.Exists(folder));
}
