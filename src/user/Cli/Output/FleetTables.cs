using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Fleets;
using Analemma.Cli.Values;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>Fleets as <c>status</c> shows them, and differences as <c>up</c> and <c>diff</c> tell them.</summary>
internal static class FleetTables
{
    private static readonly Column[] Columns =
    [
        new("FLEET", 3), new("AGENT") { MayBeCut = true }, new("STATE"), new("PROCESS", 4), new("RESTARTS", 2),
        new("UPTIME", 5), new("NEXT", 1), new("LAST EXIT", 6) { Wanted = 24 },
        new("WHY", 7) { MayBeCut = true, Wanted = 24 },
    ];

    public static IRenderable Units(IReadOnlyList<UnitView> units, int width) =>
        PlainTable.Render(Columns, units.Select(Cells), width);

    /// <summary>One line for each agent that differs.</summary>
    public static IEnumerable<string> Difference(FleetApplyReply reply)
    {
        foreach (var name in reply.Added)
        {
            yield return $"+ {name}";
        }

        foreach (var change in reply.Changed)
        {
            yield return $"~ {change.Name}: {string.Join(", ", change.Fields)} ({change.Action})";
        }

        foreach (var name in reply.Removed)
        {
            yield return $"- {name}";
        }

        foreach (var name in reply.Mailboxes)
        {
            yield return $"~ mailbox {name}";
        }
    }

    public static bool Differs(FleetApplyReply reply) =>
        reply.Added.Count + reply.Changed.Count + reply.Removed.Count + reply.Mailboxes.Count > 0;

    public static string Time(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string[] Cells(UnitView unit) =>
    [
        unit.Fleet.Length == 0 ? "-" : unit.Fleet,
        unit.Name,
        FleetWait.Word(unit.State),
        unit.Process == ProcessId.None ? "-" : unit.Process.ToString(),
        unit.Restarts == 0 ? "-" : unit.Restarts.ToString(CultureInfo.InvariantCulture),
        unit.UptimeMs == 0 ? "-" : Durations.Format(unit.UptimeMs),
        unit.NextRestartAt is { } next ? Time(next) : "-",
        unit.LastExit is null ? "-" : ExitText.Of(unit.LastExit),
        unit.WaitsFor is { Count: > 0 } names ? $"waits for {string.Join(", ", names)}" : unit.Reason ?? "",
    ];
}
