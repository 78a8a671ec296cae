using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Simulator.Workflows;

/// <summary>
/// Whoever does tasks: functions, whose answers are lost when the host dies, and people with tokens, several for one,
/// who outlive it and ask again.
/// </summary>
internal sealed class SimulatedTasks(WorkflowWorld world)
{
    private static readonly string[] Errors = ["Boom", "Other", "States.TaskFailed"];

    private readonly HashSet<string> _carried = new(StringComparer.Ordinal);

    public int Started { get; private set; }

    public int Accepted { get; private set; }

    public int Rejected { get; private set; }

    public void Start(int key, TaskInvocation task, bool isSubmitted)
    {
        Started++;
        var boot = world.Host.Boot;
        if (!task.Resource.IsSubmitted)
        {
            Answer(key, task, boot);
            return;
        }

        if (isSubmitted)
        {
            return;
        }

        // The call that carries the token answers; and whoever has the token may be quicker.
        After(world.Random.Delay(100, 2_000_000), boot, () => world.Host.Post(
            key, at => new ExecutionEvent.TaskSubmitted(at, task.TaskId, JsonObject.Of(("StatusCode", 200)))));
        if (!_carried.Add(task.Token))
        {
            return;
        }

        for (var senders = 1 + world.Random.Below(3); senders > 0; senders--)
        {
            world.Clock.After(Takes(task), () => Send(task));
        }

        if (task.HeartbeatSeconds is { } seconds)
        {
            Beat(task, TimeSpan.FromSeconds(seconds * 0.7), world.Random.Below(6));
        }
    }

    private void Answer(int key, TaskInvocation task, int boot)
    {
        // Without a timeout nobody would ever know of one that is lost.
        if (task.TimeoutSeconds is not null && !world.IsCalm && world.Random.Chance(world.Options.LostTask))
        {
            return;
        }

        var make = Outcome();
        for (var times = world.Random.Chance(world.Options.Twice) ? 2 : 1; times > 0; times--)
        {
            After(Takes(task), boot, () => world.Host.Post(key, at => make(at, task.TaskId)));
        }
    }

    // Asks again until somebody was the one, or nobody can be any more.
    private void Send(TaskInvocation task)
    {
        if (!world.Host.IsUp)
        {
            world.Clock.After(TimeSpan.FromSeconds(5), () => Send(task));
            return;
        }

        var make = Outcome();
        world.Host.Send(task.Token, make, isOne =>
        {
            Accepted += isOne ? 1 : 0;
            Rejected += isOne ? 0 : 1;
        });
        // Not told: the host died, or the store failed. Whoever was the one finds nothing to end.
        if (world.Random.Chance(9_000))
        {
            world.Clock.After(TimeSpan.FromMinutes(1 + world.Random.Below(10)), () => SendIfOpen(task));
        }
        else
        {
            world.Clock.After(TimeSpan.FromDays(1), () => SendIfOpen(task));
        }
    }

    private void SendIfOpen(TaskInvocation task)
    {
        var isOpen = world.Store.All.Values.Any(stored => !stored.Shadow.IsOver
            && stored.Shadow.Open.Tasks.Any(open => open.Task.Token == task.Token));
        if (isOpen)
        {
            Send(task);
        }
    }

    private void Beat(TaskInvocation task, TimeSpan every, int times)
    {
        if (times > 0)
        {
            world.Clock.After(every, () =>
            {
                if (world.Host.IsUp)
                {
                    world.Host.Beat(task.Token);
                }

                Beat(task, every, times - 1);
            });
        }
    }

    private Func<DateTimeOffset, long, ExecutionEvent> Outcome()
    {
        if (world.Random.Chance(world.Options.FailedTask))
        {
            var error = world.Random.Pick(Errors);
            return (at, task) => new ExecutionEvent.TaskFailed(at, task, error, "it was drawn");
        }

        JsonValue output = JsonObject.Of(("drawn", world.Random.Below(1000)));
        return (at, task) => new ExecutionEvent.TaskSucceeded(at, task, output);
    }

    // Around its timeout, where it has one: that is where races are.
    private TimeSpan Takes(TaskInvocation task) => (task.HeartbeatSeconds ?? task.TimeoutSeconds) is { } seconds
        && world.Random.Chance(3_000)
            ? TimeSpan.FromSeconds(seconds) + world.Random.Delay(0, 200_000) - TimeSpan.FromMilliseconds(100)
            : world.Random.Delay(200, 5_000_000);

    private void After(TimeSpan delay, int boot, Action act) => world.Clock.After(delay, () =>
    {
        if (boot == world.Host.Boot && world.Host.IsUp)
        {
            act();
        }
    });
}

/// <summary>Whoever starts executions, stops some and redrives some.</summary>
internal sealed class SimulatedStarters(WorkflowWorld world)
{
    private int _left = world.Options.Executions;

    public int Begun { get; private set; }

    public void Start() => world.Clock.After(world.Random.Delay(0, 10_000_000), Act);

    private void Act()
    {
        if (world.IsCalm || _left <= 0)
        {
            return;
        }

        if (world.Host.IsUp)
        {
            Ask();
        }

        world.Clock.After(world.Random.Delay(1_000, 60_000_000), Act);
    }

    private void Ask()
    {
        var some = world.Store.All.Count > 0 ? world.Random.Pick([.. world.Store.All.Values]) : null;
        if (some is { Shadow.IsOver: false } && world.Random.Chance(500))
        {
            world.Host.Post(some.Key, at => new ExecutionEvent.Stopped(at, "Stopped", null));
        }
        else if (some is { Shadow.IsOver: true, Item: null } && world.Random.Chance(2_000))
        {
            world.Host.Redrive(some);
        }
        else
        {
            _left--;
            world.Host.Begin(world.Random.Pick(world.Machines), isKept => Begun += isKept ? 1 : 0);
        }
    }
}
