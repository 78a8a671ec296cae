using System.Text;

namespace Analemma.Models.Simulated;

/// <summary>
/// The simulated model's tokens: a word, with the space before it, in pieces of at most five letters; up to three
/// digits; any other character alone. Joined they are the text again, and no character is ever split.
/// </summary>
internal static class SimulatedTokens
{
    private const int LettersMax = 5;
    private const int DigitsMax = 3;

    public static IEnumerable<string> Split(string text)
    {
        var at = 0;
        while (at < text.Length)
        {
            var length = LengthAt(text, at);
            yield return text.Substring(at, length);
            at += length;
        }
    }

    public static int Count(string text)
    {
        var (at, count) = (0, 0);
        while (at < text.Length)
        {
            at += LengthAt(text, at);
            count++;
        }

        return count;
    }

    private static int LengthAt(string text, int at)
    {
        var start = text[at] == ' ' && at + 1 < text.Length && char.IsAsciiLetter(text[at + 1]) ? at + 1 : at;
        var letters = Run(text, start, char.IsAsciiLetter, LettersMax);
        if (letters > 0)
        {
            return start - at + letters;
        }

        var digits = Run(text, at, char.IsAsciiDigit, DigitsMax);
        return digits > 0 ? digits
            : Rune.TryGetRuneAt(text, at, out var rune) ? rune.Utf16SequenceLength
            : 1;
    }

    private static int Run(string text, int at, Func<char, bool> belongs, int most)
    {
        var length = 0;
        while (length < most && at + length < text.Length && belongs(text[at + length]))
        {
            length++;
        }

        return length;
    }
}
