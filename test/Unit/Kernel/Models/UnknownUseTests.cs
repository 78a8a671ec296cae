using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Kernel.Models;

/// <summary>
/// What can be promised when calls use less than they reserve, which no scheduler knows before they end: the bound that
/// holds, that it is reached, and that no work-conserving scheduler does better than half the slots. See docs/adr/0017.
/// </summary>
public sealed class UnknownUseTests
{
    private const int Workloads = 200;

    /// <summary>In counters: two reservations, and what calls in flight give back.</summary>
    [Fact]
    public void The_gap_of_what_is_charged_stays_within_two_reservations_and_what_is_given_back() => ForAll(world =>
        world.Run.LargestGap <= (2 * world.Most) + world.Run.LargestUnused);

    /// <summary>
    /// In real use: the one ahead got its last turn while the other's counter was as high as its unused reservations
    /// made it, and the other way round where the interval began.
    /// </summary>
    [Fact]
    public void The_gap_of_what_is_used_stays_within_two_reservations_and_twice_what_is_given_back() => ForAll(world =>
        world.Run.LargestUseGap <= (2 * world.Most) + (2 * world.Run.LargestUnused));

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(16)]
    public void The_bound_is_reached(int slots)
    {
        // One agent's calls reserve all, use nothing and last until one moment; the other's use what they reserve and
        // are short. Of the slots that those leave, the first gets half each time, and so comes to hold every one,
        // level with the other; and then gives everything back at once.
        const int Reserved = 1_000;
        const long Moment = 10_000;
        List<Job> jobs = [];
        jobs.AddRange(Enumerable.Range(0, 400).Select(_ => new Job(1, 0, 0, Reserved, Reserved) { Duration = 10 }));
        for (var (at, left) = (0L, slots); left > 0; at += 10)
        {
            var half = Math.Max(1, left / 2);
            jobs.AddRange(Enumerable.Range(0, half).Select(
                _ => new Job(0, 0, 0, 0, Reserved) { Duration = Moment - at }));
            left -= half;
        }

        jobs.Add(new Job(0, 0, 0, 0, Reserved));
        var world = ServingWorld.Run(new FairDiscipline(null), jobs.OrderBy(job => job.Agent), slots);

        var most = 2L * Reserved;
        Assert.Equal(slots * most, world.LargestUnused);
        Assert.True(
            world.LargestGap >= slots * most, $"a gap of {(double)world.LargestGap / most} reservations");
    }

    /// <summary>
    /// The impossibility: whoever fills the slots has given one of two agents half of them, before anything is known.
    /// An adversary lets just those calls use all that they reserve, and the others nothing.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(15)]
    public void No_work_conserving_scheduler_keeps_the_gap_of_use_below_half_the_slots(int slots)
    {
        const int Reserved = 1_000;
        foreach (var make in Disciplines())
        {
            var seen = make();
            var calls = Enumerable.Range(0, 2 * slots).Select(i => new Job(i % 2, 0, 0, Reserved, Reserved)).ToArray();
            Array.ForEach(calls, seen.Add);
            var first = Enumerable.Range(0, slots).Count(_ => seen.Take()!.Agent == 0);
            var heavy = 2 * first >= slots ? 0 : 1;

            var jobs = calls.Select(call => new Job(call.Agent, 0, 0, call.Agent == heavy ? Reserved : 0, Reserved)
            {
                Duration = 100,
            });
            var world = ServingWorld.Run(make(), jobs, slots);
            Assert.True(world.LargestUseGap >= (slots + 1) / 2 * 2L * Reserved, make().GetType().Name);
        }

        // With knowledge of what calls will use, it is no more than two reservations.
        var known = Enumerable.Range(0, 4 * slots)
            .Select(i => new Job(i % 2, 0, 0, i % 2 * Reserved, i % 2 * Reserved));
        Assert.True(ServingWorld.Run(new FairDiscipline(null), known, slots).LargestUseGap <= 2 * 2 * Reserved);
    }

    private static IEnumerable<Func<IDiscipline>> Disciplines() =>
        [() => new FairDiscipline(null), () => new FirstComeDiscipline(), () => new NoLiftDiscipline()];

    private static void ForAll(Func<(ServingWorld Run, long Most), bool> holds) =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var (jobs, slots) = FairnessTests.Workload(seed, overReserved: true);
            var run = ServingWorld.Run(new FairDiscipline(null), jobs, slots);
            return holds((run, jobs.Max(job => job.Reservation)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Workloads));
}
