using Analemma.Abi.Syscalls;
using Analemma.Integration.Tests.Models;
using Analemma.Integration.Tests.Models.Wire;
using Analemma.Integration.Tests.Thinking;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Fleets;

/// <summary>Agents whose provider of models is away are not restarted in vain: they wait for it.</summary>
public sealed class OutageTests
{
    private const string Program = """
        import analemma
        with analemma.Kernel() as kernel:
            print(kernel.think("Are you there?", max_tokens=20).content)
        """;

    [Fact]
    public async Task Agents_without_a_provider_are_parked_and_go_on_when_it_is_back()
    {
        Scene.Fails away = new(WireError.ServerError);
        await using var stage = await LoopbackProvider.StartAsync(
            "openai", 0, ["--retry.attempts_max=1", "--retry.breaker_failures=100"],
            away, away, new Scene.Answers("Yes."));
        var client = stage.Kernel.Client;
        var script = Path.Combine(stage.Kernel.Folder, "asks.py");
        await File.WriteAllTextAsync(script, Program, Token);
        await client.FleetApplyAsync(
            new FleetApply { Fleet = "f", Agents = [Agent("a", script), Agent("b", script)] }, Token);

        foreach (var unit in (await UntilAsync(stage, UnitState.Parked)).Values)
        {
            // Its program ended with a code, which alone would have been restarted.
            Assert.Equal((0L, 1L, 1), (unit.Restarts, unit.Incarnation, unit.LastExit!.Code!.Value));
            Assert.NotNull(unit.NextRestartAt);
            Assert.Contains("openai", unit.Reason, StringComparison.Ordinal);
        }

        Assert.Equal(2, stage.Server.Requests.Count);
        Assert.Equal("Yes.", (await client.ThinkAsync(new Think { Prompt = "And now?" }, Token)).Content);

        foreach (var unit in (await UntilAsync(stage, UnitState.Stopped)).Values)
        {
            Assert.Equal((0L, 2L, 0), (unit.Restarts, unit.Incarnation, unit.LastExit!.Code!.Value));
        }
    }

    private static FleetAgent Agent(string name, string script) =>
        new() { Name = name, Spawn = new Spawn { Script = script } };

    /// <summary>Looks after each event until all are in one state.</summary>
    private static async Task<Dictionary<string, UnitView>> UntilAsync(LoopbackProvider stage, UnitState state)
    {
        Subscribe all = new() { Types = [EventTypes.Supervision], From = "oldest" };
        await foreach (var _ in stage.Kernel.Client.Events(all, Token))
        {
            var units = (await stage.Kernel.Client.FleetStatusAsync("f", Token)).Units;
            if (units.All(unit => unit.State == state))
            {
                return units.ToDictionary(unit => unit.Name);
            }
        }

        throw new InvalidOperationException("the kernel ended");
    }
}
