using Analemma.Abi;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Models;

namespace Analemma.Kernel.Supervision;

/// <summary>
/// What supervised agents suffer from at their models. An agent that is refused a model call mostly exits with some
/// code; the kernel knows better why.
/// </summary>
internal static class Troubles
{
    /// <summary>A model call of a process was refused.</summary>
    public static void Refused(
        KernelState state, ProcessId process, string provider, SysError error, List<Effect> effects)
    {
        TroubleKind? kind = error.Code switch
        {
            SysErrorCode.BudgetExhausted when error.Budget?.Scope != "call" => TroubleKind.Budget,
            SysErrorCode.RunawayStopped => TroubleKind.Runaway,
            SysErrorCode.ModelFailed => TroubleKind.Outage,
            _ => null,
        };
        if (kind is { } found && state.Fleets.TryUnit(process, out var unit) && unit.IsLive
            && unit.Trouble?.Kind != found)
        {
            effects.Add(new Raise(new TroubleNoted(process, new Trouble(found, error.Message) { Provider = provider })
            {
                At = state.Now,
            }));
        }
    }

    /// <summary>A call of a process at a model has ended, one way or the other.</summary>
    public static void Ended(KernelState state, ModelCall call, List<Effect> effects)
    {
        var provider = call.Gate.Lane.Options.Name;
        if (call.Error is { } error)
        {
            Refused(state, call.Process, provider, error, effects);
            return;
        }

        if (state.Fleets.TryUnit(call.Process, out var unit) && unit.Trouble is not null)
        {
            effects.Add(new Raise(new TroubleNoted(call.Process, null) { At = state.Now }));
        }

        if (state.Fleets.Parked.Any(parked => parked.Trouble?.Provider == provider))
        {
            effects.Add(new Raise(new OutageOver(provider) { At = state.Now }));
        }
    }

    public static void Noted(KernelState state, TroubleNoted noted)
    {
        if (state.Fleets.TryUnit(noted.Process, out var unit) && unit.IsLive)
        {
            unit.Trouble = noted.Trouble;
            unit.Tries = noted.Trouble is null ? 0 : unit.Tries;
        }
    }

    public static void OutageOver(KernelState state, OutageOver over, List<Effect> effects)
    {
        foreach (var unit in state.Fleets.Parked.Where(unit => unit.Trouble?.Provider == over.Provider).ToArray())
        {
            // By its timer, so that the host's bucket of restarts holds for these too.
            UnitTimers.Arm(unit, state.Now, effects);
            unit.Reason = $"{over.Provider} is back";
        }
    }
}
