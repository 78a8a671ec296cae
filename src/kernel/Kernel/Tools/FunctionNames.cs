using System.Globalization;

namespace Analemma.Kernel.Tools;

/// <summary>
/// Names of tools as every model's interface takes them: 1 to 64 letters, digits, _ and -. The same tool of the same
/// server has the same name whenever no other comes in its way.
/// </summary>
internal static class FunctionNames
{
    private const int CharsMax = 64;
    private const string Between = "__";

    public static string Of(string server, string tool, ISet<string> taken)
    {
        var plain = string.Concat($"{server}{Between}{tool}".Select(Plain));
        var name = plain.Length <= CharsMax && !taken.Contains(plain) ? plain : Marked(plain, server, tool);
        for (var count = 2; !taken.Add(name); count++)
        {
            var ending = $"_{count.ToString(CultureInfo.InvariantCulture)}";
            name = plain[..Math.Min(plain.Length, CharsMax - ending.Length)] + ending;
        }

        return name;
    }

    private static char Plain(char character) =>
        char.IsAsciiLetterOrDigit(character) || character is '_' or '-' ? character : '_';

    private static string Marked(string plain, string server, string tool)
    {
        var mark = $"_{Hash($"{server}/{tool}"):x8}";
        return plain[..Math.Min(plain.Length, CharsMax - mark.Length)] + mark;
    }

    /// <summary>FNV-1a, 32 bits: the same on every machine.</summary>
    private static uint Hash(string text) =>
        text.Aggregate(2_166_136_261u, (hash, character) => unchecked((hash ^ character) * 16_777_619));
}
