using System.Text.Json;
using Analemma.Abi.Syscalls;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>Events over real sockets: from cursors, to slow readers, between agents, across a killed kernel.</summary>
public sealed class EventTests
{
    [Fact]
    public async Task A_reader_that_stops_reading_gets_everything_that_is_kept_and_holds_up_nobody()
    {
        await using var kernel = await StartAsync();
        // It asks on a connection of its own, and may be heard only after what is told first.
        var start = (await kernel.Client.PollEventsAsync(new PollEvents { From = "now" }, Token)).Cursor;
        await using var slow = kernel.Client
            .Events(new Subscribe { Types = ["*/tick"], From = start }, Token).GetAsyncEnumerator(Token);
        var first = slow.MoveNextAsync();

        // Far more than the sockets between hold; each is answered, though nobody reads.
        var padding = new string('x', 3_000);
        const int count = 3_000;
        for (var i = 0; i < count; i++)
        {
            var data = JsonSerializer.SerializeToElement(new Dictionary<string, object> { ["n"] = i, ["p"] = padding });
            await kernel.Client.EmitAsync(new Emit { Type = "tick", Data = data }, Token);
        }

        await kernel.Client.EmitAsync(new Emit { Type = "tick", Data = JsonElement.Parse("""{"n": -1}""") }, Token);
        Assert.True(await first);
        var (got, missed, last) = (0L, 0L, -1);
        while (true)
        {
            var view = slow.Current;
            if (view.Type == EventTypes.Missed)
            {
                missed += view.Count!.Value;
                Assert.NotNull(view.After);
                Assert.NotNull(view.Until);
            }
            else
            {
                got++;
                var n = view.Data!.Value.GetProperty("n").GetInt32();
                if (n < 0)
                {
                    break;
                }

                Assert.True(n > last, $"{n} after {last}");
                last = n;
            }

            Assert.True(await slow.MoveNextAsync());
        }

        Assert.Equal(count - 1, last);
        Assert.Equal(count + 1, got + missed);
        Assert.True(missed > 0, "so much is not kept");
    }

    [Fact]
    public async Task A_kernel_that_is_killed_goes_on_telling_from_a_cursor_of_before()
    {
        await using var kernel = await StartAsync();
        var agent = await kernel.SpawnPythonAsync("pass");
        await kernel.Client.WaitAsync(new Wait { Id = agent.Id }, Token);
        var before = (await kernel.Client.PollEventsAsync(new PollEvents { From = "oldest" }, Token)).Events;
        var durable = await kernel.Client.EmitAsync(new Emit { Type = "kept", Durable = true }, Token);
        var memory = await kernel.Client.EmitAsync(new Emit { Type = "lost" }, Token);
        Assert.Contains('.', memory.Cursor);

        await kernel.CrashAsync();
        await kernel.BeginAsync();
        var spawned = before.Single(view => view.Type == EventTypes.Spawned);
        var after = await kernel.Client.PollEventsAsync(new PollEvents { From = spawned.Cursor }, Token);
        Assert.Equal(
            ["started", "exited", "_host/kept", "kernel-started"], after.Events.Select(view => view.Type));
        Assert.Equal(durable.Cursor, after.Events[2].Cursor);
        await using var stream = kernel.Client
            .Events(new Subscribe { From = memory.Cursor }, Token).GetAsyncEnumerator(Token);
        Assert.True(await stream.MoveNextAsync());
        Assert.Equal(EventTypes.KernelStarted, stream.Current.Type);
    }

    [Fact]
    public async Task Agents_hear_what_others_tell_everyone_and_not_what_is_for_families()
    {
        await using var kernel = await StartAsync();
        var listener = await kernel.SpawnPythonAsync("""
            import analemma
            with analemma.Kernel() as kernel:
                print(kernel.subscribe(["speaker/*"]).subscribed, flush=True)
                for event in kernel.poll_events(timeout=50).events:
                    print(event.type, event.data, event.name, flush=True)
                print([e.type for e in kernel.poll_events("oldest", agent="speaker").events], flush=True)
            """);
        await kernel.UntilPrintedAsync(listener, "['speaker/*']");
        var speaker = await kernel.SpawnPythonAsync(
            """
            import analemma
            with analemma.Kernel() as kernel:
                kernel.emit("secret", 1)
                print(kernel.emit("done", {"n": 5}, to="everyone").type, flush=True)
            """,
            spawn => spawn with { Name = "speaker" });
        await kernel.Client.WaitAsync(new Wait { Id = speaker.Id }, Token);
        await kernel.Client.WaitAsync(new Wait { Id = listener.Id }, Token);
        Assert.Equal("speaker/done\n", await kernel.OutputAsync(speaker));
        Assert.Equal(
            "['speaker/*']\nspeaker/done {'n': 5} speaker\n['speaker/done']\n", await kernel.OutputAsync(listener));
    }
}
