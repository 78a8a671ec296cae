using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;

namespace Analemma.Unit.Tests.Kernel.Models;

/// <summary>One call of a test's workload. Times are in milliseconds of virtual time.</summary>
internal sealed class Job(int agent, long arrivesAt, long input, long output, long reserved) : FairEntry
{
    public const long OutputWeight = 2;

    public int Agent { get; } = agent;

    public long ArrivesAt { get; } = arrivesAt;

    /// <summary>What it reserves, and what it really costs.</summary>
    public long Reservation { get; } = input + (OutputWeight * reserved);

    public long Service { get; } = input + (OutputWeight * output);

    public long Tokens { get; } = input + output;

    public long Duration { get; init; } = 5 + (input / 50) + output;

    /// <summary>What it will give back at its end.</summary>
    public long Unused => Reservation - Service;

    public long StartedAt { get; set; } = -1;

    public long EndsAt => StartedAt + Duration;

    public long Wait => StartedAt - ArrivesAt;
}

/// <summary>What decides whose turn it is: ours, and the ones it is compared with.</summary>
internal interface IDiscipline
{
    void Add(Job job);

    Job? Take();

    void Ended(Job job);
}

internal sealed class FairDiscipline(Func<int, (string Group, int Weight, ModelPriority Priority)>? who) : IDiscipline
{
    private readonly FairQueue _queue = new();

    public void Add(Job job)
    {
        var (group, weight, priority) = who?.Invoke(job.Agent) ?? ("g", 100, ModelPriority.Normal);
        var leaf = _queue.Leaf(priority, new FairShare(group), new FairShare($"a{job.Agent}", weight), "m");
        _queue.Enqueue(job, leaf, job.Reservation);
    }

    public Job? Take()
    {
        if (_queue.Peek() is not Job job)
        {
            return null;
        }

        _queue.Admit(job);
        return job;
    }

    public void Ended(Job job) => _queue.Settle(job, job.Service);
}

internal sealed class FirstComeDiscipline : IDiscipline
{
    private readonly Queue<Job> _jobs = new();

    public void Add(Job job) => _jobs.Enqueue(job);

    public Job? Take() => _jobs.TryDequeue(out var job) ? job : null;

    public void Ended(Job job)
    {
    }
}

/// <summary>The smallest counter first, but without the lift: idle time earns credit.</summary>
internal sealed class NoLiftDiscipline : IDiscipline
{
    private readonly SortedDictionary<int, Queue<Job>> _jobs = [];
    private readonly Dictionary<int, long> _counters = [];

    public void Add(Job job)
    {
        _counters.TryAdd(job.Agent, 0);
        if (!_jobs.TryGetValue(job.Agent, out var queue))
        {
            _jobs.Add(job.Agent, queue = new Queue<Job>());
        }

        queue.Enqueue(job);
    }

    public Job? Take()
    {
        var waiting = _jobs.Where(pair => pair.Value.Count > 0).Select(pair => pair.Key).ToArray();
        if (waiting.Length == 0)
        {
            return null;
        }

        var agent = waiting.MinBy(agent => (_counters[agent], agent));
        var job = _jobs[agent].Dequeue();
        _counters[agent] += job.Reservation;
        return job;
    }

    public void Ended(Job job) => _counters[job.Agent] += job.Service - job.Reservation;
}

/// <summary>A provider of so many slots on virtual time, and what came of a workload on it.</summary>
internal sealed class ServingWorld
{
    private readonly Dictionary<int, int> _waiting = [];
    private readonly Dictionary<(int, int), (Swing Charged, Swing Used)> _pairs = [];
    private long _unused;

    private ServingWorld()
    {
    }

    /// <summary>How far one agent is before another, and how far it was at most and at least.</summary>
    private readonly record struct Swing(long Now, long Least, long Most)
    {
        public long Width => Most - Least;

        public Swing By(long change) => new(
            Now + change, Math.Min(Least, Now + change), Math.Max(Most, Now + change));
    }

    public List<Job> Ended { get; } = [];

    /// <summary>Over all intervals in which two agents were backlogged: the largest gap of service charged.</summary>
    public long LargestGap { get; private set; }

    /// <summary>The same of what calls came to use, counted when they got their turns.</summary>
    public long LargestUseGap { get; private set; }

    /// <summary>The most that the calls in flight together would give back.</summary>
    public long LargestUnused { get; private set; }

    public long EndedAt { get; private set; }

    /// <summary>Runs a workload; <paramref name="then"/> gives the call that follows on one that has ended.</summary>
    public static ServingWorld Run(
        IDiscipline discipline,
        IEnumerable<Job> jobs,
        int slots,
        long until = long.MaxValue,
        Func<Job, Job?>? then = null)
    {
        ServingWorld world = new();
        PriorityQueue<Job, (long, int, int)> arrivals = new();
        var arrived = 0;
        foreach (var job in jobs)
        {
            arrivals.Enqueue(job, (job.ArrivesAt, job.Agent, arrived++));
        }

        PriorityQueue<Job, (long, int)> running = new();
        var order = 0;
        while (arrivals.Count > 0 || running.Count > 0)
        {
            var now = Math.Min(
                arrivals.TryPeek(out var next, out _) ? next.ArrivesAt : long.MaxValue,
                running.TryPeek(out var first, out _) ? first.EndsAt : long.MaxValue);
            if (now > until)
            {
                break;
            }

            while (running.TryPeek(out var ended, out _) && ended.EndsAt == now)
            {
                running.Dequeue();
                discipline.Ended(ended);
                world.Served(ended.Agent, ended.Service - ended.Reservation, 0);
                world._unused -= ended.Unused;
                world.Ended.Add(ended);
                world.EndedAt = now;
                if (then?.Invoke(ended) is { } following)
                {
                    arrivals.Enqueue(following, (following.ArrivesAt, following.Agent, arrived++));
                }
            }

            while (arrivals.TryPeek(out var job, out _) && job.ArrivesAt == now)
            {
                arrivals.Dequeue();
                discipline.Add(job);
                world.Queued(job.Agent, 1);
            }

            while (running.Count < slots && discipline.Take() is { } job)
            {
                job.StartedAt = now;
                running.Enqueue(job, (job.EndsAt, order++));
                world.Served(job.Agent, job.Reservation, job.Service);
                world._unused += job.Unused;
                world.LargestUnused = Math.Max(world.LargestUnused, world._unused);
                world.Queued(job.Agent, -1);
            }
        }

        return world;
    }

    public IEnumerable<(int Agent, long Service)> Shares() =>
        Ended.GroupBy(job => job.Agent).Select(jobs => (jobs.Key, jobs.Sum(job => job.Service))).Order();

    public static double Jain(IReadOnlyCollection<double> shares) =>
        shares.Sum() * shares.Sum() / (shares.Count * shares.Sum(share => share * share));

    private void Queued(int agent, int by)
    {
        var count = _waiting.GetValueOrDefault(agent) + by;
        _waiting[agent] = count;
        if (by > 0 ? count == 1 : count == 0)
        {
            foreach (var pair in _pairs.Keys.Where(pair => pair.Item1 == agent || pair.Item2 == agent).ToArray())
            {
                _pairs.Remove(pair);
            }

            foreach (var other in count == 0 ? [] : _waiting.Where(pair => pair.Value > 0 && pair.Key != agent))
            {
                _pairs[(Math.Min(agent, other.Key), Math.Max(agent, other.Key))] = default;
            }
        }
    }

    private void Served(int agent, long charged, long used)
    {
        foreach (var (pair, at) in _pairs.ToArray())
        {
            if (pair.Item1 == agent || pair.Item2 == agent)
            {
                var sign = pair.Item1 == agent ? 1 : -1;
                var now = (Charged: at.Charged.By(sign * charged), Used: at.Used.By(sign * used));
                _pairs[pair] = now;
                LargestGap = Math.Max(LargestGap, now.Charged.Width);
                LargestUseGap = Math.Max(LargestUseGap, now.Used.Width);
            }
        }
    }
}
