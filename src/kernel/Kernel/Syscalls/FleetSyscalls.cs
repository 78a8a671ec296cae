using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Supervision;

namespace Analemma.Kernel.Syscalls;

/// <summary>
/// FLEETAPPLY, FLEETDOWN, FLEETSTATUS, FLEETRESTART: what the host declares. Agents have no part in it.
/// </summary>
internal static class FleetSyscalls
{
    public static void Handle(SyscallContext call, Syscall syscall)
    {
        if (!call.Caller.IsHost)
        {
            call.Deny($"{syscall.Number}", SysError.PermissionDenied(
                "only a client on the host declares and sees fleets", "missing capability: fleets"));
            return;
        }

        switch (syscall)
        {
            case FleetApply apply:
                Apply(call, apply);
                break;
            case FleetDown down:
                Down(call, down);
                break;
            case FleetStatus status:
                Status(call, status);
                break;
            case FleetRestart restart:
                Restart(call, restart);
                break;
        }
    }

    private static void Apply(SyscallContext call, FleetApply request)
    {
        var state = call.State;
        if (state.ShuttingDown)
        {
            call.Refuse(new SysError(SysErrorCode.ShuttingDown, "the kernel is stopping and starts nothing more"));
            return;
        }

        if (FleetApplying.Problem(state, request) is { } problem)
        {
            call.Refuse(problem);
            return;
        }

        state.Fleets.TryFleet(request.Fleet, out var fleet);
        var before = fleet is null ? null : FleetTelling.View(fleet);
        var difference = FleetDiff.Between(before, fleet is { IsLeaving: false } ? fleet.Agents : [], request);
        difference = difference with { Mailboxes = FleetMailboxes.Changed(fleet, request.Mailboxes ?? []) };
        if (fleet is null || fleet.IsLeaving || FleetTelling.Differs(fleet, request, difference))
        {
            difference = difference with { Revision = difference.Revision + 1 };
        }

        if (!request.DryRun)
        {
            FleetApplying.Apply(state, request, difference, call.Effects);
        }

        call.Answer(difference);
    }

    private static void Down(SyscallContext call, FleetDown request)
    {
        if (!TryFleet(call, request.Fleet, out var fleet))
        {
            return;
        }

        var state = call.State;
        fleet.IsLeaving = true;
        fleet.Rolling.Clear();
        Unit[] units = [.. state.Fleets.Of(fleet.Name)];
        call.Answer(new FleetDownReply(fleet.Name, units.Count(unit => unit.IsLive)));
        foreach (var unit in units)
        {
            FleetApplying.SetLeaving(state, unit);
        }

        if (units.Length == 0)
        {
            state.Fleets.Remove(fleet);
        }
    }

    private static void Status(SyscallContext call, FleetStatus request)
    {
        var fleets = call.State.Fleets;
        if (request.Fleet is { } name)
        {
            if (TryFleet(call, name, out var fleet))
            {
                call.Answer(new FleetStatusReply([.. Rows(call.State, fleets.Of(name))])
                {
                    Fleets = [FleetTelling.View(fleet)],
                });
            }

            return;
        }

        call.Answer(new FleetStatusReply([.. Rows(call.State, fleets.Units)])
        {
            Fleets = [.. fleets.Fleets.Select(FleetTelling.View)],
        });
    }

    private static void Restart(SyscallContext call, FleetRestart request)
    {
        if (!TryFleet(call, request.Fleet, out var fleet))
        {
            return;
        }

        var state = call.State;
        Unit[] units =
        [
            .. state.Fleets.Of(fleet.Name).Where(unit => request.Agent is not { } agent
                || unit.Declared.Name == agent || unit.Name == agent),
        ];
        if (units.Length == 0)
        {
            call.Refuse(SysError.NoSuchProcess($"{request.Agent} in fleet {fleet.Name}") with
            {
                Hint = "see them with `analemma status`",
            });
            return;
        }

        call.Answer(new FleetRestartReply(fleet.Name, [.. units.Select(unit => unit.Name)]));
        if (request.Rolling)
        {
            RollingRestart.Begin(state, fleet, units, "restarted by an operator", call.Effects);
            return;
        }

        var batch = state.Fleets.TakeBatch();
        foreach (var unit in units.Where(unit => unit.Goal is not UnitGoal.Leave))
        {
            FleetApplying.SetRestarting(state, unit, "restarted by an operator", call.Effects);
            unit.Batch = batch;
        }
    }

    private static IEnumerable<UnitView> Rows(KernelState state, IEnumerable<Unit> units) =>
        units.Select(unit => UnitTelling.View(state, unit));

    private static bool TryFleet(SyscallContext call, string name, out Fleet fleet)
    {
        if (call.State.Fleets.TryFleet(name, out fleet!))
        {
            return true;
        }

        var known = string.Join(", ", call.State.Fleets.Fleets.Select(each => each.Name));
        call.Refuse(new SysError(
            SysErrorCode.NoSuchFleet,
            $"no fleet {name} is declared",
            known.Length == 0 ? "declare one with `analemma up FILE`" : $"there are {known}"));
        return false;
    }
}
