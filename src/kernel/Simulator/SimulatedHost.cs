using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;

namespace Analemma.Simulator;

/// <summary>The machine that the sandboxes run on: what the kernel asks of it, and what happens by itself.</summary>
internal sealed class SimulatedHost(World world)
{
    private readonly SortedDictionary<ProcessId, SimulatedChild> _children = [];
    private int _nextHostPid = 1000;

    public IEnumerable<SimulatedChild> Living => _children.Values.Where(child => child.State != ChildState.Dead);

    public int Launched { get; private set; }

    public bool TryFind(ProcessId id, out SimulatedChild child) => _children.TryGetValue(id, out child!);

    public void Launch(ProcessId id, SpawnPlan plan)
    {
        ViolationException.Unless(!_children.ContainsKey(id), "no process id is used twice", $"{id} is launched again");
        world.Supervised.Launching(plan);
        _children.TryGetValue(plan.Parent, out var parent);
        ViolationException.Unless(
            plan.Parent == ProcessId.None || parent is not null, "parents contain children", $"{id} has no parent");
        var child = new SimulatedChild(id, plan, parent) { IgnoresTerm = Chance(world.Options.IgnoresTerm) };
        _children.Add(id, child);
        Launched++;
        var delay = Chance(100) ? world.Random.Delay(1_000, 3_000_000) : world.Random.Delay(300, 40_000);
        world.Clock.After(delay, () => LaunchEnds(child));
    }

    public void Signal(ProcessId id, int signal)
    {
        var child = Require(id);
        if (child.State is ChildState.Running && signal == 15)
        {
            child.HasTerm = true;
            world.Clock.After(world.Random.Delay(50, 20_000), () => TakeTerm(child));
        }
    }

    public void KillAll(ProcessId id)
    {
        var child = Require(id);
        if (child.State is ChildState.Running)
        {
            world.Clock.After(world.Random.Delay(20, 3_000), () => Die(child, code: null, signal: 9));
        }
    }

    public void Freeze(ProcessId id) => Require(id).IsFrozen = true;

    public void Thaw(ProcessId id)
    {
        var child = Require(id);
        child.IsFrozen = false;
        TakeTerm(child);
    }

    public void Forget(ProcessId id) => ViolationException.Unless(
        !_children.TryGetValue(id, out var child) || child.State is ChildState.Dead,
        "only the dead are forgotten", $"{id} is {child?.State}");

    /// <summary>After a restart: ends what is there of a process, without a notice.</summary>
    public void Reap(ProcessId id)
    {
        if (_children.TryGetValue(id, out var child))
        {
            Bury(child);
        }
    }

    private SimulatedChild Require(ProcessId id)
    {
        ViolationException.Unless(
            _children.TryGetValue(id, out var child),
            "effects are about launched sandboxes",
            $"{id} was never launched");
        return child!;
    }

    private bool Chance(int perTenThousand) => world.Random.Chance(perTenThousand);

    private void LaunchEnds(SimulatedChild child)
    {
        if (child.State is ChildState.Dead)
        {
            return;
        }

        if (Chance(world.Options.StartFails) || child.Parent is { State: ChildState.Dead })
        {
            Bury(child);
            child.NoticeAt = world.Clock.Ticks;
            world.Kernel.Arrive(new SandboxStartFailed(child.Id, SysErrorCode.StartFailed, "simulated", null)
            {
                At = world.Clock.Ticks,
            });
            return;
        }

        child.State = ChildState.Running;
        child.HostPid = _nextHostPid++;
        child.Connection = new SimulatedConnection(new Caller(child.Id, 100_000));
        IReadOnlyList<string> missing = Chance(500) ? [GuaranteeNames.Freezer] : [];
        world.Kernel.Arrive(new SandboxStarted(child.Id, $"s{child.Id}", child.HostPid, "simulated", "cold", missing)
        {
            At = world.Clock.Ticks,
        });
        Live(child, world.Random.Below(10));
    }

    /// <summary>Its provider serves nobody: an agent may end for that, as programs do.</summary>
    public void MayGiveUp(ProcessId process)
    {
        if (Chance(5_000) && TryFind(process, out var child))
        {
            Later(child, world.Random.Delay(1_000, 100_000), () => Die(child, code: 1, signal: null));
        }
    }

    /// <summary>What the agent does of itself. A third run until somebody ends them.</summary>
    private void Live(SimulatedChild child, int kind)
    {
        var when = world.Random.Delay(100, 3_000_000);
        switch (kind)
        {
            case 0 or 1 or 2:
                Later(child, when, () => Die(child, code: world.Random.Below(3), signal: null));
                break;
            case 3:
                Later(child, when, () => Die(child, code: null, signal: 11));
                break;
            case 4:
                Later(child, when, () => RunOutOfMemory(child));
                break;
            case 5:
                Later(child, when, () => ForkOn(child));
                break;
            case 6:
                Later(child, when, () => Attempt(child));
                break;
            default:
                Later(child, when, () => Sample(child));
                break;
        }
    }

    /// <summary>Nothing of a frozen sandbox runs, so what is due waits.</summary>
    private void Later(SimulatedChild child, TimeSpan delay, Action act) => world.Clock.After(delay, () =>
    {
        if (child.State is not ChildState.Running)
        {
            return;
        }

        if (child.IsFrozen)
        {
            Later(child, TimeSpan.FromMilliseconds(50), act);
        }
        else
        {
            act();
        }
    });

    private void Sample(SimulatedChild child)
    {
        world.Kernel.Arrive(new UsageSampled(child.Id, child.Usage(world.Clock.Ticks)) { At = world.Clock.Ticks });
        Later(child, world.Random.Delay(100_000, 2_000_000), () => Sample(child));
    }

    /// <summary>
    /// The victim is the agent itself, or something inside it: then the agent lives, and the kernel ends it.
    /// </summary>
    private void RunOutOfMemory(SimulatedChild child)
    {
        child.OomKills++;
        if (Chance(5_000))
        {
            Die(child, code: null, signal: 9);
        }
        else
        {
            Sample(child);
        }
    }

    private void ForkOn(SimulatedChild child)
    {
        child.PidLimitHits += world.Random.Between(1, 150);
        world.Kernel.Arrive(new UsageSampled(child.Id, child.Usage(world.Clock.Ticks)) { At = world.Clock.Ticks });
        Later(child, world.Random.Delay(1_000, 300_000), () => ForkOn(child));
    }

    private void Attempt(SimulatedChild child)
    {
        var count = Chance(world.Options.DenialStorm) ? 400 : 1;
        for (var i = 0; i < count; i++)
        {
            world.Kernel.Arrive(new DenialReported(child.Id, "network", "connect", "no network", 1)
            {
                At = world.Clock.Ticks,
            });
        }

        Later(child, world.Random.Delay(1_000, 1_000_000), () => Attempt(child));
    }

    private void TakeTerm(SimulatedChild child)
    {
        if (child is { State: ChildState.Running, HasTerm: true, IsFrozen: false, IgnoresTerm: false })
        {
            Die(child, code: null, signal: 15);
        }
    }

    private void Die(SimulatedChild child, int? code, int? signal)
    {
        if (child.State is not ChildState.Running)
        {
            return;
        }

        Bury(child);
        var boot = world.Kernel.Boot;
        world.Clock.After(world.Random.Delay(0, world.Options.ExitNoticeUsMax), () =>
        {
            if (world.Kernel.Boot == boot && world.Kernel.IsUp)
            {
                child.NoticeAt = world.Clock.Ticks;
                var usage = child.Usage(world.Clock.Ticks);
                world.Kernel.Arrive(new SandboxExited(child.Id, code, signal, usage) { At = world.Clock.Ticks });
            }
        });
    }

    private void Bury(SimulatedChild child)
    {
        child.State = ChildState.Dead;
        if (child.Connection is { } connection)
        {
            world.Clients.Close(connection);
        }
    }
}
