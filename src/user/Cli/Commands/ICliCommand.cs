using System.CommandLine;

namespace Analemma.Cli.Commands;

/// <summary>One command of the command line, in the file of its name.</summary>
internal interface ICliCommand
{
    Command Declare(CommandSet set);
}

/// <summary>What all commands share while the command line is put together.</summary>
internal sealed class CommandSet(Terminal terminal)
{
    private readonly Dictionary<Command, string> _examples = [];

    public IReadOnlyDictionary<Command, string> Examples => _examples;

    /// <summary>Gives a command what it does; failures are reported the same way for all.</summary>
    public Command Does(Command command, Func<Session, Task<int>> run, string? examples = null)
    {
        command.SetAction(
            (parsed, cancellationToken) => new Session(parsed, terminal, cancellationToken).RunAsync(run));
        return Explain(command, examples);
    }

    public Command Explain(Command command, string? examples)
    {
        if (examples is not null)
        {
            _examples[command] = $"Examples:\n{examples}";
        }

        return command;
    }
}
