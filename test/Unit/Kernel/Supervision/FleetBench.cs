using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;

namespace Analemma.Unit.Tests.Kernel.Supervision;

/// <summary>
/// A kernel with a fleet: launches are answered, timers ring when time has come, and the journal is kept, so that it
/// can be told again.
/// </summary>
internal sealed class FleetBench
{
    private readonly List<KernelEvent> _journal = [];
    private readonly SortedDictionary<(long DueAt, TimerKind Kind, long Id), TimerName> _timers = [];
    private readonly Dictionary<TimerName, long> _due = [];
    private readonly KernelOptions _options;
    private Type? _lost;
    private long _call;

    public FleetBench(KernelOptions? options = null)
    {
        _options = options ?? new KernelOptions();
        Boot();
    }

    /// <summary>With a journal of before; no kernel has started on it yet.</summary>
    private FleetBench(FleetBench before, int events)
    {
        (_options, _call, Now) = (before._options, before._call, before.Now);
        _journal.AddRange(before._journal.Take(events));
    }

    public KernelState State { get; private set; } = new();

    /// <summary>Events in the journal.</summary>
    public int Length => _journal.Count;

    public long Now { get; private set; } = TimeSpan.TicksPerDay;

    /// <summary>All effects so far, but for answers to launches.</summary>
    public List<Effect> Effects { get; } = [];

    /// <summary>Launches that are not answered by themselves.</summary>
    public bool HoldsLaunches { get; set; }

    /// <summary>Questions when a schedule is due are not answered by themselves; they are: every hour.</summary>
    public bool HoldsSchedules { get; set; }

    public IEnumerable<EventView> Told => Effects.OfType<Publish>().Select(publish => publish.Event);

    public IEnumerable<Escalation> Escalations => Effects.OfType<TellEscalation>().Select(tell => tell.Escalation);

    public UnitView this[string name] => Status().Units.Single(unit => unit.Name == name);

    public void Boot()
    {
        _timers.Clear();
        _due.Clear();
        Apply(new KernelStarted("test", "none", _options) { At = Now });
        foreach (var process in State.Processes.Living.ToArray())
        {
            Apply(new LeftoverAdopted(process.Id, 1) { At = Now });
        }

        Apply(new KernelSettled { At = Now });
        Call(new Subscribe());
    }

    /// <summary>The kernel is gone: the next has what its journal says.</summary>
    public void Crash(bool reap = false)
    {
        State = Retold();
        _timers.Clear();
        _due.Clear();
        Apply(new KernelStarted("test", "none", _options) { At = Now });
        foreach (var process in State.Processes.Living.ToArray())
        {
            Apply(reap ? new LeftoverReaped(process.Id, "gone") { At = Now }
                : new LeftoverAdopted(process.Id, 1) { At = Now });
        }

        Apply(new KernelSettled { At = Now });
        Call(new Subscribe());
    }

    /// <summary>The kernel is killed after what was asked, and before an event that it brings about is kept.</summary>
    public void CrashBefore<T>(Action ask)
    {
        _lost = typeof(T);
        ask();
        _lost = null;
        Crash();
    }

    /// <summary>A kernel that was killed with all its agents after so many events, and the next.</summary>
    public FleetBench CrashedAfter(int events)
    {
        FleetBench next = new(this, events);
        next.Crash(reap: true);
        return next;
    }

    public KernelState Retold()
    {
        KernelState state = new();
        foreach (var @event in _journal)
        {
            var (type, body) = EventCodec.Write(@event);
            state.Apply(EventCodec.Read(type, body), []);
        }

        return state;
    }

    public void Apply(KernelEvent @event)
    {
        Queue<KernelEvent> events = new([@event]);
        while (events.TryDequeue(out var next))
        {
            if (next.IsDurable)
            {
                _journal.Add(next);
            }

            List<Effect> effects = [];
            State.Apply(next, effects);
            foreach (var effect in effects)
            {
                Run(effect, events);
            }
        }

        Assert.Equal(StateCheckpoint.Write(Retold()), StateCheckpoint.Write(State));
    }

    public Reply Call(Syscall syscall, long caller = 0)
    {
        Effects.RemoveAll(effect => effect is Answer or Refuse);
        Apply(new SyscallArrived(new CallId(++_call), new Caller(new ProcessId(caller), 1000), syscall) { At = Now });
        return Effects.OfType<Answer>().LastOrDefault()?.Reply ?? new NoReply();
    }

    public SysError Refusal(Syscall syscall, long caller = 0)
    {
        Call(syscall, caller);
        return Assert.Single(Effects.OfType<Refuse>()).Error;
    }

    public FleetApplyReply Up(params FleetAgent[] agents) => Up([], agents);

    public FleetApplyReply Up(IReadOnlyList<FleetSupervisor> supervisors, params FleetAgent[] agents)
    {
        FleetApply request = new() { Fleet = "f", Agents = agents, Supervisors = supervisors };
        Assert.Null(Analemma.Kernel.Policy.SyscallRules.Check(request));
        return Assert.IsType<FleetApplyReply>(Call(request));
    }

    public FleetStatusReply Status() => Assert.IsType<FleetStatusReply>(Call(new FleetStatus()));

    /// <summary>A process by its name.</summary>
    public ProcessId Process(string name) => State.Processes.TryFind(name, out var process)
        ? process.Id : throw new InvalidOperationException($"nobody is called {name}");

    public void Start(ProcessId id) =>
        Apply(new SandboxStarted(id, "s" + id, 1, "none", "cold", []) { At = Now });

    public void Exit(string name, int? code = 1, int? signal = null)
    {
        var id = Process(name);
        Assert.True(State.Processes.TryGet(id, out var process) && process.IsAlive, $"{name} does not live");
        Apply(new SandboxExited(id, code, signal, new Usage()) { At = Now });
    }

    /// <summary>Lets what was told to end do so.</summary>
    public void Obey()
    {
        foreach (var process in State.Processes.Living.Where(each => each.StopCause is not null).ToArray())
        {
            Apply(new SandboxExited(process.Id, null, 15, new Usage()) { At = Now });
        }
    }

    /// <summary>Lets time pass, and rings what is due in it, in order.</summary>
    public void Wait(double seconds)
    {
        var until = Now + TimeSpan.FromSeconds(seconds).Ticks;
        while (_timers.Count > 0 && _timers.First() is var (key, name) && key.DueAt <= until)
        {
            Now = Math.Max(Now, key.DueAt);
            Disarm(name);
            Ring(name);
        }

        Now = until;
    }

    /// <summary>Time passes and nothing rings: no kernel is there to hear it.</summary>
    public void Sleep(double seconds) => Now += TimeSpan.FromSeconds(seconds).Ticks;

    public void Ring(TimerName name) => Apply(name.Kind switch
    {
        TimerKind.Unit => new UnitDue(name.Id) { At = Now },
        TimerKind.UnitProbe => new ProbeDue(name.Id) { At = Now },
        TimerKind.UnitHeartbeat => new HeartbeatDue(name.Id) { At = Now },
        TimerKind.UnitIdle => new IdleDue(name.Id) { At = Now },
        TimerKind.Mail => new MailDue { At = Now },
        TimerKind.Usage => new UsageDue { At = Now },
        TimerKind.Grace => new GraceElapsed(new ProcessId(name.Id)) { At = Now },
        _ => throw new InvalidOperationException($"nobody rings {name}"),
    });

    private void Run(Effect effect, Queue<KernelEvent> events)
    {
        switch (effect)
        {
            case Raise raise when raise.Event.GetType() == _lost:
                return;
            case Raise raise:
                events.Enqueue(raise.Event);
                return;
            case Launch launch when !HoldsLaunches:
                events.Enqueue(new SandboxStarted(launch.Process, "s" + launch.Process, 1, "none", "cold", [])
                {
                    At = Now,
                });
                break;
            case ArmTimer arm:
                Disarm(arm.Timer);
                _timers[(arm.DueAt, arm.Timer.Kind, arm.Timer.Id)] = arm.Timer;
                _due[arm.Timer] = arm.DueAt;
                break;
            case DisarmTimer disarm:
                Disarm(disarm.Timer);
                break;
            case AskSchedule ask when !HoldsSchedules:
                events.Enqueue(NextHour(ask));
                break;
            case TellEscalation tell:
                events.Enqueue(new EscalationTold(tell.Escalation, ["last words"]) { At = Now });
                break;
        }

        Effects.Add(effect);
    }

    private ScheduleTold NextHour(AskSchedule ask) =>
        new(ask.Unit, ask.Cron, ask.Zone, ((ask.After / TimeSpan.TicksPerHour) + 1) * TimeSpan.TicksPerHour, null)
        {
            At = Now,
        };

    private void Disarm(TimerName name)
    {
        if (_due.Remove(name, out var at))
        {
            _timers.Remove((at, name.Kind, name.Id));
        }
    }

    public static FleetAgent Agent(string name, params string[] after) => new()
    {
        Name = name,
        Spawn = new Spawn { Argv = ["agent"] },
        After = after.Length > 0 ? after : null,
    };

    internal sealed record NoReply : Reply;
}
