using System.CommandLine;

namespace Analemma.Cli.Commands;

/// <summary>One command of the command line, in the file of its name.</summary>
internal interface ICliCommand
{
    Command Declare(Terminal terminal);
}

internal static class CommandDeclaration
{
    /// <summary>Gives a command what it does; failures are reported the same way for all.</summary>
    public static Command Does(this Command command, Terminal terminal, Func<Session, Task<int>> run)
    {
        command.SetAction((parsed, cancellationToken) => new Session(parsed, terminal, cancellationToken).RunAsync(run));
        return command;
    }
}
