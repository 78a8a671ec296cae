using System.Text.Json.Serialization.Metadata;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>What a command shows once, or again and again until Ctrl-C.</summary>
internal static class LiveTable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Shows what is seen, once or once a second: in place on a terminal, below each other in a pipe, and as JSON one
    /// document, or one a line.
    /// </summary>
    public static async Task<int> ShowAsync<T>(
        Session session, bool watch, Func<Task<T>> look, Func<T, int, IRenderable> render, JsonTypeInfo<T> type)
    {
        var console = session.Terminal.Console;
        if (watch && !session.Json && session.Terminal.Interactive)
        {
            await RedrawAsync(session, async () => render(await look(), console.Profile.Width));
        }

        while (true)
        {
            var seen = await look();
            if (!session.Json)
            {
                console.Write(render(seen, console.Profile.Width));
            }
            else if (watch)
            {
                session.WriteJsonLine(seen, type);
            }
            else
            {
                session.WriteJson(seen, type);
            }

            if (!watch)
            {
                return ExitCodes.Ok;
            }

            await NextAsync(session);
        }
    }

    /// <summary>Redraws in place, once a second until Ctrl-C.</summary>
    public static Task RedrawAsync(Session session, Func<Task<IRenderable>> look) =>
        session.Terminal.Console.Live(new Text("")).StartAsync(async live =>
        {
            while (true)
            {
                live.UpdateTarget(await look());
                await NextAsync(session);
            }
        });

    private static Task NextAsync(Session session) =>
        Task.Delay(Interval, session.Terminal.Time, session.CancellationToken);
}
