using System.Globalization;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>Models as <c>llm</c> shows them.</summary>
internal static class ModelTables
{
    private static readonly string[] ProviderColumns = ["PROVIDER", "SLOTS", "RUNNING", "WAITING", "WAIT", "MODELS"];

    private static readonly string[] AgentColumns =
    [
        "ID", "AGENT", "CALLS", "TOKENS", "SHARE", "WEIGHT", "COST", "RUNNING", "WAITING", "THROTTLED", "REFUSED",
        "WAIT P50", "P95", "LATENCY P50", "P95",
    ];

    public static IRenderable Providers(LlmReply models) => Table(ProviderColumns, models.Providers.Select(Cells));

    public static IRenderable Agents(LlmReply models) => Table(AgentColumns, models.Agents.Select(Cells));

    public static IRenderable Both(LlmReply models) => new Rows(Providers(models), Agents(models));

    public static string Money(long microdollars) =>
        string.Create(CultureInfo.InvariantCulture, $"${microdollars / 1_000_000m:0.000000}");

    private static Table Table(string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(column) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(cell => new Text(cell))]);
        }

        return table;
    }

    private static string[] Cells(ProviderLoad provider) =>
    [
        provider.Simulated ? $"{provider.Name} (simulated)" : provider.Name,
        Number(provider.Slots),
        Number(provider.Running),
        Number(provider.Waiting),
        provider.WaitMs == 0 ? "-" : Durations.Format(provider.WaitMs),
        string.Join(", ", provider.Models),
    ];

    private static string[] Cells(ModelUse agent) =>
    [
        agent.State is null ? "-" : agent.Process.ToString(),
        agent.Name,
        Number(agent.Calls),
        Number(Tokens(agent)),
        agent.Share == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * agent.Share:0.0} %"),
        Number(agent.Weight),
        Money(agent.Usage.Microdollars),
        Number(agent.Running),
        Number(agent.Waiting),
        Number(agent.Throttled),
        Number(agent.Refused),
        Durations.Format(agent.WaitP50Ms),
        Durations.Format(agent.WaitP95Ms),
        Durations.Format(agent.LatencyP50Ms),
        Durations.Format(agent.LatencyP95Ms),
    ];

    private static long Tokens(ModelUse agent) => agent.Usage.InputTokens + agent.Usage.OutputTokens;

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
