using System.CommandLine;
using Analemma.Abi;

namespace Analemma.Cli;

/// <summary>What a word that was not understood was probably meant to be.</summary>
internal static class Guess
{
    /// <summary>For the first such word of a command line for which there is a guess.</summary>
    public static string? For(ParseResult parsed) =>
        parsed.UnmatchedTokens.Select(word => For(parsed, word)).FirstOrDefault(guess => guess is not null);

    /// <summary>An option of the command, or a command below it.</summary>
    public static string? For(ParseResult parsed, string word)
    {
        var command = parsed.CommandResult.Command;
        var known = word.StartsWith('-')
            ? Lineage(command).SelectMany(each => each.Options).SelectMany(option => option.Aliases.Append(option.Name))
            : command.Subcommands.SelectMany(each => each.Aliases.Append(each.Name));
        return Suggestion.For(word.Split('=')[0], known.Where(name => !name.StartsWith('/'))) is { } near
            ? $"did you mean `{near}`?"
            : null;
    }

    private static IEnumerable<Command> Lineage(Command command) =>
        command.Parents.OfType<Command>().SelectMany(Lineage).Prepend(command);
}
