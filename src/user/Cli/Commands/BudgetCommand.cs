using System.CommandLine;
using Analemma.Abi;
using Analemma.Cli.Output;

namespace Analemma.Cli.Commands;

/// <summary>Shows how every budget for models stands.</summary>
internal sealed class BudgetCommand : ICliCommand
{
    public Command Declare(CommandSet set) => set.Does(
        new Command("budget", "Show budgets for models: the day's, groups' and agents': spent, reserved, left."),
        RunAsync,
        """
              analemma budget
              analemma budget --json | jq '.[] | select(.left < .limit / 10)'
              analemma kernel start --set models.day_microdollars=5000000 --set models.agent_tokens=200000
            """);

    private static async Task<int> RunAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var budgets = (await kernel.LlmAsync(null, session.CancellationToken)).Budgets;
        if (session.Json)
        {
            session.WriteJson(budgets, AbiJsonContext.Default.IReadOnlyListBudgetUse);
        }
        else if (budgets.Count == 0)
        {
            session.Terminal.Output.WriteLine("nothing is limited; see models.day_tokens and its like in the settings");
        }
        else
        {
            var console = session.Terminal.Console;
            console.Write(ModelTables.Budgets(budgets, console.Profile.Width));
        }

        return ExitCodes.Ok;
    }
}
