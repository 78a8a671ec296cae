using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;

namespace Analemma.Bench.Fairness;

/// <summary>Who is next: ours, and those it is compared with.</summary>
internal interface IDiscipline
{
    void Add(Job job);

    Job? Peek();

    void Admit(Job job);

    void Ended(Job job);
}

/// <summary>The kernel's fair queue. Every call reserves so many times what it will use, as max_tokens does.</summary>
internal sealed class FairDiscipline(
    int reserve = 1, Func<int, int>? weight = null, Func<int, ModelPriority>? priority = null) : IDiscipline
{
    private readonly FairQueue _queue = new();

    public void Add(Job job)
    {
        var share = new FairShare($"c{job.Client}", weight?.Invoke(job.Client) ?? FairNode.WeightDefault);
        var among = priority?.Invoke(job.Client) ?? ModelPriority.Normal;
        var leaf = _queue.Leaf(among, new FairShare("clients"), share, "llama");
        _queue.Enqueue(job, leaf, job.Input + ((long)Job.OutputWeight * job.Output * reserve));
    }

    public Job? Peek() => (Job?)_queue.Peek();

    public void Admit(Job job) => _queue.Admit(job);

    public void Ended(Job job) => _queue.Settle(job, job.Service);
}

/// <summary>First come first served; with a limit, what a client asks beyond so many a minute is turned away.</summary>
internal sealed class FirstCome(int requestsPerMinute = int.MaxValue) : IDiscipline
{
    private readonly Queue<Job> _jobs = new();
    private readonly Dictionary<int, Queue<double>> _recent = [];

    public void Add(Job job)
    {
        if (requestsPerMinute < int.MaxValue)
        {
            var recent = _recent.TryGetValue(job.Client, out var found) ? found : _recent[job.Client] = new();
            while (recent.TryPeek(out var at) && at < job.ArrivesAt - 60)
            {
                recent.Dequeue();
            }

            if (recent.Count >= requestsPerMinute)
            {
                return;
            }

            recent.Enqueue(job.ArrivesAt);
        }

        _jobs.Enqueue(job);
    }

    public Job? Peek() => _jobs.TryPeek(out var job) ? job : null;

    public void Admit(Job job) => _jobs.Dequeue();

    public void Ended(Job job)
    {
    }
}

/// <summary>One request of each client in turn, whatever its size.</summary>
internal sealed class RoundRobin : IDiscipline
{
    private readonly Dictionary<int, Queue<Job>> _jobs = [];
    private readonly List<int> _order = [];

    public void Add(Job job)
    {
        if (!_jobs.TryGetValue(job.Client, out var queue))
        {
            _jobs.Add(job.Client, queue = new Queue<Job>());
            _order.Add(job.Client);
        }

        queue.Enqueue(job);
    }

    public Job? Peek()
    {
        var index = _order.FindIndex(client => _jobs[client].Count > 0);
        return index < 0 ? null : _jobs[_order[index]].Peek();
    }

    public void Admit(Job job)
    {
        _jobs[job.Client].Dequeue();
        _order.Remove(job.Client);
        _order.Add(job.Client);
    }

    public void Ended(Job job)
    {
    }
}

/// <summary>The smallest counter first, without the lift: who was idle monopolises when it returns.</summary>
internal sealed class LeastCounter : IDiscipline
{
    private readonly SortedDictionary<int, Queue<Job>> _jobs = [];
    private readonly Dictionary<int, long> _counters = [];

    public void Add(Job job)
    {
        _counters.TryAdd(job.Client, 0);
        (_jobs.TryGetValue(job.Client, out var queue) ? queue : _jobs[job.Client] = new()).Enqueue(job);
    }

    public Job? Peek()
    {
        var waiting = _jobs.Where(pair => pair.Value.Count > 0).ToList();
        return waiting.Count == 0 ? null : waiting.MinBy(pair => _counters[pair.Key]).Value.Peek();
    }

    public void Admit(Job job)
    {
        _jobs[job.Client].Dequeue();
        _counters[job.Client] += job.Service;
    }

    public void Ended(Job job)
    {
    }
}
