using System.CommandLine;
using Analemma.Cli.Commands;
using Analemma.Cli.Output;

namespace Analemma.Cli;

/// <summary>The whole command line: every command, and what happens when it is not understood.</summary>
internal static class CommandLine
{
    public static RootCommand Build(Terminal terminal)
    {
        var root = new RootCommand("Analemma runs AI agents as isolated processes.") { TreatUnmatchedTokensAsErrors = true };
        root.Options.Add(GlobalOptions.Json);
        root.Options.Add(GlobalOptions.Socket);
        foreach (var command in new ICliCommand[]
        {
            new KernelCommand(),
            new SpawnCommand(),
            new PsCommand(),
        })
        {
            root.Subcommands.Add(command.Declare(terminal));
        }

        return root;
    }

    public static async Task<int> RunAsync(string[] args, Terminal terminal)
    {
        var parsed = Build(terminal).Parse(args);
        if (parsed.Errors.Count > 0)
        {
            var command = string.Join(' ', Names(parsed.CommandResult));
            ErrorOutput.Write(
                terminal.Error,
                args.Contains("--json"),
                "usage",
                string.Join("; ", parsed.Errors.Select(error => error.Message).Distinct()),
                $"see `{command} --help`");
            return ExitCodes.Usage;
        }

        var configuration = new InvocationConfiguration { Output = terminal.Output, Error = terminal.Error };
        return await parsed.InvokeAsync(configuration);
    }

    private static IEnumerable<string> Names(System.CommandLine.Parsing.CommandResult result) =>
        result.Parent is System.CommandLine.Parsing.CommandResult parent
            ? Names(parent).Append(result.Command.Name)
            : ["analemma"];
}
