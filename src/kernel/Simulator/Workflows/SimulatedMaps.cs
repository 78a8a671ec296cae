using Analemma.Workflow.Executions;

namespace Analemma.Simulator.Workflows;

/// <summary>
/// Items of distributed Maps as the daemon has them run: executions of their own, started in the background, stopped
/// with their Map, redriven as themselves, and told of when they end.
/// </summary>
internal sealed class SimulatedMaps(WorkflowWorld world)
{
    private readonly List<Starting> _starting = [];
    private readonly Dictionary<int, Starting> _waiting = [];

    private sealed class Starting(SimulatedItem item)
    {
        public SimulatedItem Item => item;

        public bool IsStopped { get; set; }
    }

    public void Start(int parent, ChildStart child)
    {
        Starting starting = new(new SimulatedItem(parent, child));
        _starting.Add(starting);
        world.Host.Later(world.Random.Delay(0, 1_000_000), () =>
        {
            Begin(starting);
            _starting.Remove(starting);
        });
    }

    public void Stop(int parent, WorkflowEffect.StopChildren stop)
    {
        foreach (var starting in _starting.Concat(_waiting.Values).Where(
            starting => starting.Item.Parent == parent && starting.Item.Start.TaskId == stop.TaskId))
        {
            starting.IsStopped = true;
        }

        foreach (var key in world.Host.RunningItems(stop.MapRunArn))
        {
            Stop(key);
        }
    }

    /// <summary>An item's execution has ended.</summary>
    public void Ended(StoredSteps item)
    {
        Tell(item);
        if (_waiting.Remove(item.Key, out var starting))
        {
            world.Host.Later(TimeSpan.FromMicroseconds(10), () => Redrive(starting, item));
        }
    }

    public void Crash()
    {
        _starting.Clear();
        _waiting.Clear();
    }

    private void Begin(Starting starting)
    {
        var (item, start) = (starting.Item, starting.Item.Start);
        if (starting.IsStopped)
        {
            return;
        }

        if (start is { IsAgain: true, IsExpress: false } && LastOf(item) is { } begun)
        {
            Redrive(starting, begun);
            return;
        }

        var id = $"{start.MapRunArn}/{start.Name}";
        if (world.Host.Find(id) is not null)
        {
            // The host before this one has started it.
            return;
        }

        if (world.Store.All.Values.FirstOrDefault(stored => stored.Identity.Id == id) is { } ended)
        {
            Tell(ended);
            return;
        }

        var key = 0;
        key = world.Host.Begin(item, id, isKept => Begun(starting, isKept ? key : null));
    }

    private void Redrive(Starting starting, StoredSteps begun)
    {
        var redrive = starting.Item.Start.MapRedrive;
        if (world.Host.IsRunning(begun.Key))
        {
            _waiting[begun.Key] = starting;
        }
        else if (begun.Shadow.Status is ExecutionStatus.Succeeded || RedriveOf(begun) >= redrive)
        {
            Post(starting.Item, at => begun.Shadow.EndAsItem(at, starting.Item.Start));
        }
        else if (!starting.IsStopped)
        {
            world.Host.Redrive(begun, redrive, isKept => Begun(starting, isKept ? begun.Key : null));
        }
    }

    private void Begun(Starting starting, int? key)
    {
        if (key is not { } begun)
        {
            var start = starting.Item.Start;
            Post(starting.Item, at => new ExecutionEvent.ChildEnded(
                at, start.TaskId, start.Index, ExecutionStatus.Failed, default, "Unavailable", "it could not be kept")
            {
                MapRedrive = start.MapRedrive,
            });
        }
        else if (starting.IsStopped)
        {
            Stop(begun);
        }
    }

    private StoredSteps? LastOf(SimulatedItem item) => world.Store.All.Values.LastOrDefault(
        stored => stored.Item?.Start.MapRunArn == item.Start.MapRunArn && stored.Item.Start.Index == item.Start.Index);

    private static int RedriveOf(StoredSteps item) => Math.Max(item.Item!.Start.MapRedrive, item.Shadow.MapRedrive);

    private void Stop(int key) => world.Host.Post(key, at => new ExecutionEvent.Stopped(at, null, null));

    private void Tell(StoredSteps ended) => Post(ended.Item!, at => ended.Shadow.EndAsItem(at, ended.Item!.Start));

    private void Post(SimulatedItem item, Func<DateTimeOffset, ExecutionEvent> make) =>
        world.Host.Post(item.Parent, make);
}
