using Analemma.Abi.Syscalls;

namespace Analemma.Bench.Fairness;

/// <summary>
/// The experiments of "Fairness in Serving Large Language Models" (Sheng et al., OSDI 2024) with the kernel's fair
/// queue in the loop, on virtual time, beside first come first served, round-robin, limits a minute, and what the
/// paper's scheduler reached on hardware (recomputed from the authors' logs).
/// </summary>
internal sealed class FairnessBench(BenchReport report, bool quick)
{
    /// <summary>2 * max(w_in * longest prompt, w_out * memory): the paper's bound for two backlogged clients.</summary>
    private const double Bound = 2 * Job.OutputWeight * 10_000;

    public void Run()
    {
        new DecisionCost(report, quick).Run();
        Overload();
        Compare("on_off_overload", 8_757, 370_598, bounded: true);
        Compare("poisson_short_long", 19_182, 208_326, bounded: true);
        Compare("poisson_short_long_2", 41_521, 322_277, bounded: false);
        Small("proportional", [(0, 4.7, 97.6), (1, 4.6, 97.5)]);
        Small("on_off_less", [(0, 2.7, 84.8)]);
        Shift();
        Weighted();
        new FlooderBench(report).Run();
        new ChargingBench(report).Run();
    }

    private static Metrics Measure(string workload, IDiscipline discipline)
    {
        var jobs = Workloads.Make(workload);
        Engine.Run(jobs, discipline);
        return new Metrics(jobs);
    }

    private void Overload()
    {
        Compare("overload", 7_654, 248_716, bounded: true);
        foreach (var (limit, published) in new[] { (5, 340.0), (20, 694), (30, 747) })
        {
            var limited = Measure("overload", new FirstCome(limit));
            Gap("overload", $"{limit} requests a minute", limited, null);
            Add($"overload, tokens/s, {limit} requests a minute (reference: published, real trace)",
                limited.TokensPerSecond, "tokens/s", published);
        }

        var fair = Compare("overload-multi", 3_677, 21_961, bounded: true);
        Add("overload-multi, Jain index of 8 backlogged, analemma", fair.Jain, "", 0.9999, "0.999", fair.Jain >= 0.999);
        Add("overload-multi, Jain index of 8 backlogged, first come",
            Measure("overload-multi", new FirstCome()).Jain, "", 0.90);
    }

    /// <summary>Ours, twice over-reserved and exact, against the others and what is published.</summary>
    private Metrics Compare(string workload, double publishedFair, double publishedFirst, bool bounded)
    {
        var fair = Measure(workload, new FairDiscipline());
        var reserved = Measure(workload, new FairDiscipline(reserve: 2));
        var first = Measure(workload, new FirstCome());
        Gap(workload, "analemma", fair, publishedFair, bounded: true);
        Gap(workload, "analemma, max_tokens twice the use", reserved, publishedFair, bounded);
        Gap(workload, "first come", first, publishedFirst);
        Gap(workload, "round-robin", Measure(workload, new RoundRobin()), null);
        Add($"{workload}, unfairness of a minute, analemma (reference: first come)",
            fair.WindowUnfairness, "tokens/s", first.WindowUnfairness);
        Throughput(workload, () => new FairDiscipline(reserve: 2), reserved, first, isAlike: bounded);
        return fair;
    }

    private void Gap(string workload, string who, Metrics metrics, double? published, bool bounded = false) => Add(
        $"{workload}, service gap, {who}", metrics.LargestGap, "tokens", published,
        bounded ? $"{Bound:0}" : null, bounded ? metrics.LargestGap <= Bound : null);

    /// <summary>
    /// Tokens a second compare two schedulers only where they serve the same calls. Where lengths differ, fairness
    /// itself changes whose calls those are, and whose share a batch: first come has more tokens then, of cheaper
    /// calls. So the goal is about the same calls: first come gets just those that were served while all were asking.
    /// </summary>
    private void Throughput(string workload, Func<IDiscipline> ours, Metrics fair, Metrics first, bool isAlike = true)
    {
        Add($"{workload}, tokens/s, analemma (reference: first come)", fair.TokensPerSecond, "tokens/s",
            first.TokensPerSecond, isAlike ? "0.99 x" : null,
            isAlike ? fair.TokensPerSecond >= 0.99 * first.TokensPerSecond : null);
        var all = Workloads.Make(workload);
        Engine.Run(all, ours());
        var until = all.Max(job => job.ArrivesAt);
        var took = all.Where(job => job.EndedAt <= until).Max(job => job.EndedAt);
        var same = Workloads.Make(workload).Where((_, i) => all[i].EndedAt <= until).ToArray();
        Engine.Run(same, new FirstCome());
        var alone = same.Max(job => job.EndedAt);
        Add($"{workload}, time for what was served under load, analemma (reference: first come, the same calls)",
            took, "s", alone, "1.01 x", took <= 1.01 * alone);
    }

    private void Small(string workload, (int Client, double Fair, double First)[] clients)
    {
        var (fair, first) = (Measure(workload, new FairDiscipline(reserve: 2)), Measure(workload, new FirstCome()));
        foreach (var (client, publishedFair, publishedFirst) in clients)
        {
            var (ours, theirs) = (fair.FirstTokenP50(client), first.FirstTokenP50(client));
            Add($"{workload}, first token p50 of small client {client}, analemma", ours, "s", publishedFair);
            Add($"{workload}, first token p50 of small client {client}, first come", theirs, "s", publishedFirst);
        }

        Throughput(workload, () => new FairDiscipline(reserve: 2), fair, first);
    }

    private void Shift()
    {
        var (fair, greedy) = (Measure("dist_shift", new FairDiscipline()), Measure("dist_shift", new LeastCounter()));
        Add("dist_shift, unfairness of a minute, analemma", fair.WindowUnfairness, "tokens/s", 15);
        Add("dist_shift, unfairness of a minute, counters without the lift", greedy.WindowUnfairness, "tokens/s", 68);
        var (alone, crowded) = (Workloads.Make("increase"), Workloads.Make("increase"));
        Engine.Run(alone.Where(job => job.Client == 0).ToArray(), new FirstCome());
        Engine.Run(crowded, new FairDiscipline(reserve: 2));
        var (among, idle) = (new Metrics(crowded), new Metrics([.. alone.Where(job => job.Client == 0)]));
        Add("increase, first token p50 of the constant client (reference: alone)",
            among.FirstTokenP50(0), "s", idle.FirstTokenP50(0), "2 x",
            among.FirstTokenP50(0) <= 2 * idle.FirstTokenP50(0));
    }

    private void Weighted()
    {
        int[] weights = [100, 200, 300, 400];
        var fair = Measure("overload-weighted", new FairDiscipline(reserve: 2, client => weights[client]));
        var worst = ShareError(fair, weights);
        Add("overload-weighted 1:2:3:4, worst share error", worst, "%", null, "3", worst <= 3);
        Add("overload-weighted 1:2:3:4, worst share error, first come",
            ShareError(Measure("overload-weighted", new FirstCome()), weights), "%", null);

        int[] classes = [1, 4, 16];
        var ranked = Measure(
            "overload-classes", new FairDiscipline(reserve: 2, priority: client => (ModelPriority)client));
        var error = ShareError(ranked, classes);
        Add("three classes in overload, 1:4:16, worst share error", error, "%", null, "3", error <= 3);
    }

    /// <summary>
    /// Over the time in which all are backlogged: before, those who ask for little are served as they come.
    /// </summary>
    private static double ShareError(Metrics metrics, int[] weights)
    {
        var services = metrics.Services(340).Zip(metrics.Services(60), (late, early) => late - early).ToArray();
        return services.Zip(weights, (service, weight) =>
            Math.Abs((service / services.Sum() * weights.Sum() / weight) - 1)).Max() * 100;
    }

    private void Add(
        string name, double value, string unit, double? reference, string? goal = null, bool? met = null) =>
        report.Add(new BenchRow("fairness", name, value, unit) { Reference = reference, Goal = goal, Met = met });
}
