using System.Text.Json;
using Analemma.Journal;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;
using Analemma.Kernel.Processes;

namespace Analemma.Simulator;

// THE LOOP OF A SIMULATED KERNEL
//
// The production kernel (KernelTurns, KernelState), the production journal (JournalWriter, Recovery) and the rule that
// ties them: a turn's durable events are on disk before the turn ends and its effects leave. What the daemon does with
// sockets, threads and sandboxes is done here by the world. Crashes come at every point of a turn: before its events
// are written, while they are, after it and before its effects, and between any two of them.

/// <summary>One kernel after the other, on the same disk.</summary>
internal sealed class SimulatedKernel(World world)
{
    private const int CheckpointEvery = 300;

    private readonly List<DurableRecord> _records = [];
    private KernelTurns _turns = new(new KernelState());
    private JournalWriter _writer = new(world.Disk);
    private JournalPosition _applied;
    private JournalPosition _acknowledged;
    private bool _busy;
    private bool _inEffects;
    private Launch? _foreseen;

    public bool IsUp { get; private set; }

    /// <summary>Which start it is; what was meant for an earlier one comes to nothing.</summary>
    public long Boot { get; private set; }

    public int Crashes { get; private set; }

    public int Turns { get; private set; }

    /// <summary>Launches that were told before their SPAWN was on disk.</summary>
    public int Foreseen { get; private set; }

    /// <summary>Crashes between a message for who rests and his start.</summary>
    public int NeedsCut { get; private set; }

    /// <summary>Calls that were answered while a turn was on its way to the disk.</summary>
    public int Passed { get; private set; }

    public KernelState State => _turns.State;

    /// <summary>Everything that has arrived is applied and its effects have left.</summary>
    public bool IsSettled => IsUp && !_busy && !_inEffects && _turns.IsIdle;

    public void Start()
    {
        Boot++;
        world.Calls.CloseAll();
        _busy = false;
        world.Disk.IsOpen = true;
        _turns = new KernelTurns(Recover());
        _writer = new JournalWriter(world.Disk);
        IsUp = true;
        world.Trace.Add("kernel starts", Boot);
        var state = _turns.State;
        Arrive(new KernelStarted("sim", "simulated", world.Options.Kernel) { At = world.Clock.Ticks });
        foreach (var process in state.Processes.Living.ToArray())
        {
            Arrive(Leftover(process));
        }

        world.Watchers.Begin();
        Arrive(new KernelSettled { At = world.Clock.Ticks });
    }

    public void Arrive(KernelEvent @event)
    {
        if (!IsUp || !world.Sabotage.Hears(@event))
        {
            return;
        }

        world.Trace.Add("event", @event);
        world.Mail.Arrived(@event);
        if (!TryPass(@event))
        {
            _turns.Arrive(@event);
            Pump();
        }
    }

    /// <summary>The kernel is gone between two instructions. The sandboxes and the disk are not.</summary>
    public void Crash(string why)
    {
        world.Trace.Add("crash:", why);
        Crashes++;
        Stop();
        world.Disk.Crash();
    }

    private void Stop()
    {
        IsUp = false;
        world.Effects.DisarmAll();
        world.Models.Clear();
        world.Http.Clear();
        world.Tools.Clear();
        world.Bodies.Clear();
        world.Values.Clear();
        world.Mail.KernelGone();
        world.Calls.CloseAll();
        world.Clock.After(world.Random.Delay(1_000, 2_000_000), Start);
    }

    private KernelState Recover()
    {
        var recovered = Recovery.Begin(world.Disk, StateCheckpoint.FormatVersion);
        var state = recovered.Checkpoint is { } checkpoint
            ? StateCheckpoint.Read(checkpoint.State.Span)
            : new KernelState();
        List<Effect> effects = [];
        foreach (var record in recovered.Records)
        {
            state.Apply(EventCodec.Read(record.Type, record.Body.Span), effects);
            effects.Clear();
        }

        _applied = world.Disk.Last;
        ViolationException.Unless(
            _applied.Sequence >= _acknowledged.Sequence
            && (_acknowledged.Sequence == 0
                || world.Disk.All[(int)_acknowledged.Sequence - 1].Hash == _acknowledged.Hash),
            "nothing acknowledged is lost", $"{_acknowledged.Sequence} was acknowledged, {_applied.Sequence} is there");
        world.Shadow.CatchUp();
        world.Shadow.CheckEqual(state, "after recovery");
        return state;
    }

    private KernelEvent Leftover(Process process)
    {
        var runs = world.Host.TryFind(process.Id, out var child) && child.State is ChildState.Running;
        if (runs && process.StartedAt is not null && !world.Random.Chance(world.Options.ReapsLeftovers))
        {
            if (!child.Connection!.IsOpen)
            {
                child.Connection = new SimulatedConnection(child.Connection.Caller);
            }

            return new LeftoverAdopted(process.Id, child.HostPid) { At = world.Clock.Ticks };
        }

        world.Host.Reap(process.Id);
        return new LeftoverReaped(process.Id, runs ? "ended at the restart" : "gone") { At = world.Clock.Ticks };
    }

    private void Pump()
    {
        while (IsUp && !_busy && !_inEffects)
        {
            _records.Clear();
            _foreseen = null;
            if (!_turns.Begin(_records, launch => _foreseen = world.Sabotage.Foresee(launch)))
            {
                return;
            }

            if (world.CrashesNow())
            {
                Crash("before the journal");
                return;
            }

            if (_records.Count == 0)
            {
                End();
                continue;
            }

            _busy = true;
            foreach (var record in _records)
            {
                ViolationException.Unless(
                    record.Body.AsSpan().IndexOf(SimulatedSecrets.Canary) < 0,
                    "no secret is in the journal", record.Type);
            }

            JournalEntry[] entries =
                [.. _records.Select(record => new JournalEntry(record.Type, record.Body, record.At))];
            var early = !world.Sabotage.WaitsForDisk;
            if (early)
            {
                End();
            }

            var boot = Boot;
            _writer.TryAppend(entries, outcome => Journaled(boot, outcome, early));
            if (world.CrashesNow())
            {
                Crash("while journaling");
            }
        }
    }

    private void Journaled(long boot, AppendOutcome outcome, bool early)
    {
        if (boot != Boot || !IsUp)
        {
            return;
        }

        if (outcome.Failure is { } failure)
        {
            Crash(failure.Message);
            return;
        }

        _applied = _acknowledged = outcome.Position;
        foreach (var record in _records.Where(record => record.Type == "tool.called"))
        {
            world.Tools.Recorded(((ToolCallBegun)EventCodec.Read(record.Type, record.Body)).Call);
        }

        world.Shadow.CatchUp();
        if (world.CrashesNow())
        {
            Crash("journaled, before the effects");
            return;
        }

        var isNeeded = _records.Exists(record => record.Type == "unit.needed");
        if (isNeeded && CrashesWhenNeeded("before who is needed is started"))
        {
            return;
        }

        if (!early)
        {
            End();
        }

        if (isNeeded && IsUp && CrashesWhenNeeded("before it is told that who is needed runs"))
        {
            return;
        }

        _busy = false;
        Pump();
    }

    // As the daemon's loop has it: who only looks, and has nothing else under way, need not wait for the disk.
    private bool TryPass(KernelEvent @event)
    {
        if (!_busy || _inEffects || !world.Sabotage.WaitsForDisk || @event is not SyscallArrived arrived
            || !KernelTurns.MayPass(arrived.Syscall)
            || world.Calls.Find(arrived.Call)?.Connection.Calls is not [var only] || only.Id != arrived.Call)
        {
            return false;
        }

        Passed++;
        LetOut([.. _turns.Pass(arrived)]);
        return true;
    }

    private void End()
    {
        Turns++;
        var ended = _turns.End().ToArray();
        CheckForeseen(ended);
        LetOut(ended);
        Checkpoint();
    }

    private void LetOut(Effect[] ended)
    {
        var effects = world.Sabotage.Change(ended).ToArray();
        world.Sabotage.AfterTurn(_turns.State);
        world.Shadow.CheckEqual(_turns.State, "when effects leave");
        _inEffects = true;
        foreach (var effect in effects)
        {
            if (!IsUp)
            {
                break;
            }

            if (world.CrashesNow())
            {
                Crash($"before {effect}");
                break;
            }

            world.Trace.Add("effect", effect);
            if (effect is StopKernel)
            {
                world.Effects.CheckStop();
                Stop();
            }
            else
            {
                world.Effects.Run(effect);
            }
        }

        _inEffects = false;
        if (IsUp && ended.Any(effect => effect is Raise { Event: UnitNeeded }))
        {
            CrashesWhenNeeded("before the need is journaled");
        }
    }

    // Each is a moment at which a message is there and its agent is not.
    private bool CrashesWhenNeeded(string when)
    {
        if (world.IsCalm || world.Options.CrashWhenNeeded == 0 || !world.Random.Chance(world.Options.CrashWhenNeeded))
        {
            return false;
        }

        NeedsCut++;
        Crash(when);
        return true;
    }

    // What was got ready during the commit must be what the commit then launches, in every word.
    private void CheckForeseen(IReadOnlyList<Effect> effects)
    {
        if (_foreseen is not null)
        {
            Foreseen++;
            var launched = effects.OfType<Launch>().Where(launch => launch.Process == _foreseen.Process).ToArray();
            ViolationException.Unless(
                launched.Length == 1 && Text(launched[0]) == Text(_foreseen),
                "what is foreseen is launched",
                $"{Text(_foreseen)}, and then {string.Join(", ", launched.Select(Text))}");
        }
    }

    private static string Text(Launch launch) => JsonSerializer.Serialize(launch);

    private void Checkpoint()
    {
        if (!IsUp || _applied != world.Disk.Last || _applied.Sequence - LastCheckpoint < CheckpointEvery)
        {
            return;
        }

        var state = new Checkpoint(_applied, StateCheckpoint.FormatVersion, StateCheckpoint.Write(_turns.State));
        var written = _writer.CheckpointAsync(state, world.Random.Between(0, 200), CancellationToken.None);
        ViolationException.Unless(written.IsCompletedSuccessfully, "the simulated disk needs no thread", "checkpoint");
    }

    private long LastCheckpoint => world.Disk.ReadCheckpoint()?.Position.Sequence ?? 0;
}
