using System.Text;
using System.Text.RegularExpressions;
using Analemma.Cli;
using Analemma.Unit.Tests.Abi;

namespace Analemma.Unit.Tests.Cli;

/// <summary>What the documents tell people to type.</summary>
public sealed partial class DocumentedCommandsTests
{
    /// <summary>Of the script of a source checkout, not of the command line.</summary>
    private static readonly string[] OfTheScript =
        ["demo", "test", "bench", "sim", "fuzz", "build", "check", "fmt"];

    [Fact]
    public void Each_is_understood()
    {
        var command = CommandLine.Build(Terminal.OfThisProcess());
        var lines = Documents().SelectMany(File.ReadAllLines).Select(line => Typed().Match(line))
            .Where(match => match.Success).Select(match => match.Groups[1].Value).Distinct().ToList();
        List<string> wrong = [];
        foreach (var line in lines)
        {
            var words = Words(line);
            if (words.Length > 0 && OfTheScript.Contains(words[0]))
            {
                continue;
            }

            // Some lines show two commands at once.
            wrong.AddRange(command.Parse(words).Errors.Select(error => error.Message)
                .Where(error => !error.StartsWith("Required argument", StringComparison.Ordinal))
                .Select(error => $"{line}: {error}"));
        }

        Assert.InRange(lines.Count, 90, int.MaxValue);
        Assert.Empty(wrong);
    }

    private static IEnumerable<string> Documents() =>
        Directory.EnumerateFiles($"{RepositoryFolder.Root}/docs", "*.md", SearchOption.AllDirectories)
            .Append($"{RepositoryFolder.Root}/README.md");

    /// <summary>As a shell has them, up to what is no argument: a bar, a redirection, a remark.</summary>
    private static string[] Words(string line)
    {
        List<string> words = [];
        StringBuilder? word = null;
        char quote = default;
        for (var at = 0; at < line.Length; at++)
        {
            var character = line[at];
            if (quote == default && (character is '|' or '>' or '<' or '&' or '#'
                || (character == ' ' && at + 1 < line.Length && line[at + 1] == ' ')))
            {
                break;
            }

            if (quote == character)
            {
                quote = default;
            }
            else if (quote == default && character is '\'' or '"')
            {
                quote = character;
                word ??= new StringBuilder();
            }
            else if (quote == default && character == ' ')
            {
                End();
            }
            else
            {
                (word ??= new StringBuilder()).Append(character);
            }
        }

        End();
        return [.. words];

        void End()
        {
            if (word is not null)
            {
                words.Add(word.ToString());
                word = null;
            }
        }
    }

    [GeneratedRegex(@"^(?: {4,}|\$ )(?:\./)?analemma (.*)$")]
    private static partial Regex Typed();
}
