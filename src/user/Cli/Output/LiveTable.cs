using Analemma.Abi.Syscalls;
using Spectre.Console;

namespace Analemma.Cli.Output;

/// <summary>The table of processes on a terminal, redrawn in place once a second until Ctrl-C.</summary>
internal static class LiveTable
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static async Task ShowAsync(Session session, Func<Task<IReadOnlyList<ProcessView>>> look)
    {
        await session.Terminal.Console.Live(ProcessTable.Render(await look())).StartAsync(async live =>
        {
            while (true)
            {
                await Task.Delay(Interval, session.Terminal.Time, session.CancellationToken);
                live.UpdateTarget(ProcessTable.Render(await look()));
            }
        });
    }
}
