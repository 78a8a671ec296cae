namespace Analemma.Bench.Fairness;

/// <summary>
/// Agents in loops share ten slots and keep them busy, two calls at a time each. Then one of them floods with hundreds:
/// what do the others notice?
/// </summary>
internal sealed class FlooderBench(BenchReport report)
{
    private const int Slots = 10;
    private const double Seconds = 300;

    public void Run()
    {
        foreach (var agents in new[] { 10, 100 })
        {
            var calm = Tail(new FairDiscipline(), agents, flooder: false);
            var fair = Tail(new FairDiscipline(), agents, flooder: true);
            var first = Tail(new FirstCome(), agents, flooder: true);
            var name = $"1 flooder, {agents - 1} polite, p99 wait of the polite";
            report.Add(new BenchRow("fairness", $"{name}, analemma (reference: no flooder)", fair, "s")
            {
                Reference = calm,
                Goal = "1.1 x",
                Met = fair <= 1.1 * calm,
            });
            report.Add(new BenchRow("fairness", $"{name}, first come (reference: no flooder)", first, "s")
            {
                Reference = calm,
            });
        }
    }

    private static double Tail(IDiscipline discipline, int agents, bool flooder)
    {
        Random random = new(7);
        Job Call(int agent, double at) => new(agent, random.Next(50, 400), random.Next(100, 300), at);

        PriorityQueue<Job, double> arrivals = new();
        PriorityQueue<Job, double> running = new();
        for (var agent = 0; agent < agents; agent++)
        {
            for (var i = flooder && agent == agents - 1 ? 500 : 2; i > 0; i--)
            {
                arrivals.Enqueue(Call(agent, random.NextDouble() / 10), 0);
            }
        }

        List<double> waits = [];
        for (var now = 0.0; now < Seconds;)
        {
            while (arrivals.TryDequeue(out var job, out _))
            {
                discipline.Add(job);
            }

            while (running.Count < Slots && discipline.Peek() is { } job)
            {
                discipline.Admit(job);
                running.Enqueue(job, now + 0.01 + (0.000215 * job.Input) + (0.0147 * job.Output));
                if (job.Client < agents - 1)
                {
                    waits.Add(now - job.ArrivesAt);
                }
            }

            running.TryDequeue(out var ended, out now);
            discipline.Ended(ended!);
            arrivals.Enqueue(Call(ended!.Client, now), now);
        }

        waits.Sort();
        return waits[(int)(waits.Count * 0.99)];
    }
}
