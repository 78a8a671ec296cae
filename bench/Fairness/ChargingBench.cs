using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;

namespace Analemma.Bench.Fairness;

/// <summary>
/// What to charge at a turn, when nobody knows what a call will use: all that it reserves, half of it, or what the
/// agent's calls came to before. Two agents keep sixteen slots busy; how far does one get before the other, in
/// reservations, over any interval? No rule is the best of all; docs/adr/0017 says why it is the first.
/// </summary>
internal sealed class ChargingBench(BenchReport report)
{
    private const int Slots = 16;
    private const int Queued = 50;
    private const double Seconds = 600;
    private const int MostTokens = 4_096;

    /// <summary>Tokens of answers, given a random number and how many calls the agent has had.</summary>
    private delegate int Answers(Random random, int calls);

    private static readonly (string Name, (Answers Output, int Reserved) First, (Answers Output, int Reserved) Second)[]
        Scenes =
        [
            ("one reserves ten times its use, one twice",
                ((random, _) => random.Next(100, 300), MostTokens), ((random, _) => random.Next(100, 300), 300)),
            ("short and long answers, like reservations",
                ((random, _) => random.Next(50, 150), MostTokens),
                ((random, _) => random.Next(1_500, 2_500), MostTokens)),
            ("one answer in ten uses all, against steady ones",
                ((random, _) => random.Next(10) == 0 ? 4_000 : 50, MostTokens), ((_, _) => 445, MostTokens)),
            ("little for long and then all at once, against exact",
                ((_, calls) => calls / 40 % 5 == 4 ? MostTokens : 20, MostTokens), ((_, _) => 300, 300)),
        ];

    public void Run()
    {
        foreach (var (scene, first, second) in Scenes)
        {
            var all = Gap(first, second, static (reserved, _) => reserved);
            Add(scene, "all that is reserved", all, all);
            Add(scene, "half", Gap(first, second, static (reserved, _) => reserved / 2), all);
            Add(scene, "as before", Gap(first, second, static (reserved, part) => (long)(reserved * part)), all);
        }
    }

    private static double Gap(
        (Answers Output, int Reserved) first, (Answers Output, int Reserved) second, Func<long, double, long> charge)
    {
        Random random = new(5);
        FairQueue queue = new();
        PriorityQueue<Job, double> running = new();
        (Answers Output, int Reserved)[] agents = [first, second];
        var (calls, parts) = (new int[2], new[] { 1.0, 1.0 });
        var (now, ahead, least, most) = (0.0, 0L, 0L, 0L);
        void Ask(int agent)
        {
            var job = new Job(agent, random.Next(50, 150), agents[agent].Output(random, calls[agent]++), now);
            var leaf = queue.Leaf(ModelPriority.Normal, new FairShare("g"), new FairShare($"a{agent}"), "m");
            var reserved = charge((long)Job.OutputWeight * agents[agent].Reserved, parts[agent]);
            queue.Enqueue(job, leaf, job.Input + reserved);
        }

        for (var i = 0; i < 2 * Queued; i++)
        {
            Ask(i % 2);
        }

        while (now < Seconds)
        {
            while (running.Count < Slots && queue.Peek() is Job job)
            {
                queue.Admit(job);
                running.Enqueue(job, now + 0.01 + (0.000215 * job.Input) + (0.0147 * job.Output));
                ahead += job.Client == 0 ? job.Service : -job.Service;
                (least, most) = (Math.Min(least, ahead), Math.Max(most, ahead));
            }

            running.TryDequeue(out var ended, out now);
            queue.Settle(ended!, ended!.Service);
            // Up at once, down by an eighth: who has once used all is expected to do so again for a while.
            var part = (double)ended.Output / agents[ended.Client].Reserved;
            var before = parts[ended.Client];
            parts[ended.Client] = part > before ? part : before + ((part - before) / 8);
            Ask(ended.Client);
        }

        return (most - least) / (double)(Job.OutputWeight * MostTokens);
    }

    private void Add(string scene, string rule, double gap, double reference) =>
        report.Add(new BenchRow("fairness", $"{scene}: gap when {rule} is charged", gap, "reservations")
        {
            Reference = reference,
        });
}
