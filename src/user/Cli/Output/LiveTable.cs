using Spectre.Console;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>A table on a terminal, redrawn in place once a second until Ctrl-C.</summary>
internal static class LiveTable
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static async Task ShowAsync(Session session, Func<Task<IRenderable>> look)
    {
        await session.Terminal.Console.Live(await look()).StartAsync(async live =>
        {
            while (true)
            {
                await Task.Delay(Interval, session.Terminal.Time, session.CancellationToken);
                live.UpdateTarget(await look());
            }
        });
    }
}
