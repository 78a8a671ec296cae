using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Analemma.Cli.Commands;
using Analemma.Cli.Commands.Fleets;
using Analemma.Cli.Commands.Workflows;
using Analemma.Cli.Output;

namespace Analemma.Cli;

/// <summary>The whole command line: every command, and what happens when it is not understood.</summary>
internal static partial class CommandLine
{
    private const string Closing = """
          analemma kernel start                  start the kernel
          analemma spawn -f agent.py             run a script as an agent and follow it
          analemma up fleet.yaml --wait          bring up a fleet of agents that heals itself
          analemma ps --all                      what runs, what ended, and why
          analemma doctor                        what this host can enforce

        Of a source checkout, run by the ./analemma script itself:
          ./analemma demo [NAME]                 the demonstrations, each on a kernel of its own
          ./analemma test [PROJECT…]             all tests, or some
          ./analemma sim --seed N                replay a simulated world
          ./analemma fuzz …, bench …             fuzz the decoders; benchmarks beside their references
          ./analemma build | check | fmt         build, all that CI checks, format

        Exit codes: 0 done, 1 failed, 2 not understood, 3 no kernel runs, 130 interrupted, 141 nobody reads;
        spawn -f, spawn --wait, wait and exec pass on the code of the agent or command.
        """;

    private const string NoCommand = "Required command";

    /// <summary>From Ctrl-C until the command is ended even if it has not cleaned up.</summary>
    private static readonly TimeSpan CleaningUpMax = TimeSpan.FromSeconds(30);

    private static readonly ICliCommand[] Commands =
    [
        new KernelCommand(),
        new SpawnCommand(),
        new RunCommand(),
        new PsCommand(),
        new TopCommand(),
        new LogsCommand(),
        new KillCommand(),
        new PauseCommand(),
        new ResumeCommand(),
        new WaitCommand(),
        new UpCommand(),
        new DownCommand(),
        new DiffCommand(),
        new StatusCommand(),
        new RestartCommand(),
        new ReloadCommand(),
        new ExecCommand(),
        new CpCommand(),
        new InspectCommand(),
        new EventsCommand(),
        new EmitCommand(),
        new ThinkCommand(),
        new ChatCommand(),
        new EmbedCommand(),
        new LlmCommand(),
        new EndpointCommand(),
        new SmCommand(),
        new ToolCommand(),
        new StoreCommand(),
        new PermsCommand(),
        new SecretCommand(),
        new SendCommand(),
        new RecvCommand(),
        new MailboxCommand(),
        new DeadLettersCommand(),
        new BudgetCommand(),
        new MetricsCommand(),
        new DoctorCommand(),
        new JournalCommand(),
        new AuditCommand(),
    ];

    public static Command Build(Terminal terminal)
    {
        var set = new CommandSet(terminal);
        var root = new Command("analemma", "Analemma runs AI agents as isolated processes.");
        root.Options.Add(GlobalOptions.Json);
        root.Options.Add(GlobalOptions.Socket);
        root.Options.Add(new HelpOption { Action = new TeachingHelp(set.Examples) });
        root.Options.Add(new VersionOption());
        foreach (var command in Commands)
        {
            root.Subcommands.Add(command.Declare(set));
        }

        return set.Explain(root, Closing);
    }

    public static async Task<int> RunAsync(string[] args, Terminal terminal)
    {
        var parsed = Build(terminal).Parse(args.Length == 0 ? ["--help"] : args);
        if (parsed.Errors.Count > 0 && parsed.Action is not TeachingHelp)
        {
            Refuse(parsed, terminal, args.Contains("--json"));
            return ExitCodes.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = terminal.Output,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = CleaningUpMax,
            });
        }
        catch (IOException fault) when (fault.HResult == Session.BrokenPipe)
        {
            // Of help, which no command of ours writes.
            return ExitCodes.ReaderGone;
        }
    }

    private static void Refuse(ParseResult parsed, Terminal terminal, bool json)
    {
        // A command that is mistyped is there all the same.
        var problems = parsed.Errors.Select(error => InWords(error.Message))
            .Where(text => parsed.UnmatchedTokens.Count == 0 || !text.StartsWith(NoCommand, StringComparison.Ordinal))
            .Distinct();
        var help = $"see `{string.Join(' ', Names(parsed.CommandResult))} --help`";
        var hint = Guess.For(parsed) is { } guess ? $"{guess} Otherwise {help}" : help;
        ErrorOutput.Write(terminal.Error, json, "usage", string.Join("; ", problems), hint);
    }

    /// <summary>Without the names of our types: "as expected type 'System.Nullable`1[System.Int32]'".</summary>
    private static string InWords(string problem) => TypeName().Replace(problem, match => match.Value switch
    {
        var type when type.Contains(".Int", StringComparison.Ordinal) => "as a whole number",
        var type when type.Contains("System.D", StringComparison.Ordinal) => "as a number",
        _ => "as one of its words",
    });

    [GeneratedRegex("as expected type '[^']*'")]
    private static partial Regex TypeName();

    private static IEnumerable<string> Names(CommandResult result) =>
        (result.Parent is CommandResult parent ? Names(parent) : []).Append(result.Command.Name);
}
