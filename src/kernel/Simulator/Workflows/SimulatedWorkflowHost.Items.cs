using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;

namespace Analemma.Simulator.Workflows;

/// <content>Executions that others have started and wait for.</content>
internal sealed partial class SimulatedWorkflowHost
{
    /// <summary>Of those restored: executions that nobody waited for any more.</summary>
    public int Orphans { get; private set; }

    /// <summary>Starts the execution of an item; told whether that is on disk.</summary>
    public int Begin(SimulatedItem item, string id, Action<bool> told)
    {
        var key = ++_lastKey;
        var parent = world.Store.All[item.Parent];
        var name = $"{parent.Machine.Name}/{item.Start.StateName}";
        ExecutionIdentity identity = new()
        {
            Id = id,
            Name = item.Start.Name,
            RoleArn = "r",
            StateMachineArn = name,
            StateMachineName = name,
            IsExpress = item.Start.IsExpress,
            Seed = $"seed-{key}-{world.Random.NextBits():x}",
        };
        Begin(key, new WorkflowMachine(name, item.Start.Machine), identity, item.Start.Input, item, told);
        return key;
    }

    /// <summary>The one that runs by that ARN; null when none does.</summary>
    public StoredSteps? Find(string id) =>
        _running.Values.FirstOrDefault(running => running.Stored.Identity.Id == id)?.Stored;

    public bool IsRunning(int key) => _running.ContainsKey(key);

    /// <summary>Those of a Map run that run.</summary>
    public IReadOnlyList<int> RunningItems(string mapRunArn) =>
        [.. _running.Where(each => each.Value.Stored.Item?.Start.MapRunArn == mapRunArn).Select(each => each.Key)];

    /// <summary>Does something later, unless it is killed before.</summary>
    public void Later(TimeSpan delay, Action act)
    {
        var boot = Boot;
        world.Clock.After(delay, () =>
        {
            if (boot == Boot && IsUp)
            {
                act();
            }
        });
    }

    /// <summary>Redrives an item with its Map run; told whether that is on disk.</summary>
    public void Redrive(StoredSteps item, int mapRedrive, Action<bool> told)
    {
        Restore(item);
        Post(item.Key, at => new ExecutionEvent.Redriven(at) { IsDeep = true, MapRedrive = mapRedrive }, isKept =>
        {
            if (!isKept)
            {
                _running.Remove(item.Key);
            }

            told(isKept);
        });
    }

    // By what is on disk of their Maps, and not by the rule that the host has.
    private void MarkOrphans()
    {
        foreach (var stored in world.Store.All.Values.Where(stored => !stored.Shadow.IsOver))
        {
            stored.Shadow.IsOrphan |= stored.Item is ({ } parent, { } start)
                && world.Store.All[parent].Shadow.HasStopped(start.TaskId);
        }
    }

    private static bool IsOrphan(StoredSteps stored, Dictionary<int, Resumption> found) =>
        stored.Item is ({ } parent, { } start) && !(found.TryGetValue(parent, out var resumption)
            && resumption.WaitsFor(new AwaitedChild(start.TaskId, start.Index, start.Name)));
}
