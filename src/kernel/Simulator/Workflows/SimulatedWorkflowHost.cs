using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Json;
using Analemma.Workflow.Records;
using Analemma.Workflow.Snapshots;

namespace Analemma.Simulator.Workflows;

/// <summary>
/// What the daemon is around executions, on one thread and in simulated time: the turns are the product's
/// (<see cref="HostedExecution"/>, <see cref="OpenWork"/>, <see cref="DueTimers{TOwner}"/>), the rest is the world.
/// </summary>
internal sealed partial class SimulatedWorkflowHost(WorkflowWorld world)
{
    /// <summary>Steps between two states that are kept.</summary>
    private const int SnapshotSteps = 3;

    private readonly SortedDictionary<int, Running> _running = [];
    private readonly Dictionary<string, (int Key, long TaskId)> _tokens = new(StringComparer.Ordinal);
    private readonly HashSet<string> _started = new(StringComparer.Ordinal);
    private DueTimers<int> _timers = new();
    private SimulatedClock.Due? _ring;
    private int _lastKey;

    private sealed record Running(StoredSteps Stored, HostedExecution Turns)
    {
        public bool IsNew { get; set; }

        /// <summary>Whether it has no state yet: it only waits.</summary>
        public bool IsAsleep { get; set; }
    }

    public int Boot { get; private set; }

    public bool IsUp { get; private set; }

    public int Crashes { get; private set; }

    public int Turns { get; private set; }

    public int Restored { get; private set; }

    /// <summary>Of those restored: executions that were not folded before something happened to them.</summary>
    public int Slept { get; private set; }

    /// <summary>Folds that began with a snapshot.</summary>
    public int Shortened { get; private set; }

    public int Continued { get; private set; }

    public void Start()
    {
        IsUp = true;
        Boot++;
        MarkOrphans();
        List<(Running Running, Resumption Resumption)> found = [];
        foreach (var stored in world.Store.All.Values.Where(stored => !stored.Shadow.IsOver))
        {
            found.Add(Restore(stored));
        }

        // When all are known, as in the daemon.
        var resumptions = found.ToDictionary(each => each.Running.Stored.Key, each => each.Resumption);
        foreach (var (running, resumption) in found)
        {
            if (!world.Sabotage.KeepsOrphans && IsOrphan(running.Stored, resumptions))
            {
                Orphans++;
                Post(running, at => new ExecutionEvent.Stopped(at, null, null), null);
            }
            else
            {
                Resume(running, resumption);
            }
        }
    }

    public void Crash()
    {
        Crashes++;
        IsUp = false;
        world.Trace.Add("the host is killed");
        world.Store.Crash();
        world.Maps.Crash();
        _running.Clear();
        _tokens.Clear();
        _started.Clear();
        _ring?.Cancel();
        _timers = new DueTimers<int>();
        world.Clock.After(world.Random.Delay(1_000, 60_000_000), Start);
    }

    /// <summary>Starts an execution; told whether that is on disk.</summary>
    public void Begin(WorkflowMachine machine, Action<bool> told)
    {
        var key = ++_lastKey;
        ExecutionIdentity identity = new()
        {
            Id = $"arn:{key}",
            Name = $"{key}",
            RoleArn = "r",
            StateMachineArn = machine.Name,
            StateMachineName = machine.Name,
            Seed = $"seed-{key}-{world.Random.NextBits():x}",
        };
        Begin(key, machine, identity, JsonValue.Parse(MachineMaker.Input), item: null, told);
    }

    private void Begin(
        int key,
        WorkflowMachine machine,
        ExecutionIdentity identity,
        JsonValue input,
        SimulatedItem? item,
        Action<bool> told)
    {
        StoredSteps stored = new(key, machine, identity)
        {
            Shadow = new ExecutionShadow(machine, identity),
            Item = item,
        };
        Running running = new(stored, new HostedExecution(machine.Definition, identity, world.Clock.GetUtcNow()))
        {
            IsNew = true,
        };
        _running[key] = running;
        Post(running, at => new ExecutionEvent.Started(at, input), told);
    }

    /// <summary>Tells an execution; told whether it made a difference, when that is on disk.</summary>
    public void Post(int key, Func<DateTimeOffset, ExecutionEvent> make, Action<bool>? told = null)
    {
        if (_running.TryGetValue(key, out var running))
        {
            Post(running, make, told);
        }
    }

    /// <summary>Starts one again that has ended.</summary>
    public void Redrive(StoredSteps stored)
    {
        if (!_running.ContainsKey(stored.Key))
        {
            Restore(stored);
            Post(stored.Key, at => new ExecutionEvent.Redriven(at) { IsDeep = true });
        }
    }

    /// <summary>Sends what a task with that token came to; told once whether this sender was the one.</summary>
    public void Send(string token, Func<DateTimeOffset, long, ExecutionEvent> make, Action<bool> told)
    {
        if (!_tokens.TryGetValue(token, out var holder))
        {
            told(false);
            return;
        }

        if (!world.Sabotage.SharesTokens)
        {
            _tokens.Remove(token);
        }

        var boot = Boot;
        Post(holder.Key, at => make(at, holder.TaskId), isKept =>
        {
            if (isKept)
            {
                world.Store.All[holder.Key].Shadow.Accepted(holder.TaskId);
                told(true);
            }
            else if (boot == Boot)
            {
                // It is put back when the store does not keep what it says.
                _tokens[token] = holder;
                told(false);
            }
        });
    }

    public void Beat(string token)
    {
        if (_tokens.TryGetValue(token, out var holder))
        {
            Post(holder.Key, at => new ExecutionEvent.TaskHeartbeat(at, holder.TaskId));
        }
    }

    private void Post(Running running, Func<DateTimeOffset, ExecutionEvent> make, Action<bool>? told)
    {
        if (running.Turns.Post(new Posting(make, told)))
        {
            Step(running);
        }
    }

    private void Step(Running running)
    {
        if (running.IsAsleep)
        {
            Fold(running);
        }

        while (true)
        {
            var turn = running.Turns.Take();
            Turns++;
            running.Turns.Apply(turn, world.Clock.GetUtcNow());
            if (turn.Steps.Count > 0)
            {
                Commit(running, turn);
                return;
            }

            Tell(turn, isKept: true);
            if (!running.Turns.GoesOn())
            {
                return;
            }
        }
    }

    private void Commit(Running running, HostTurn turn)
    {
        // Only the last state of a turn is there to compare; a shadow that folds one step at a time has them all.
        var last = HostTurnView.Of(running.Turns.State);
        var steps = turn.Steps.Select((step, i) => (
            StepRecord.Write(step.Event, step.Result.History), i == turn.Steps.Count - 1 ? last : null)).ToList();
        if (world.Sabotage.ActsEarly)
        {
            DoAll(running, turn);
        }

        var boot = Boot;
        world.Store.Write(running.Stored, new TurnOnDisk(steps, WaitsOf(running), SnapshotOf(running)), isKept =>
        {
            if (boot != Boot || !IsUp)
            {
                return;
            }

            if (isKept || world.Sabotage.KeepsState)
            {
                Kept(running, turn);
            }
            else
            {
                NotKept(running, turn);
            }
        });
    }

    private void Kept(Running running, HostTurn turn)
    {
        if (turn.Effects.Any(effect => effect is WorkflowEffect.StopChildren)
            && !world.IsCalm && world.Random.Chance(world.Options.CrashBeforeStop))
        {
            Crash();
            return;
        }

        running.IsNew = false;
        if (running.Turns.State.IsOver)
        {
            _running.Remove(running.Stored.Key);
        }

        DoAll(running, turn);
        Tell(turn, isKept: true);
        if (running.Turns.GoesOn())
        {
            Step(running);
        }
    }

    private void NotKept(Running running, HostTurn turn)
    {
        Tell(turn, isKept: false);
        if (running.IsNew)
        {
            // Nothing of it is on disk, and whoever started it knows.
            _running.Remove(running.Stored.Key);
            return;
        }

        if (!world.Sabotage.LosesUnkept)
        {
            running.Turns.NotKept(turn);
        }

        var boot = Boot;
        world.Clock.After(TimeSpan.FromSeconds(1), () =>
        {
            if (boot == Boot && IsUp)
            {
                Fold(running);
                if (running.Turns.GoesOn())
                {
                    Step(running);
                }
            }
        });
    }

    private (Running Running, Resumption Resumption) Restore(StoredSteps stored)
    {
        Restored++;
        Running running = new(
            stored, new HostedExecution(stored.Machine.Definition, stored.Identity, world.Clock.GetUtcNow()));
        _running[stored.Key] = running;
        if (stored.Waits is { } waits)
        {
            Slept++;
            running.IsAsleep = true;
            stored.Shadow.Sleeps(waits);
            return (running, new Resumption(WaitingWork.Read(waits, stored.Identity)!));
        }

        return (running, new Resumption(Fold(running)));
    }

    private static byte[]? WaitsOf(Running running) =>
        WaitingWork.Of(running.Turns.State, running.Turns.Open)?.Write();

    private static byte[]? SnapshotOf(Running running)
    {
        var turns = running.Turns;
        return running.Stored.Steps.Count % SnapshotSteps == 0 && !turns.State.IsOver
            ? ExecutionSnapshot.Write(turns.State, turns.Open, turns.LastAt, turns.Segments, [])
            : null;
    }

    private ExecutionReplay Fold(Running running)
    {
        var stored = running.Stored;
        running.IsAsleep = false;
        ExecutionReplay replay = new(stored.Machine.Definition, stored.Identity);
        var from = 0;
        if (stored.Snapshot is { } kept)
        {
            Shortened++;
            from = kept.Steps;
            replay = ExecutionSnapshot.Read(
                kept.State, stored.Machine.Definition, stored.Identity,
                (reference, _) => throw new ViolationException("a snapshot is whole", $"{reference}"));
        }

        foreach (var bytes in stored.Steps.Skip(from))
        {
            var @event = StepRecord.ReadEvent(bytes);
            ViolationException.Unless(
                StepRecord.Write(@event, replay.Add(@event).History).AsSpan().SequenceEqual(bytes),
                "a history is the fold of its events", $"{stored.Identity.Id}: {@event}");
        }

        running.Turns.Restore(replay);
        return replay;
    }

    private void Resume(Running running, Resumption resumption)
    {
        foreach (var timer in resumption.Timers)
        {
            DoTimes(running, timer, again: true, open: null);
        }

        foreach (var (effect, task) in resumption.Again)
        {
            DoTimes(running, effect, again: true, task);
        }
    }

    private void DoAll(Running running, HostTurn turn)
    {
        foreach (var effect in turn.Effects)
        {
            DoTimes(running, effect, again: false, open: null);
        }
    }

    private void DoTimes(Running running, WorkflowEffect effect, bool again, OpenTask? open)
    {
        for (var times = world.Sabotage.Times(effect, again); times > 0; times--)
        {
            running.Stored.Shadow.Done(effect);
            Do(running, effect, open);
        }
    }

    private void Do(Running running, WorkflowEffect effect, OpenTask? open)
    {
        var key = running.Stored.Key;
        switch (effect)
        {
            case WorkflowEffect.ArmTimer arm:
                var early = world.Sabotage.RingsEarly ? TimeSpan.FromSeconds(1) : TimeSpan.Zero;
                _timers.Arm(key, arm.TimerId, arm.Due - early);
                SetRing();
                break;
            case WorkflowEffect.DisarmTimer disarm:
                _timers.Disarm(key, disarm.TimerId);
                break;
            case WorkflowEffect.StartTask start:
                ViolationException.Unless(
                    _started.Add(start.Task.IdempotencyKey), "a host starts a task once", start.Task.IdempotencyKey);
                if (start.Task.Resource.IsSubmitted && open is not { IsEnded: true })
                {
                    _tokens[start.Task.Token] = (key, start.Task.TaskId);
                }

                world.Tasks.Start(key, start.Task, open is { IsSubmitted: true });
                break;
            case WorkflowEffect.CancelTask cancel:
                foreach (var (token, _) in _tokens.Where(held => held.Value == (key, cancel.TaskId)).ToArray())
                {
                    _tokens.Remove(token);
                }

                break;
            case WorkflowEffect.StartChild start:
                world.Maps.Start(key, start.Child);
                break;
            case WorkflowEffect.StopChildren stop:
                world.Maps.Stop(key, stop);
                break;
            case WorkflowEffect.Finish when running.Stored.Item is not null:
                world.Maps.Ended(running.Stored);
                break;
            case WorkflowEffect.Continue:
                Continued++;
                Post(running, at => new ExecutionEvent.Continued(at), null);
                break;
        }
    }

    private void SetRing()
    {
        _ring?.Cancel();
        if (_timers.Next is { } next)
        {
            // The timer of a host may be late, and is never early.
            _ring = world.Clock.At(next.UtcTicks + world.Random.Delay(0, 50_000).Ticks, () =>
            {
                var rung = _timers.Ring(world.Clock.GetUtcNow());
                SetRing();
                foreach (var (owner, timerId) in rung)
                {
                    Post(owner, at => new ExecutionEvent.TimerFired(at, timerId));
                }
            });
        }
    }

    private static void Tell(HostTurn turn, bool isKept)
    {
        foreach (var (ticket, _) in turn.Told)
        {
            ((Action<bool>)ticket)(isKept);
        }
    }
}
