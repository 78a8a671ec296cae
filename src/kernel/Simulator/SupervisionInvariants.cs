using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Supervision;

namespace Analemma.Simulator;

/// <summary>What must be true of whatever is supervised.</summary>
internal sealed class SupervisionInvariants(World world)
{
    /// <summary>A kernel is away for two seconds at most.</summary>
    private static readonly long PatienceTicks = TimeSpan.FromSeconds(5).Ticks;

    /// <summary>Longer than a turn and its commit take.</summary>
    private static readonly long TurnTicks = TimeSpan.FromMilliseconds(100).Ticks;

    private readonly Dictionary<long, (UnitPhase Phase, long? DueAt, long Restarts, int Failures)> _before = [];
    private readonly Dictionary<long, int> _burst = [];
    private readonly Dictionary<string, long> _rolling = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _wanted = new(StringComparer.Ordinal);
    private long _wantedBoot;

    /// <summary>Starts of units that were seen.</summary>
    public long Starts { get; private set; }

    /// <summary>Restarts after a delay that were seen.</summary>
    public long Delayed { get; private set; }

    /// <summary>Starts by the clock, and for a message, that were seen.</summary>
    public long ByTheClock { get; private set; }

    public long OnDemand { get; private set; }

    /// <summary>Steps from one to the next of a rolling restart that were seen.</summary>
    public long Rolled { get; private set; }

    /// <summary>States in which units were seen.</summary>
    public SortedSet<string> States { get; } = new(StringComparer.Ordinal);

    /// <summary>To be called with the state as of before each event of the journal.</summary>
    public void Before(KernelState state)
    {
        _before.Clear();
        foreach (var unit in state.Fleets.Units)
        {
            _before.Add(unit.Id, (unit.Phase, unit.DueAt, unit.Restarts, unit.Failures));
        }

        _rolling.Clear();
        foreach (var fleet in state.Fleets.Fleets.Where(fleet => fleet.Rolling.Count > 0))
        {
            _rolling.Add(fleet.Name, fleet.Rolling[0]);
        }
    }

    /// <summary>And with the state after it: what it has started must have been due.</summary>
    public void After(KernelState state, KernelEvent @event, IReadOnlyList<Effect> effects)
    {
        foreach (var launch in effects.OfType<Launch>())
        {
            if (state.Fleets.TryUnit(launch.Process, out var unit))
            {
                Started(state, unit);
                CheckWoken(state, unit, @event);
            }
        }

        CheckRolling(state);

        foreach (var unit in state.Fleets.Units)
        {
            States.Add($"{unit.Phase}");
            CheckDelay(state, unit);
            CheckStarts(state, unit);
        }
    }

    /// <summary>A sandbox is about to be made: nobody of the same name may run.</summary>
    public void Launching(SpawnPlan plan)
    {
        var other = world.Host.Living.FirstOrDefault(child => child.Plan.Name == plan.Name);
        ViolationException.Unless(
            other is null, "never two live incarnations of one agent", $"{plan.Name} lives as {other?.Id}");
    }

    public void Check(KernelState state)
    {
        foreach (var unit in state.Fleets.Units)
        {
            var isAlive = state.Processes.TryGet(unit.Process, out var process) && process.IsAlive;
            ViolationException.Unless(
                isAlive == unit.IsLive && (!isAlive || process!.Name == unit.Name),
                "a unit is live when its process is", $"{unit.Name} is {unit.Phase}, its process {process?.State}");
            ViolationException.Unless(
                unit.DueAt is not { } due || world.Clock.Ticks - due < PatienceTicks,
                "what is due happens", $"{unit.Name} is {unit.Phase} and was due long ago");
            ViolationException.Unless(
                unit.IsLive || unit.Goal is UnitGoal.Run, "what does not live has reached its goal", unit.Name);
        }

        CheckWanted(state);
        ViolationException.Unless(
            !state.Fleets.Units.Any(unit => unit.Phase is UnitPhase.Waiting && !unit.IsWatched && unit.Batch == 0
                && unit.Declared.After is null) || state.ShuttingDown || !state.Fleets.IsOpen,
            "what waits for nobody is started", "a unit waits");
    }

    private void Started(KernelState state, Unit unit)
    {
        Starts++;
        foreach (var name in unit.Declared.After ?? [])
        {
            // The same event may have decided since that it is restarted too.
            ViolationException.Unless(
                state.Fleets.Of(unit.Fleet, name) is { Count: > 0 } before
                && before.All(each => each.IsThere || each is { IsLive: true, IsReady: true }),
                "dependants never start before readiness", $"{unit.Name} was started, {name} is not ready");
        }

        if (_before.TryGetValue(unit.Id, out var was) && was is { Phase: UnitPhase.BackingOff, DueAt: { } due }
            && unit.Failures > 0)
        {
            Delayed++;
            ViolationException.Unless(
                state.Now >= due, "the back-off plan is respected", $"{unit.Name} was started before its delay");
        }
    }

    /// <summary>
    /// What rests is started when its time has come, when something came for it, or when somebody says so.
    /// </summary>
    private void CheckWoken(KernelState state, Unit unit, KernelEvent @event)
    {
        if (!_before.TryGetValue(unit.Id, out var was) || was.Phase is not UnitPhase.Scheduled)
        {
            return;
        }

        switch (@event)
        {
            case UnitDue:
                ByTheClock++;
                ViolationException.Unless(
                    was.DueAt is { } due && state.Now >= due, "a schedule is kept", $"{unit.Name} was early");
                break;
            case UnitNeeded needed:
                OnDemand++;
                ViolationException.Unless(
                    needed.Unit == unit.Id, "who rests is started when needed", $"{unit.Name} was not needed");
                break;
            case KernelSettled:
                ViolationException.Unless(
                    was.DueAt <= state.Now && unit.Declared.Schedule?.Missed is MissedStart.Once,
                    "a missed start is made up for when that is declared", unit.Name);
                break;
            default:
                ViolationException.Unless(
                    @event is SyscallArrived { Syscall: FleetApply or FleetRestart or Restart },
                    "who rests is started when needed", $"{unit.Name} was started by {@event.GetType().Name}");
                break;
        }
    }

    /// <summary>The next of a rolling restart follows when the one before is there, or is no more.</summary>
    private void CheckRolling(KernelState state)
    {
        foreach (var (name, first) in _rolling)
        {
            if (!state.Fleets.TryFleet(name, out var fleet) || fleet.Rolling.Count == 0 || fleet.Rolling[0] == first)
            {
                continue;
            }

            Rolled++;
            ViolationException.Unless(
                !state.Fleets.TryUnit(first, out var unit) || unit.IsThere || unit.Goal is not UnitGoal.Run
                || unit.Phase is UnitPhase.Scheduled,
                "a rolling restart goes one by one", $"{unit?.Name} is {unit?.Phase}, and the next was restarted");
        }
    }

    /// <summary>Who rests while a message waits for him is started soon, by the next kernel if need be.</summary>
    private void CheckWanted(KernelState state)
    {
        var patience = PatienceTicks;
        if (world.Options.CrashWhenNeeded > 0)
        {
            // Messages come all the time, and the next would wake whom a kernel forgot: each kernel is to look at once.
            patience = TurnTicks;
            if (_wantedBoot != world.Kernel.Boot)
            {
                _wanted.Clear();
                _wantedBoot = world.Kernel.Boot;
            }
        }

        foreach (var unit in state.Fleets.Units.Where(unit => unit is { Phase: UnitPhase.Scheduled, IsWatched: false }
            && (unit.Declared.StartOn is StartOn.Message || unit.Declared.IdleStopMs > 0)))
        {
            if (state.ShuttingDown || !HasMail(state, unit.Name))
            {
                _wanted.Remove(unit.Name);
            }
            else if (!_wanted.TryAdd(unit.Name, world.Clock.Ticks))
            {
                ViolationException.Unless(
                    world.Clock.Ticks - _wanted[unit.Name] < patience, "what is needed is started", unit.Name);
            }
        }
    }

    private static bool HasMail(KernelState state, string name) =>
        (state.Mail.Resting.TryGetValue(name, out var inbox) && inbox.Count > 0)
        || state.Mail.Own.Any(box => box.Plan.Receiver == name && box.Plan.ReceiverParent == ProcessId.None
            && box.Waiting > 0);

    /// <summary>A delay that was just drawn is below the bound of its rule, or of a supervisor that fell.</summary>
    private void CheckDelay(KernelState state, Unit unit)
    {
        if (!_before.TryGetValue(unit.Id, out var was) || unit.Restarts == was.Restarts
            || unit is not { Phase: UnitPhase.BackingOff, DueAt: { } due })
        {
            return;
        }

        var rule = unit.Restart;
        var boundMs = rule.BackoffMs;
        for (var i = 1; i < unit.Failures && boundMs < rule.BackoffMaxMs; i++)
        {
            boundMs *= 2;
        }

        var fallMs = unit.IsWatched ? 0 : 500 << Limits.SupervisorFallsMax;
        var most = Math.Max(Math.Min(boundMs, rule.BackoffMaxMs), fallMs) * TimeSpan.TicksPerMillisecond;
        ViolationException.Unless(
            due - state.Now <= most && due >= state.Now,
            "the back-off plan is respected", $"{unit.Name} waits {(due - state.Now) / 10_000} ms of {boundMs}");
    }

    /// <summary>Of an agent that keeps its rule: starts within the interval never exceed its limit.</summary>
    private void CheckStarts(KernelState state, Unit unit)
    {
        var rule = unit.Restart;
        var most = _burst[unit.Id] = Math.Max(_burst.GetValueOrDefault(unit.Id), rule.Burst == 0 ? 9_999 : rule.Burst);
        var starts = unit.Starts.Count(at => state.Now - at <= rule.IntervalMs * TimeSpan.TicksPerMillisecond);
        ViolationException.Unless(starts <= most, "restarts are bounded", $"{unit.Name} was started {starts} times");
    }
}
