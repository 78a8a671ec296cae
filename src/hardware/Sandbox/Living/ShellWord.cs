namespace Analemma.Sandbox.Living;

/// <summary>Words for a shell of which it interprets nothing.</summary>
internal static class ShellWord
{
    // A word that begins with a dash, or an equals sign in it, is safe too: exec takes no options in sh's first word.
    public static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
