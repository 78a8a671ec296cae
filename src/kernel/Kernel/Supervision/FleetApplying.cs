using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Syscalls;

namespace Analemma.Kernel.Supervision;

/// <summary>Makes a declaration the fleet's, all of it or nothing.</summary>
internal static class FleetApplying
{
    /// <summary>Why this declaration cannot be the fleet's, as the kernel stands; or null.</summary>
    public static SysError? Problem(KernelState state, FleetApply request)
    {
        if (!state.Fleets.TryFleet(request.Fleet, out _) && state.Fleets.FleetCount >= Limits.FleetsMax)
        {
            return new SysError(
                SysErrorCode.LimitExceeded, $"{Limits.FleetsMax} fleets are declared, which is the limit");
        }

        if (FleetMailboxes.Problem(state, request.Mailboxes ?? []) is { } noMailbox)
        {
            return noMailbox;
        }

        var others = state.Fleets.Count - state.Fleets.Of(request.Fleet).Count();
        var wanted = request.Agents.Sum(agent => agent.Replicas ?? 1);
        if (others + wanted > Limits.UnitsMax)
        {
            return new SysError(
                SysErrorCode.LimitExceeded,
                $"{others + wanted} agents would be supervised; at most {Limits.UnitsMax}");
        }

        foreach (var agent in request.Agents)
        {
            if (SpawnSyscall.Unfit(state, null, agent.Spawn) is { } unfit)
            {
                return unfit with { Message = $"agent {agent.Name}: {unfit.Message}" };
            }

            foreach (var (name, _) in Names(agent))
            {
                if (Taken(state, request.Fleet, name) is { } by)
                {
                    return new SysError(
                        SysErrorCode.NameTaken, $"agent {agent.Name}: {by}", "choose another name, or end that first");
                }
            }
        }

        return null;
    }

    public static void Apply(KernelState state, FleetApply request, FleetApplyReply difference, List<Effect> effects)
    {
        if (!state.Fleets.TryFleet(request.Fleet, out var fleet))
        {
            fleet = new Fleet { Name = request.Fleet };
            state.Fleets.Add(fleet);
        }

        fleet.IsLeaving = false;
        fleet.Revision = difference.Revision;
        fleet.Agents = request.Agents;
        Supervise(fleet, request.Supervisors ?? []);
        FleetMailboxes.Apply(state, fleet, request.Mailboxes ?? [], effects);
        var restarts = difference.Changed.Where(change => change.Action == "restart").Select(change => change.Name)
            .ToHashSet(StringComparer.Ordinal);
        var otherRights = difference.Changed
            .Where(change => change.Fields.Any(field => field is "spawn" or "spawn.permissions"))
            .Select(change => change.Name).ToHashSet(StringComparer.Ordinal);
        var wanted = request.Agents.SelectMany(Names).Select(pair => pair.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var unit in state.Fleets.Of(fleet.Name).Where(unit => !wanted.Contains(unit.Name)).ToArray())
        {
            SetLeaving(state, unit);
        }

        List<Unit> rolling = [];
        foreach (var agent in request.Agents)
        {
            foreach (var (name, replica) in Names(agent))
            {
                if (state.Fleets.TryUnit(name, out var unit))
                {
                    unit.PermissionsSet =
                        otherRights.Contains(agent.Name) || unit.Goal is UnitGoal.Leave ? null : unit.PermissionsSet;
                    Update(state, fleet, unit, agent, restarts.Contains(agent.Name), rolling, effects);
                    FleetInboxes.Redeclared(state, unit, effects);
                }
                else
                {
                    Add(state, fleet, agent, name, replica, effects);
                }
            }
        }

        RollingRestart.Begin(state, fleet, rolling, "declared otherwise", effects);
        UnitOrder.Run(state, effects);
    }

    /// <summary>Taken out of the fleet: stopped in its turn, then forgotten.</summary>
    public static void SetLeaving(KernelState state, Unit unit)
    {
        unit.Goal = UnitGoal.Leave;
        unit.Batch = 0;
        state.Fleets.Track(unit);
    }

    /// <summary>What it was restarted for is forgotten; what lives is stopped in its turn and started again.</summary>
    public static void SetRestarting(KernelState state, Unit unit, string reason, List<Effect> effects)
    {
        unit.Starts.Clear();
        unit.Chain.Clear();
        (unit.Failures, unit.Tries, unit.Trouble, unit.Batch, unit.IsAfterFailure) = (0, 0, null, 0, false);
        unit.Reason = reason;
        unit.Goal = UnitGoal.Restart;
        if (!unit.IsLive)
        {
            UnitOrder.Arrived(state, unit, effects);
        }

        state.Fleets.Track(unit);
    }

    public static IEnumerable<(string Name, int Replica)> Names(FleetAgent agent)
    {
        var replicas = agent.Replicas ?? 1;
        return replicas == 1 ? [(agent.Name, 0)]
            : Enumerable.Range(1, replicas).Select(number => ($"{agent.Name}-{number}", number));
    }

    private static string? Taken(KernelState state, string fleet, string name)
    {
        if (state.Fleets.TryUnit(name, out var unit))
        {
            return unit.Fleet == fleet ? null
                : unit.IsWatched ? $"a supervised process is called {name}"
                : $"fleet {unit.Fleet} has an agent called {name}";
        }

        return state.Processes.IsNameTaken(name) ? $"a living process is called {name}" : null;
    }

    private static void Supervise(Fleet fleet, IReadOnlyList<FleetSupervisor> declared)
    {
        var known = fleet.Supervisors.ToDictionary(each => each.Name, StringComparer.Ordinal);
        fleet.Supervisors.Clear();
        var root = declared.FirstOrDefault(each => each.Name == SupervisorState.RootName)
            ?? new FleetSupervisor { Name = SupervisorState.RootName };
        foreach (var each in declared.Where(each => each != root).Prepend(root))
        {
            if (known.TryGetValue(each.Name, out var state))
            {
                state.Declared = each;
            }

            fleet.Supervisors.Add(state ?? new SupervisorState { Declared = each });
        }
    }

    /// <summary>What must be replaced is, replicas one after the other.</summary>
    private static void Update(
        KernelState state,
        Fleet fleet,
        Unit unit,
        FleetAgent agent,
        bool restart,
        List<Unit> rolling,
        List<Effect> effects)
    {
        var wasLeaving = unit.Goal is UnitGoal.Leave;
        if (!wasLeaving && restart && unit.IsLive && agent.Replicas > 1)
        {
            unit.Declared = agent;
            rolling.Add(unit);
            return;
        }

        if (wasLeaving || (restart && !UnitSchedules.IsAtRest(unit)))
        {
            UnitTimers.Unwatch(state, unit, effects);
            unit.Declared = agent;
            SetRestarting(state, unit, "declared otherwise", effects);
            return;
        }

        unit.Revision = fleet.Revision;
        if (unit.Declared != agent)
        {
            UnitTimers.Unwatch(state, unit, effects);
            unit.Declared = agent;
            UnitStart.Redeclared(state, unit, effects);
            UnitSchedules.Redeclared(state, unit, effects);
        }
    }

    private static void Add(
        KernelState state, Fleet fleet, FleetAgent agent, string name, int replica, List<Effect> effects)
    {
        var unit = new Unit
        {
            Id = state.Fleets.TakeUnitId(),
            Name = name,
            Fleet = fleet.Name,
            Declared = agent,
            Replica = replica,
            Revision = fleet.Revision,
            Phase = agent.StartOn is null or StartOn.Boot ? UnitPhase.Waiting : UnitPhase.Scheduled,
        };
        state.Fleets.Add(unit);
        UnitTelling.Tell(state, unit, effects);
        UnitNeeds.Rested(state, unit, effects);
    }
}
