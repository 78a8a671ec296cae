using Analemma.Workflow.Executions;

namespace Analemma.Simulator.Workflows;

/// <summary>An execution as it is on disk.</summary>
internal sealed class StoredSteps(int key, WorkflowMachine machine, ExecutionIdentity identity)
{
    public int Key => key;

    public WorkflowMachine Machine => machine;

    public ExecutionIdentity Identity => identity;

    /// <summary>The item of a distributed Map that it runs; null for none.</summary>
    public SimulatedItem? Item { get; init; }

    /// <summary>As a store keeps them.</summary>
    public List<byte[]> Steps { get; } = [];

    /// <summary>What it waits for, of the last step; null when it does more than wait.</summary>
    public byte[]? Waits { get; set; }

    /// <summary>The state after so many steps; null when none was kept yet.</summary>
    public (int Steps, byte[] State)? Snapshot { get; set; }

    public required ExecutionShadow Shadow { get; init; }
}

/// <summary>What an execution of a distributed Map was started for.</summary>
/// <param name="Parent">Who waits for it.</param>
/// <param name="Start">How it was started.</param>
internal sealed record SimulatedItem(int Parent, ChildStart Start);

/// <summary>What a turn leaves on disk.</summary>
/// <param name="Steps">Its steps, and how the state stood after the last.</param>
/// <param name="Waits">What the execution then waits for; null when it does more than wait.</param>
/// <param name="Snapshot">The state then; null when it is not kept.</param>
internal sealed record TurnOnDisk(
    IReadOnlyList<(byte[] Bytes, HostTurnView? View)> Steps, byte[]? Waits, byte[]? Snapshot);

/// <summary>
/// The store of a simulated host: what waits goes to disk together, sometimes slowly, sometimes not at all; in a crash
/// what was under way may be there or not, and nobody is told.
/// </summary>
internal sealed class SimulatedExecutions(WorkflowWorld world)
{
    private readonly record struct Pending(StoredSteps Of, TurnOnDisk Turn, Action<bool> Done);

    private List<Pending> _pending = [];
    private List<Pending> _flushing = [];
    private int _flush;

    /// <summary>By key: what is on disk.</summary>
    public SortedDictionary<int, StoredSteps> All { get; } = [];

    public int Commits { get; private set; }

    public int Refused { get; private set; }

    public int Torn { get; private set; }

    public void Write(StoredSteps of, TurnOnDisk turn, Action<bool> done)
    {
        _pending.Add(new Pending(of, turn, done));
        if (_flushing.Count == 0)
        {
            Flush();
        }
    }

    /// <summary>Whoever waits is not told any more.</summary>
    public void Crash()
    {
        _flush++;
        if (_flushing.Count > 0 && world.Random.Chance(5_000))
        {
            Torn++;
            Keep(_flushing);
        }

        _pending = [];
        _flushing = [];
    }

    private void Flush()
    {
        (_flushing, _pending) = (_pending, []);
        if (_flushing.Count == 0)
        {
            return;
        }

        var flush = ++_flush;
        var isSlow = !world.IsCalm && world.Random.Chance(world.Options.SlowDisk);
        var takes = isSlow ? world.Random.Delay(100_000, 20_000_000) : world.Random.Delay(80, 5_000);
        world.Clock.After(takes, () =>
        {
            if (flush == _flush)
            {
                End();
            }
        });
    }

    private void End()
    {
        var group = _flushing;
        var isKept = world.IsCalm || !world.Random.Chance(world.Options.FailedCommit);
        if (isKept)
        {
            Keep(group);
        }
        else
        {
            Refused++;
        }

        _flushing = [];
        Flush();
        foreach (var each in group)
        {
            each.Done(isKept);
        }
    }

    private void Keep(List<Pending> group)
    {
        Commits++;
        foreach (var each in group)
        {
            All.TryAdd(each.Of.Key, each.Of);
            foreach (var (bytes, view) in each.Turn.Steps)
            {
                each.Of.Steps.Add(bytes);
                each.Of.Shadow.Kept(bytes, view);
            }

            each.Of.Waits = each.Turn.Waits ?? (world.Sabotage.KeepsWaits ? each.Of.Waits : null);
            if (each.Turn.Snapshot is { } snapshot)
            {
                each.Of.Snapshot = (each.Of.Steps.Count, snapshot);
            }
        }
    }
}

/// <summary>How a host's state stood after a step: compared with the fold of what is on disk.</summary>
/// <param name="Status">How it stands.</param>
/// <param name="LastEventId">Of its history.</param>
/// <param name="Open">States, timers and tasks that are open.</param>
internal sealed record HostTurnView(ExecutionStatus Status, long LastEventId, string Open)
{
    public static HostTurnView Of(ExecutionState state) => new(
        state.Status,
        state.LastEventId,
        string.Join(',', state.OpenStates())
        + "|" + string.Join(',', state.OpenTimers().Select(timer => $"{timer.TimerId}@{timer.Due.UtcTicks}"))
        + "|" + string.Join(',', state.OpenTasks().Select(task => task.TaskId)));
}
