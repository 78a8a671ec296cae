using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Supervision;

/// <summary>
/// Looks after signs of life and of progress of units that are ready. Volatile: a new kernel begins to count anew. What
/// it finds becomes a durable event, and only that decides.
/// </summary>
internal sealed class Watchdogs
{
    private readonly Dictionary<ProcessId, Dog> _dogs = [];
    private readonly Dictionary<long, ProcessId> _byUnit = [];
    private int _heedTokens;

    /// <summary>Somebody is watched for tokens without progress.</summary>
    public bool HeedsTokens => _heedTokens > 0;

    public void Clear()
    {
        _heedTokens = 0;
        _dogs.Clear();
        _byUnit.Clear();
    }

    public static void Begin(KernelState state, Unit unit, List<Effect> effects)
    {
        if (unit.Declared.Watchdog is not { } rule)
        {
            return;
        }

        state.Fleets.Watchdogs.Add(unit, new Dog(unit.Id, rule) { LastAt = state.Now });
        if (rule.HeartbeatMs > 0)
        {
            Arm(unit.Id, state.Now + Ticks(rule.HeartbeatMs.Value), effects);
        }
    }

    public void Forget(long unit)
    {
        if (_byUnit.Remove(unit, out var process) && _dogs.Remove(process, out var dog))
        {
            _heedTokens -= dog.Rule.TokensWithoutProgressMax > 0 ? 1 : 0;
        }
    }

    /// <summary>A process has made a syscall.</summary>
    public void Heard(KernelState state, Caller caller, Syscall syscall, List<Effect> effects)
    {
        UnitNeeds.Heard(state, caller.Process, syscall.Number);
        if (_dogs.Count == 0 || !_dogs.TryGetValue(caller.Process, out var dog))
        {
            return;
        }

        dog.LastAt = state.Now;
        if (dog.Rule.RepeatMax > 0 && CallHash.Of(syscall) is { } hash)
        {
            dog.Repeats = hash == dog.LastCall ? dog.Repeats + 1 : 1;
            dog.LastCall = hash;
            if (dog.Repeats >= dog.Rule.RepeatMax)
            {
                Bark(state, dog, caller.Process, "livelock", $"made the same {syscall.Number} call "
                    + $"{dog.Repeats.ToString(CultureInfo.InvariantCulture)} times in a row", effects);
            }
        }
    }

    /// <summary>Tokens that a process and its descendants have used since they last did anything else.</summary>
    public void Burned(KernelState state, ProcessId process, long tokens, List<Effect> effects)
    {
        if (_dogs.TryGetValue(process, out var dog) && dog.Rule.TokensWithoutProgressMax is > 0 and var max
            && tokens >= max)
        {
            Bark(state, dog, process, "livelock", $"used {tokens.ToString(CultureInfo.InvariantCulture)} tokens "
                + "without any other deed", effects);
        }
    }

    public void HeartbeatDue(KernelState state, long unit, List<Effect> effects)
    {
        if (!_byUnit.TryGetValue(unit, out var id) || !state.Processes.TryGet(id, out var process)
            || process.StopCause is not null || _dogs[id].Rule.HeartbeatMs is not { } ms)
        {
            return;
        }

        var dog = _dogs[id];
        if (process.State is ProcessState.Paused || WaitGraph.Waits(state, id))
        {
            dog.LastAt = state.Now;
        }

        var due = dog.LastAt + Ticks(ms);
        if (due > state.Now)
        {
            Arm(unit, due, effects);
        }
        else
        {
            Bark(state, dog, id, "heartbeat", $"made no syscall for {ms.ToString(CultureInfo.InvariantCulture)} ms",
                effects);
        }
    }

    public static void Barked(KernelState state, WatchdogBarked barked, List<Effect> effects)
    {
        if (!state.Fleets.TryUnit(barked.Unit, out var unit) || !unit.IsLive || unit.Process != barked.Process
            || unit.Goal is not UnitGoal.Run)
        {
            return;
        }

        var process = state.Require(unit.Process);
        if (process.StopCause is not null)
        {
            return;
        }

        if (unit.Declared.Watchdog?.Action is WatchdogAction.Pause && process.Can(ProcessEvent.PauseRequested)
            && !process.Missing.Contains(GuaranteeNames.Freezer))
        {
            process.Take(ProcessEvent.PauseRequested);
            effects.Add(new Freeze(process.Id));
            var happened = Happening.Of(process, EventTypes.Paused, state.Now) with
            {
                Kind = "watchdog",
                Reason = barked.Detail,
            };
            state.Calls.Publish(state, process, happened, effects);
        }
        else
        {
            ProcessStop.Stop(
                state, process, ExitCause.Watchdog, $"{barked.Kind}: {barked.Detail}",
                unit.Declared.Stop?.GraceMs ?? state.Options.GraceMs, effects);
        }

        unit.Reason = $"{barked.Kind}: {barked.Detail}";
        UnitTelling.Tell(state, unit, effects);
    }

    private static void Bark(
        KernelState state, Dog dog, ProcessId process, string kind, string detail, List<Effect> effects)
    {
        if (!dog.HasBarked)
        {
            dog.HasBarked = dog.Rule.Action is not WatchdogAction.Pause;
            dog.Repeats = 0;
            effects.Add(new Raise(new WatchdogBarked(dog.Unit, process, kind, detail) { At = state.Now }));
            if (dog.Rule is { Action: WatchdogAction.Pause, HeartbeatMs: > 0 and var ms })
            {
                Arm(dog.Unit, state.Now + Ticks(ms), effects);
            }
        }
    }

    private static void Arm(long unit, long dueAt, List<Effect> effects) =>
        effects.Add(new ArmTimer(new TimerName(TimerKind.UnitHeartbeat, unit), dueAt));

    private static long Ticks(long ms) => ms * TimeSpan.TicksPerMillisecond;

    private void Add(Unit unit, Dog dog)
    {
        Forget(unit.Id);
        _heedTokens += dog.Rule.TokensWithoutProgressMax > 0 ? 1 : 0;
        _dogs.Add(unit.Process, dog);
        _byUnit.Add(unit.Id, unit.Process);
    }

    private sealed class Dog(long unit, WatchdogRule rule)
    {
        public long Unit { get; } = unit;

        public WatchdogRule Rule { get; } = rule;

        public long LastAt { get; set; }

        public ulong LastCall { get; set; }

        public int Repeats { get; set; }

        public bool HasBarked { get; set; }
    }
}
