namespace Analemma.Bench.Fairness;

/// <summary>
/// The measures of the paper's own plots: service that clients had at nineteen instants, spread evenly over each
/// request's decoding, and what follows from it.
/// </summary>
internal sealed class Metrics
{
    private const int Instants = 20;
    private const double WindowSeconds = 60;

    private readonly Job[] _served;
    private readonly int[] _clients;

    public Metrics(IReadOnlyList<Job> jobs)
    {
        _served = [.. jobs.Where(job => job.IsServed)];
        _clients = [.. jobs.Select(job => job.Client).Distinct().Order()];
        var lasts = (int)(jobs.Max(job => job.ArrivesAt) / 10) * 10;
        var ticks = Enumerable.Range(1, Instants - 1).Select(i => (double)lasts / Instants * i).ToArray();
        LargestGap = ticks.Max(tick => Spread(Services(tick)));
        WindowUnfairness = ticks.Average(tick => Unfairness(jobs, tick));
        Jain = Index(Services(ticks[^1]));
        TokensPerSecond = _served.Sum(job => job.Input + job.Output) / _served.Max(job => job.EndedAt);
    }

    /// <summary>The largest difference of accumulated service between any two clients, in weighted tokens.</summary>
    public double LargestGap { get; }

    /// <summary>Over a minute: how far a client that asked for more is behind the best served. Tokens/s.</summary>
    public double WindowUnfairness { get; }

    public double Jain { get; }

    public double TokensPerSecond { get; }

    public double[] Services(double until) => [.. _clients.Select(client => Service(client, 0, until))];

    public double FirstTokenP50(int client)
    {
        var waits = _served.Where(job => job.Client == client).Select(job => job.FirstTokenAt - job.ArrivesAt)
            .Order().ToArray();
        return waits[waits.Length / 2];
    }

    private static double Spread(double[] values) => values.Max() - values.Min();

    private static double Index(double[] values) =>
        values.Sum() * values.Sum() / (values.Length * values.Sum(value => value * value));

    private double Unfairness(IReadOnlyList<Job> jobs, double tick)
    {
        var (from, to) = (tick - (WindowSeconds / 2), tick + (WindowSeconds / 2));
        var had = _clients.Select(client => Service(client, from, to) / WindowSeconds).ToArray();
        var asked = _clients.Select(client => jobs
            .Where(job => job.Client == client && job.ArrivesAt >= from && job.ArrivesAt <= to)
            .Sum(job => job.Service) / WindowSeconds).ToArray();
        return had.Zip(asked, (service, demand) => Math.Min(had.Max() - service, demand - service)).Max();
    }

    private double Service(int client, double from, double to) => _served
        .Where(job => job.Client == client && job.EndedAt > job.FirstTokenAt)
        .Sum(job => job.Service * Math.Max(0, Math.Min(to, job.EndedAt) - Math.Max(from, job.FirstTokenAt))
            / (job.EndedAt - job.FirstTokenAt));
}
