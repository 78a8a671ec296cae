using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Supervision;

namespace Analemma.Simulator;

/// <summary>What must be true of whatever is supervised.</summary>
internal sealed class SupervisionInvariants(World world)
{
    /// <summary>A kernel is away for two seconds at most.</summary>
    private static readonly long PatienceTicks = TimeSpan.FromSeconds(5).Ticks;

    private readonly Dictionary<long, (UnitPhase Phase, long? DueAt, long Restarts, int Failures)> _before = [];
    private readonly Dictionary<long, int> _burst = [];

    /// <summary>Starts of units that were seen.</summary>
    public long Starts { get; private set; }

    /// <summary>Restarts after a delay that were seen.</summary>
    public long Delayed { get; private set; }

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
    }

    /// <summary>And with the state after it: what it has started must have been due.</summary>
    public void After(KernelState state, IReadOnlyList<Effect> effects)
    {
        foreach (var launch in effects.OfType<Launch>())
        {
            if (state.Fleets.TryUnit(launch.Process, out var unit))
            {
                Started(state, unit);
            }
        }

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
