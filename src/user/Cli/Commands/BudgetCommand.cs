using System.CommandLine;
using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Shows how every budget for models stands; sets an agent's, and lets who waited for it go on.</summary>
internal sealed class BudgetCommand : ICliCommand
{
    private const decimal MicrodollarsInDollar = 1_000_000m;
    private const decimal DollarsMax = 1_000_000_000_000m;
    private const int NoLimit = -1;

    private readonly Argument<string> _agent = Target.Argument();

    private readonly Argument<string?> _whose = new("AGENT")
    {
        Description = "Its name, or its id; or none, with --group or --day.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _group = new("--group")
    {
        HelpName = "NAME",
        Description = "What a group of the settings may use in its life, over restarts.",
    };

    private readonly Option<bool> _day = new("--day")
    {
        Description = "What all may use in a day (UTC), today's use included, over restarts.",
    };

    private readonly Option<bool> _reset = new("--reset")
    {
        Description = "Back to what the spawn or the settings say.",
    };

    private readonly Option<bool> _watch = new("--watch", "-w")
    {
        Description = "Once a second until Ctrl-C; with --json, one document a line.",
    };

    private readonly Option<long?> _tokens = new("--tokens")
    {
        HelpName = "N",
        Description = "What it may use in its life, what it has used included; -1 for no limit.",
    };

    private readonly Option<decimal?> _dollars = new("--dollars")
    {
        HelpName = "X",
        Description = "What it may spend in its life, such as 2.50; -1 for no limit.",
    };

    public Command Declare(CommandSet set)
    {
        var command = new Command(
            "budget", "Show budgets for models: the day's, groups' and agents': spent, reserved, left; or set one.")
        {
            _watch,
        };
        command.Add(set.Does(
            new Command("set", "Set what an agent, a group or a day may spend on models.")
            {
                _whose, _group, _day, _tokens, _dollars, _reset,
            },
            SetAsync,
            """
              analemma budget set worker --tokens 200000 --dollars 2.50
              analemma budget set --group team --dollars 50
              analemma budget set --day --tokens 5000000
              analemma budget set --day --reset
            """));
        command.Add(set.Does(
            new Command("resume", "Let an agent go on that was paused for want of budget.") { _agent },
            ResumeAsync,
            "  analemma budget set worker --tokens 400000 && analemma budget resume worker"));
        return set.Does(command, ShowAsync, """
              analemma budget --watch
              analemma budget --json | jq '.[] | select(.left < .limit / 10)'
              analemma budget set worker --dollars 2.50
              analemma budget resume worker
              analemma kernel start --set models.day_microdollars=5000000 --set models.agent_tokens=200000
            """);
    }

    private async Task<int> ShowAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        return await LiveTable.ShowAsync(
            session,
            session.Parsed.GetValue(_watch),
            async () => (await kernel.LlmAsync(null, session.CancellationToken)).Budgets,
            (budgets, width) => budgets.Count == 0
                ? new Spectre.Console.Text(
                    "nothing is limited; see models.day_tokens and its like in the settings\n")
                : ModelTables.Budgets(budgets, width),
            AbiJsonContext.Default.IReadOnlyListBudgetUse);
    }

    private async Task<int> SetAsync(Session session)
    {
        var target = session.Parsed.GetValue(_whose) is { } whose ? Target.Parse(whose) : default;
        var microdollars = Microdollars(session.Parsed.GetValue(_dollars));
        await using var kernel = await session.ConnectAsync();
        var reply = await kernel.BudgetSetAsync(
            new BudgetSet
            {
                Id = target.Id,
                Name = target.Name,
                Group = session.Parsed.GetValue(_group),
                Day = session.Parsed.GetValue(_day),
                Reset = session.Parsed.GetValue(_reset),
                Tokens = session.Parsed.GetValue(_tokens),
                Microdollars = microdollars,
            },
            session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(reply, AbiJsonContext.Default.BudgetSetReply);
            return ExitCodes.Ok;
        }

        var console = session.Terminal.Console;
        console.Write(ModelTables.Budgets(reply.Budgets, console.Profile.Width));
        if (reply.Held > 0)
        {
            var agent = reply.Process == ProcessId.None ? "AGENT" : reply.Name;
            session.Terminal.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{reply.Held} calls wait: analemma budget resume {agent}"));
        }

        return ExitCodes.Ok;
    }

    private static long? Microdollars(decimal? dollars) => dollars switch
    {
        null => null,
        NoLimit => NoLimit,
        < 0 or > DollarsMax => throw CliException.Usage(
            string.Create(CultureInfo.InvariantCulture, $"--dollars {dollars} is no amount"),
            $"write it as 2.50; {NoLimit} for no limit"),
        { } amount => (long)(amount * MicrodollarsInDollar),
    };

    private async Task<int> ResumeAsync(Session session)
    {
        var target = Target.Parse(session.Parsed.GetValue(_agent)!);
        await using var kernel = await session.ConnectAsync();
        PauseCommand.Print(session, await kernel.ResumeAsync(
            new Resume { Id = target.Id, Name = target.Name }, session.CancellationToken));
        return ExitCodes.Ok;
    }
}
