using System.Text;

namespace Analemma.Cli.Pipelines;

// A small part of the shell's language (POSIX, Shell Command Language, 2.2 Quoting): words, quotes and bars. What else
// a shell would understand is refused rather than passed on as a word, since nobody here would do it.

/// <summary>A pipeline as people write it: <c>parser.py --fast | reasoner.py 'two words' | verifier.py</c>.</summary>
internal static class PipelineText
{
    public const int StagesMax = 16;

    private const string Special = "<>&;()`$*?[]~#!{}";

    /// <summary>The words of each stage.</summary>
    /// <exception cref="CliException">It is none; says where, and why.</exception>
    public static List<List<string>> Parse(string text)
    {
        List<List<string>> stages = [[]];
        StringBuilder? word = null;
        for (var at = 0; at < text.Length; at++)
        {
            switch (text[at])
            {
                case '\'':
                    (word ??= new()).Append(Until(text, ref at, '\''));
                    break;
                case '"':
                    AddDoubleQuoted(text, ref at, word ??= new());
                    break;
                case '\\' when at + 1 < text.Length:
                    (word ??= new()).Append(text[++at]);
                    break;
                case '\\':
                    throw Wrong(at, "a backslash stands at the end");
                case '|':
                    EndWord(stages[^1], ref word);
                    EndStage(stages, at);
                    stages.Add([]);
                    break;
                case var space when char.IsWhiteSpace(space):
                    EndWord(stages[^1], ref word);
                    break;
                case var special when Special.Contains(special, StringComparison.Ordinal):
                    throw Wrong(at, $"{special} means nothing here; quote it if it is part of a word");
                case var letter:
                    (word ??= new()).Append(letter);
                    break;
            }
        }

        EndWord(stages[^1], ref word);
        EndStage(stages, text.Length);
        return stages.Count <= StagesMax ? stages
            : throw CliException.Usage($"the pipeline has {stages.Count} stages; at most {StagesMax}");
    }

    private static void AddDoubleQuoted(string text, ref int at, StringBuilder word)
    {
        var began = at;
        while (++at < text.Length && text[at] != '"')
        {
            if (text[at] == '\\' && at + 1 < text.Length && text[at + 1] is '"' or '\\' or '$' or '`')
            {
                at++;
            }

            word.Append(text[at]);
        }

        if (at >= text.Length)
        {
            throw Wrong(began, "the quote is not closed");
        }
    }

    private static string Until(string text, ref int at, char quote)
    {
        var end = text.IndexOf(quote, at + 1);
        if (end < 0)
        {
            throw Wrong(at, "the quote is not closed");
        }

        var inside = text[(at + 1)..end];
        at = end;
        return inside;
    }

    private static void EndWord(List<string> stage, ref StringBuilder? word)
    {
        if (word is not null)
        {
            stage.Add(word.ToString());
            word = null;
        }
    }

    private static void EndStage(List<List<string>> stages, int at)
    {
        if (stages[^1].Count == 0 || stages[^1][0].Length == 0)
        {
            throw Wrong(at, $"stage {stages.Count} has no program");
        }
    }

    private static CliException Wrong(int at, string what) => CliException.Usage(
        $"at character {at + 1} of the pipeline: {what}", "write it as 'a.py --x | b.py \"two words\" | c.py'");
}
