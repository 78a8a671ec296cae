using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Supervision;

/// <summary>Events that are about supervision, each to where it is decided.</summary>
internal static class SupervisionTurn
{
    /// <summary>False for events that are about something else.</summary>
    public static bool Apply(KernelState state, KernelEvent @event, List<Effect> effects)
    {
        switch (@event)
        {
            case KernelSettled:
                UnitEnd.Settled(state, effects);
                return true;
            case UnitDue due:
                UnitEnd.Due(state, due, effects);
                return true;
            case UnitReady ready:
                UnitStart.Ready(state, ready, effects);
                return true;
            case ProbeDue due:
                UnitStart.ProbeDue(state, due, effects);
                return true;
            case ProbeEnded ended:
                UnitStart.Probed(state, ended, effects);
                return true;
            case HeartbeatDue due:
                state.Fleets.Watchdogs.HeartbeatDue(state, due.Unit, effects);
                return true;
            case WatchdogBarked barked:
                Watchdogs.Barked(state, barked, effects);
                return true;
            case TroubleNoted noted:
                Troubles.Noted(state, noted);
                return true;
            case OutageOver over:
                Troubles.OutageOver(state, over, effects);
                return true;
            case EscalationTold told:
                SupervisorTree.Told(state, told, effects);
                return true;
            default:
                return OnDemand(state, @event, effects);
        }
    }

    private static bool OnDemand(KernelState state, KernelEvent @event, List<Effect> effects)
    {
        switch (@event)
        {
            case ScheduleTold told:
                UnitSchedules.Told(state, told, effects);
                return true;
            case UnitNeeded needed:
                UnitNeeds.Needed(state, needed, effects);
                return true;
            case UnitIdled idled:
                UnitNeeds.Idled(state, idled);
                return true;
            case IdleDue due:
                UnitNeeds.IdleDue(state, due, effects);
                return true;
            default:
                return false;
        }
    }
}
