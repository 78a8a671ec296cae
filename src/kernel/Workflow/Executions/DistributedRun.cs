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

    public DateTimeOffset? RedrivenAt { get; set; }

    /// <summary>The redrive that its executions run by; 0 when they are told apart by their names only.</summary>
    public int Generation { get; set; }

    public bool IsWriting { get; set; }

    /// <summary>Whether more has failed than is borne, and it ends when that is written.</summary>
    public bool IsFailing { get; set; }

    /// <summary>Whether a ResultWriter has written them.</summary>
    public bool AreResultsWritten { get; set; }

    public int Count(ExecutionStatus status) => Ended.Count(ended => ended == status);

    public int Items(ExecutionStatus status) =>
        Ended.Index().Where(each => each.Item == status).Sum(each => Sizes[each.Index]);

    /// <summary>
    /// Whether more failed than is borne: when both are said, more than either (Developer Guide, Setting failure
    /// thresholds). 0 is what is not said.
    /// </summary>
    public bool IsBeyondTolerance()
    {
        var failed = Items(ExecutionStatus.Failed) + Items(ExecutionStatus.TimedOut) + Items(ExecutionStatus.Aborted);
        var percentage = failed * 100.0 / Math.Max(1, Sizes.Sum());
        return (ToleratedCount, ToleratedPercentage) is (0, 0)
            ? failed > 0
            : (ToleratedCount > 0 && failed > ToleratedCount)
                || (ToleratedPercentage > 0 && percentage > ToleratedPercentage);
    }

    /// <summary>How it stands. What runs when it ends is aborted, and nothing is pending to be redriven.</summary>
    public MapRunState ToState(string stateName, ExecutionStatus status, DateTimeOffset? endedAt)
    {
        var started = Math.Min(Next, Ended.Length);
        int[] again = Generation > 0 && endedAt is null ? [.. Again] : [];
        var isOver = endedAt is not null;
        var itemsAgain = again.Sum(index => Sizes[index]);
        var itemsRunning = Ended.Take(started).Index().Where(each => each.Item is null).Sum(each => Sizes[each.Index])
            - itemsAgain;
        return new MapRunState(Arn, TaskId, stateName, status, StartedAt)
        {
            EndedAt = endedAt,
            MaxConcurrency = MaxConcurrency,
            ToleratedFailureCount = ToleratedCount,
            ToleratedFailurePercentage = ToleratedPercentage,
            RedriveCount = RedriveCount,
            RedrivenAt = RedrivenAt,
            Executions = Counts(Count, Ended.Length, Running, isOver) with
            {
                Pending = Ended.Length - started,
                PendingRedrive = again.Length,
                ResultsWritten = AreResultsWritten ? Ended.Length : 0,
            },
            Items = Counts(Items, Sizes.Sum(), itemsRunning, isOver) with
            {
                Pending = Sizes.Skip(started).Sum(),
                PendingRedrive = itemsAgain,
                ResultsWritten = AreResultsWritten ? Sizes.Sum() : 0,
            },
        };
    }

    private static MapRunCounts Counts(Func<ExecutionStatus, int> count, int total, int running, bool isOver) => new()
    {
        Running = isOver ? 0 : running,
        Succeeded = count(ExecutionStatus.Succeeded),
        Failed = count(ExecutionStatus.Failed),
        TimedOut = count(ExecutionStatus.TimedOut),
        Aborted = count(ExecutionStatus.Aborted) + (isOver ? running : 0),
        Total = total,
    };
}
