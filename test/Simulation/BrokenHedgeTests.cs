using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Simulator;

namespace Analemma.Simulation.Tests;

/// <summary>Kernels that make too many second attempts, or leave the slower one running.</summary>
public sealed class BrokenHedgeTests
{
    private const int SeedsMax = 400;

    [Fact]
    public void A_slow_attempt_that_is_not_taken_back_after_the_other_answered_is_noticed() =>
        AssertNoticed(() => new KeepsLosers(), "an attempt whose call is another's is taken back");

    [Fact]
    public void A_third_attempt_beside_two_is_noticed() =>
        AssertNoticed(() => new HedgesTwice(), "an attempt has one other beside it at most");

    [Fact]
    public void A_second_attempt_for_every_call_is_noticed() =>
        AssertNoticed(
            () => new HedgesAll(), "second attempts keep to their share", "slots are never exceeded",
            "model accounts are consistent");

    private static void AssertNoticed(Func<Sabotage> sabotage, params string[] invariants)
    {
        var result = Enumerable.Range(1, SeedsMax)
            .Select(seed => SimulationRun.Run(seed, sabotage: sabotage()))
            .FirstOrDefault(each => each.Violation is not null);
        var noticed = result?.Violation ?? "nothing was noticed";
        Assert.True(invariants.Any(name => noticed.StartsWith(name + ":", StringComparison.Ordinal)), noticed);
    }

    private sealed class KeepsLosers : Sabotage
    {
        private readonly HashSet<CallId> _hedged = [];

        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects)
        {
            var hedges = effects.OfType<StartModelCall>().Where(start => start.IsHedge);
            _hedged.UnionWith(hedges.Select(start => start.Call));
            return effects.Where(effect => effect is not CancelModelCall cancel || !_hedged.Contains(cancel.Call));
        }
    }

    private sealed class HedgesTwice : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) =>
            effects.SelectMany<Effect, Effect>(effect => effect is StartModelCall { IsHedge: true } start
                ? [effect, start with { Attempt = start.Attempt + 100 }] : [effect]);
    }

    private sealed class HedgesAll : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) =>
            effects.SelectMany<Effect, Effect>(
                effect => effect is StartModelCall { MayHedge: true, IsHedge: false } start
                    ? [effect, start with { Attempt = start.Attempt + 100, IsHedge = true }] : [effect]);
    }
}
