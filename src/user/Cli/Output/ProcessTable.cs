using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>Processes as <c>ps</c> and <c>top</c> show them.</summary>
internal static class ProcessTable
{
    // What tells one from another, and what a person acts on, is there at any width.
    private static readonly Column[] Columns =
    [
        new("ID"), new("NAME") { MayBeCut = true }, new("STATE"), new("PID", 4), new("CPU"), new("MEMORY"),
        new("THROTTLED", 3), new("DENIED", 1), new("UPTIME", 2), new("EXIT") { Wanted = 24 },
    ];

    public static IRenderable Render(IEnumerable<ProcessView> processes, int width) =>
        PlainTable.Render(Columns, processes.Select(Cells), width);

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
