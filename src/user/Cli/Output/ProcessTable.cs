using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>Processes as <c>ps</c> and <c>top</c> show them.</summary>
internal static class ProcessTable
{
    private static readonly string[] Columns =
        ["ID", "NAME", "STATE", "PID", "CPU", "MEMORY", "THROTTLED", "DENIED", "UPTIME", "EXIT"];

    public static IRenderable Render(IEnumerable<ProcessView> processes)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var column in Columns)
        {
            table.AddColumn(new TableColumn(column) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        foreach (var process in processes)
        {
            table.AddRow([.. Cells(process).Select(cell => new Text(cell))]);
        }

        return table;
    }

    private static string[] Cells(ProcessView process) =>
    [
        process.Id.ToString(),
        process.Name,
        StateName(process.State),
        process.Pid == 0 ? "-" : process.Pid.ToString(CultureInfo.InvariantCulture),
        Durations.Format(process.CpuMs),
        ByteSize.Format(process.State == ProcessState.Exited ? process.MemoryPeakBytes : process.MemoryBytes),
        process.ThrottledMs == 0 ? "-" : Durations.Format(process.ThrottledMs),
        process.Denied == 0 ? "-" : process.Denied.ToString(CultureInfo.InvariantCulture),
        Durations.Format(process.UptimeMs),
        ExitText.Of(process.Exit),
    ];

    public static string StateName(ProcessState state) => state switch
    {
        ProcessState.Starting => "starting",
        ProcessState.Running => "running",
        ProcessState.Paused => "paused",
        ProcessState.Stopping => "stopping",
        ProcessState.Exited => "exited",
    };
}
