using Analemma.Abi.Syscalls;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Kernel.Models;

/// <summary>
/// The promises of the fair queue, on random workloads and virtual time. Each is shown to mean something by a
/// discipline that breaks it: first come first served, or counters without the lift. The bounds of the service gap, and
/// why none is smaller, are in docs/adr/0017.
/// </summary>
public sealed class FairnessTests
{
    private const int Workloads = 200;

    [Fact]
    public void The_service_gap_of_backlogged_agents_stays_within_two_reservations() =>
        ForAll(seed =>
        {
            var (jobs, slots) = Workload(seed, overReserved: false);
            var world = ServingWorld.Run(new FairDiscipline(null), jobs, slots);
            return world.LargestGap <= 2 * jobs.Max(job => job.Reservation);
        });

    [Fact]
    public void First_come_first_served_breaks_the_bound()
    {
        var jobs = Enumerable.Range(0, 300)
            .SelectMany(i => new[] { Exact(0, i * 10), Exact(1, i * 30) }).ToArray();

        Assert.True(Gap(new FirstComeDiscipline(), jobs) > 2 * jobs.Max(job => job.Reservation));
        Assert.True(Gap(new FairDiscipline(null), jobs) <= 2 * jobs.Max(job => job.Reservation));
    }

    [Fact]
    public void Counters_without_the_lift_break_the_bound()
    {
        // Agent 1 is idle for the first half, and would then take everything until it has caught up.
        var jobs = Enumerable.Range(0, 400).Select(i => Exact(0, i * 50))
            .Concat(Enumerable.Range(200, 200).Select(i => Exact(1, i * 50))).ToArray();

        Assert.True(Gap(new NoLiftDiscipline(), jobs) > 2 * jobs.Max(job => job.Reservation));
        Assert.True(Gap(new FairDiscipline(null), jobs) <= 2 * jobs.Max(job => job.Reservation));
    }

    [Fact]
    public void Shares_follow_weights_within_three_percent()
    {
        var weights = new[] { 100, 200, 300, 400 };
        var jobs = Flood(4, 3_000);
        var world = ServingWorld.Run(
            new FairDiscipline(agent => ("g", weights[agent], ModelPriority.Normal)), jobs, 8, until: 60_000);

        AssertShares(world, 4, agent => weights[agent]);
        var unfair = ServingWorld.Run(new FirstComeDiscipline(), Flood(4, 3_000), 8, until: 60_000);
        Assert.Throws<ShareException>(() => AssertShares(unfair, 4, agent => weights[agent]));
    }

    [Fact]
    public void Groups_share_before_their_agents_do()
    {
        // One agent in a group of weight 100, three in a group of weight 300: four equal shares would be unfair.
        var world = ServingWorld.Run(
            new FairDiscipline(agent => agent == 0
                ? ("small", 100, ModelPriority.Normal)
                : ("large", 100, ModelPriority.Normal)),
            Flood(4, 3_000), 8, until: 60_000);
        AssertShares(world, 4, agent => agent == 0 ? 3 : 1);
    }

    [Fact]
    public void The_lowest_class_is_never_starved()
    {
        var world = ServingWorld.Run(
            new FairDiscipline(agent => ("g", 100, (ModelPriority)agent)), Flood(3, 4_000), 4, until: 120_000);
        AssertShares(world, 3, agent => agent switch { 0 => 1, 1 => 4, _ => 16 });
    }

    [Fact]
    public void Backlogged_agents_have_a_jain_index_of_one()
    {
        double Index(IDiscipline discipline)
        {
            // The greedier the agent, the more it asks: 2 to 20 calls at a time.
            var jobs = Enumerable.Range(0, 10).SelectMany(agent =>
                Enumerable.Range(0, 400 * (agent + 1)).Select(i => Exact(agent, i * 20 / (agent + 1))));
            var world = ServingWorld.Run(discipline, jobs, 16, until: 30_000);
            return ServingWorld.Jain([.. world.Shares().Select(share => (double)share.Service)]);
        }

        Assert.True(Index(new FairDiscipline(null)) >= 0.999);
        Assert.True(Index(new FirstComeDiscipline()) < 0.9);
    }

    [Fact]
    public void Throughput_is_within_one_percent_of_first_come_first_served() =>
        ForAll(seed =>
        {
            var (jobs, slots) = Workload(seed, overReserved: true, count: 400);
            var (again, _) = Workload(seed, overReserved: true, count: 400);
            var fair = ServingWorld.Run(new FairDiscipline(null), jobs, slots);
            var first = ServingWorld.Run(new FirstComeDiscipline(), again, slots);

            // Over a whole run the work is the same; only how the last calls fit the slots differs: one call's length.
            return fair.Ended.Count == first.Ended.Count
                && fair.EndedAt <= (first.EndedAt * 1.01) + jobs.Max(job => job.Duration);
        });

    [Fact]
    public void A_flooder_moves_the_tail_of_nine_polite_agents_by_no_more_than_a_tenth()
    {
        var calm = PoliteTail(new FairDiscipline(null), flooder: false);
        var flooded = PoliteTail(new FairDiscipline(null), flooder: true);
        var unfair = PoliteTail(new FirstComeDiscipline(), flooder: true);

        Assert.True(flooded <= calm * 1.1, $"p99 wait {calm} ms calm, {flooded} ms flooded");
        Assert.True(unfair > calm * 10, $"p99 wait {unfair} ms first come first served, {calm} ms calm");
    }

    [Fact]
    public void The_same_arrivals_give_the_same_turns()
    {
        static IEnumerable<(int, long)> Turns() => ServingWorld
            .Run(new FairDiscipline(null), Workload(42, overReserved: true).Jobs, 3)
            .Ended.Select(job => (job.Agent, job.StartedAt));

        Assert.Equal(Turns(), Turns());
    }

    /// <summary>
    /// Ten agents share a quota of ten slots and keep it busy, two calls at a time each; with a flooder the tenth has
    /// hundreds waiting instead.
    /// </summary>
    private static long PoliteTail(IDiscipline discipline, bool flooder)
    {
        System.Random random = new(7);
        Job Call(int agent, long at) => new(agent, at, random.Next(50, 400), random.Next(100, 300), 300);

        var jobs = Enumerable.Range(0, 10)
            .SelectMany(agent => Enumerable.Repeat(agent, flooder && agent == 9 ? 500 : 2))
            .Select((agent, i) => Call(agent, i));
        var world = ServingWorld.Run(
            discipline, jobs.ToArray(), 10, until: 300_000, job => Call(job.Agent, job.EndsAt + random.Next(20)));
        var waits = world.Ended.Where(job => job.Agent < 9).Select(job => job.Wait).Order().ToArray();
        return waits[(int)(waits.Length * 0.99)];
    }

    private static long Gap(IDiscipline discipline, IEnumerable<Job> jobs) =>
        ServingWorld.Run(discipline, jobs, 4).LargestGap;

    private static Job Exact(int agent, long at) => new(agent, at, 256, 256, 256);

    private static IEnumerable<Job> Flood(int agents, int each) =>
        Enumerable.Range(0, agents).SelectMany(agent => Enumerable.Range(0, each).Select(_ => Exact(agent, 0)));

    private static void AssertShares(ServingWorld world, int agents, Func<int, double> weight)
    {
        var shares = world.Shares().ToDictionary();
        var (service, weights) = (shares.Values.Sum(), Enumerable.Range(0, agents).Sum(weight));
        for (var agent = 0; agent < agents; agent++)
        {
            var share = shares.GetValueOrDefault(agent);
            var expected = service * weight(agent) / weights;
            if (Math.Abs(share - expected) > 0.03 * expected)
            {
                throw new ShareException($"agent {agent} had {share}, its share is {expected:0}");
            }
        }
    }

    internal static (Job[] Jobs, int Slots) Workload(int seed, bool overReserved, int count = 120)
    {
        System.Random random = new(seed);
        var agents = random.Next(2, 7);
        var pace = Enumerable.Range(0, agents).Select(_ => random.Next(1, 400)).ToArray();
        var clock = new long[agents];
        var jobs = Enumerable.Range(0, count).Select(_ =>
        {
            var agent = random.Next(agents);
            clock[agent] += random.Next(10) == 0 ? random.Next(20_000) : random.Next(pace[agent]);
            var (input, output) = (random.Next(1, 2_000), random.Next(1, 800));
            return new Job(agent, clock[agent], input, output, overReserved ? random.Next(output, 1_600) : output);
        });
        return ([.. jobs], random.Next(1, 9));
    }

    private static void ForAll(Func<int, bool> holds) =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), holds)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(Workloads));

    private sealed class ShareException(string message) : Exception(message);
}
