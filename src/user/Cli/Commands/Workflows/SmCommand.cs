using System.CommandLine;

namespace Analemma.Cli.Commands.Workflows;

/// <summary>State machines and their executions: the workflow engine from a terminal.</summary>
internal sealed class SmCommand : ICliCommand
{
    public Command Declare(CommandSet set)
    {
        var command = new Command("sm", "Durable workflows: state machines, and executions of them.");
        foreach (var each in new MachineCommands().Declare(set)
            .Concat(new ExecutionCommands().Declare(set))
            .Concat(new WatchCommands().Declare(set))
            .Concat(new TaskCommands().Declare(set))
            .Concat(new FunctionCommands().Declare(set))
            .Concat(new ConnectionCommands().Declare(set))
            .Concat(new PayloadCommands().Declare(set))
            .Concat(new ConcurrencyCommands().Declare(set)))
        {
            command.Subcommands.Add(each);
        }

        return set.Explain(command, """
              analemma sm create orders -f orders.asl.json
              analemma sm run orders '{"id": 7}'                  start, wait, print the output
              analemma sm history orders:7f3a                     what it did, line by line
              aws stepfunctions --endpoint-url "$(analemma sm endpoint)" list-state-machines
            """);
    }
}
