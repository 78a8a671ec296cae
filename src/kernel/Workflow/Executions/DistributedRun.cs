using Analemma.Workflow.Json;

namespace Analemma.Workflow.Executions;

/// <summary>A distributed Map that runs: each item, or batch of items, is an execution of its own.</summary>
internal sealed class DistributedRun(long taskId, string arn, DateTimeOffset startedAt)
{
    public long TaskId => taskId;

    public string Arn => arn;

    public DateTimeOffset StartedAt => startedAt;

    /// <summary>What ItemSelector finds its paths in.</summary>
    public JsonValue Input { get; init; }

    /// <summary>Inputs of the executions; null until they are read.</summary>
    public List<JsonValue>? Inputs { get; set; }

    /// <summary>Items in each.</summary>
    public List<int> Sizes { get; set; } = [];

    public int Next { get; set; }

    /// <summary>Those that a redrive starts again, before Next.</summary>
    public Queue<int> Again { get; } = [];

    public int Running { get; set; }

    public JsonValue[] Results { get; set; } = [];

    public ExecutionStatus?[] Ended { get; set; } = [];

    public long MaxConcurrency { get; set; }

    public long ToleratedCount { get; set; }

    public double ToleratedPercentage { get; set; }

    public int RedriveCount { get; set; }

    /// <summary>The redrive that its executions run by; 0 when they are told apart by their names only.</summary>
    public int Generation { get; set; }

    public bool IsWriting { get; set; }

    public int Count(ExecutionStatus status) => Ended.Count(ended => ended == status);

    public int Items(ExecutionStatus status) =>
        Ended.Index().Where(each => each.Item == status).Sum(each => Sizes[each.Index]);

    /// <summary>Whether more failed than is borne.</summary>
    public bool IsBeyondTolerance()
    {
        var failed = Items(ExecutionStatus.Failed) + Items(ExecutionStatus.TimedOut) + Items(ExecutionStatus.Aborted);
        var total = Math.Max(1, Sizes.Sum());
        return failed > 0 && failed > ToleratedCount && failed * 100.0 / total > ToleratedPercentage;
    }

    public MapRunState ToState(string stateName, ExecutionStatus status, DateTimeOffset? endedAt)
    {
        var started = Math.Min(Next, Ended.Length);
        int[] again = Generation > 0 ? [.. Again] : [];
        var itemsAgain = again.Sum(index => Sizes[index]);
        return new MapRunState(Arn, TaskId, stateName, status, StartedAt)
        {
            EndedAt = endedAt,
            MaxConcurrency = MaxConcurrency,
            ToleratedFailureCount = ToleratedCount,
            ToleratedFailurePercentage = ToleratedPercentage,
            RedriveCount = RedriveCount,
            Executions = Counts(Count, Ended.Length, Ended.Length - started, Running) with
            {
                PendingRedrive = again.Length,
            },
            Items = Counts(
                Items,
                Sizes.Sum(),
                Sizes.Skip(started).Sum(),
                Ended.Take(started).Index().Where(each => each.Item is null).Sum(each => Sizes[each.Index])
                    - itemsAgain) with
            {
                PendingRedrive = itemsAgain,
            },
        };
    }

    private static MapRunCounts Counts(Func<ExecutionStatus, int> count, int total, int pending, int running) => new()
    {
        Pending = pending,
        Running = running,
        Succeeded = count(ExecutionStatus.Succeeded),
        Failed = count(ExecutionStatus.Failed),
        TimedOut = count(ExecutionStatus.TimedOut),
        Aborted = count(ExecutionStatus.Aborted),
        Total = total,
    };
}
