using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Supervision;

/// <summary>How fleets look from outside.</summary>
internal static class FleetTelling
{
    public static FleetView View(Fleet fleet) => new(fleet.Name, fleet.Revision)
    {
        Leaving = fleet.IsLeaving,
        Supervisors =
        [
            .. fleet.Supervisors.Select(each => new SupervisorView(
                each.Name, each.Parent, each.Strategy, each.RestartsAll) { Falls = each.FallsAll }),
        ],
    };

    /// <summary>
    /// Whether a declaration is another than the one before, in its agents, their order or its supervisors.
    /// </summary>
    public static bool Differs(Fleet fleet, FleetApply request, FleetApplyReply difference) =>
        difference.Added.Count + difference.Changed.Count + difference.Removed.Count + difference.Mailboxes.Count > 0
        || fleet.Mailboxes.Count != (request.Mailboxes?.Count ?? 0)
        || !fleet.Agents.Select(agent => agent.Name).SequenceEqual(request.Agents.Select(agent => agent.Name))
        || !Json(fleet.Supervisors.Select(each => each.Declared))
            .SequenceEqual(Json(WithRoot(request.Supervisors ?? [])));

    private static IEnumerable<FleetSupervisor> WithRoot(IReadOnlyList<FleetSupervisor> declared)
    {
        var root = declared.FirstOrDefault(each => each.Name == SupervisorState.RootName)
            ?? new FleetSupervisor { Name = SupervisorState.RootName };
        return declared.Where(each => each != root).Prepend(root);
    }

    private static IEnumerable<string> Json(IEnumerable<FleetSupervisor> supervisors) =>
        supervisors.Select(each => JsonSerializer.Serialize(each, AbiJsonContext.Default.FleetSupervisor));
}
