using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Models;

// HEDGING
//
//   Running ──► the delay passes ──► Running twice ──► first good answer: the other is taken back
//                                                 └──► both failed: as if there had been no second
//
// "The Tail at Scale" (Dean and Barroso, 2013), and the hedging of gRPC. A call whose attempt is slow gets a second at
// the next model of the fallback chain that has room, or at the same. It waits for nothing: unless a slot is idle,
// nobody waits for it, no limit holds it back, its budget is there and the share of hedges is not used up, the call has
// none. So it takes no turn from anybody, and what it costs is reserved before it begins.
//
// The first that shows the caller anything has the call: a piece of a stream (ModelAnswerBegan), or a good end. That is
// settled where the pieces flow, at the runner (see StartModelCall.MayHedge); here it is heard of, and the other taken
// back. The call is over when both attempts are: it is billed once, for what both used, and answered once. A hedge
// that fails changes nothing, unless the caller has seen part of its answer.
internal static class ModelHedging
{
    /// <summary>An attempt of the call starts: from now on it may be slow.</summary>
    public static void Started(KernelState state, ModelCall call, long dueAt, List<Effect> effects)
    {
        if (call.Hedging is not { } meter)
        {
            return;
        }

        meter.Started();
        var delay = meter.Options.DelayMs is { } ms ? ms * TimeSpan.TicksPerMillisecond : Times(call, call).Slow;
        if (delay is { } wait && wait < dueAt - state.Now)
        {
            call.HedgeAt = state.Now + wait;
            effects.Add(new ArmTimer(new TimerName(TimerKind.ModelHedge, call.Id.Value), call.HedgeAt));
        }
    }

    /// <summary>The attempt has taken as long as it may alone.</summary>
    public static void Due(KernelState state, ModelHedgeDue due, List<Effect> effects)
    {
        if (!state.Models.TryGet(due.Call, out var call) || call.HedgeAt == 0 || call.HedgeAt > state.Now)
        {
            return;
        }

        call.HedgeAt = 0;
        if (!call.Hedging!.MayHedge || Room(state, call) is not { } hedge)
        {
            call.Hedging.HeldBack();
            return;
        }

        call.Hedge = hedge;
        call.Hedging.Hedged();
        ModelAdmission.Put(state, call, hedge, first: true);
        ModelDispatch.Begin(state, call, hedge, call.Input.Likely + hedge.OutputMax, effects);
    }

    /// <summary>A caller is sent the first piece of an attempt's answer, and will be sent no other's.</summary>
    public static void Began(KernelState state, ModelAnswerBegan began, List<Effect> effects)
    {
        if (!state.Models.TryGet(began.Call, out var call) || call.RunningTurn(began.Attempt) is not { } turn)
        {
            return;
        }

        Times(call, turn).Add(state.Now - turn.StartedAt);
        StopTimer(call, effects);
        if (Other(call, turn) is { } other)
        {
            Lose(state, call, other, effects);
        }
    }

    /// <summary>
    /// An attempt is over: what the call comes to by that, or null while another is under way.
    /// </summary>
    public static ModelResult? Ended(
        KernelState state, ModelCall call, ModelTurn turn, ModelResult result, List<Effect> effects)
    {
        if (call.Hedging is null)
        {
            return result;
        }

        StopTimer(call, effects);
        if (result.Failure is null && call.Request.Stream != true)
        {
            Times(call, turn).Add(state.Now - turn.StartedAt);
        }

        if (call.Verdict is null && (result.Failure is null || result.Delivered))
        {
            (call.Verdict, call.VerdictOf) = (result, turn);
        }
        else if (turn == call)
        {
            call.OwnFailure = result;
        }

        var other = Other(call, turn);
        call.Hedge = other as ModelHedge;
        if (other is not null)
        {
            if (call.Verdict is not null)
            {
                Lose(state, call, other, effects);
            }

            return null;
        }

        return Decide(call);
    }

    /// <summary>Nobody wants an answer any more.</summary>
    public static void TakeBackAll(ModelCall call, List<Effect> effects)
    {
        StopTimer(call, effects);
        TakeBack(call, call, effects);
        if (call.Hedge is { } hedge)
        {
            TakeBack(call, hedge, effects);
        }
    }

    private static ModelResult Decide(ModelCall call)
    {
        var verdict = call.Verdict ?? call.OwnFailure!;
        if (call.VerdictOf is ModelHedge hedge)
        {
            call.IsHedged = verdict.Failure is null;
            call.Hedging!.Decided(call.IsHedged);
            // A summary alone is no answer: the question goes to the model that was asked for.
            if (call.Turn is not { Input.IsCompaction: true })
            {
                call.Gate = hedge.Gate;
                (call.Attempt, call.StartedAt, call.OutputMax) = (hedge.Attempt, hedge.StartedAt, hedge.OutputMax);
            }
        }

        (call.Verdict, call.VerdictOf, call.OwnFailure) = (null, null, null);
        return verdict;
    }

    private static ModelTurn? Other(ModelCall call, ModelTurn turn) =>
        turn == call ? call.Hedge : call.IsRunning ? call : null;

    /// <summary>It took so long at least: left out, only what is quick would be known of the model.</summary>
    private static void Lose(KernelState state, ModelCall call, ModelTurn turn, List<Effect> effects)
    {
        if (!turn.IsTakenBack)
        {
            Times(call, turn).Add(state.Now - turn.StartedAt);
            TakeBack(call, turn, effects);
        }
    }

    private static void TakeBack(ModelCall call, ModelTurn turn, List<Effect> effects)
    {
        if (turn is { IsRunning: true, IsTakenBack: false })
        {
            turn.IsTakenBack = true;
            effects.Add(new CancelModelCall(call.Id, turn.Attempt));
        }
    }

    private static void StopTimer(ModelCall call, List<Effect> effects)
    {
        if (call.HedgeAt > 0)
        {
            call.HedgeAt = 0;
            effects.Add(new DisarmTimer(new TimerName(TimerKind.ModelHedge, call.Id.Value)));
        }
    }

    private static AttemptTimes Times(ModelCall call, ModelTurn turn) =>
        call.Request.Stream == true ? turn.Gate.FirstPieces : turn.Gate.Answers;

    /// <summary>Where a hedge may go now, its cost reserved; null when there is no such place.</summary>
    private static ModelHedge? Room(KernelState state, ModelCall call)
    {
        // Vectors of two models cannot be compared.
        var chain = call.Embed is null ? call.Asked.Entry.Fallback.Skip(call.Fallbacks) : [];
        foreach (var gate in chain.Select(state.Models.Gate).Where(gate => ModelEnd.MayAsk(state, call, gate))
            .Append(call.Gate))
        {
            ModelHedge hedge = new(gate, Math.Min(call.OutputMax, gate.Entry.OutputTokensMax));
            var most = call.Most.Plus(call.MostAt(gate, hedge.OutputMax));
            if (IsFree(state, call, hedge) && state.Models.Budgets.TryReplace(state, call.Hold, most) is null)
            {
                return hedge;
            }
        }

        return null;
    }

    private static bool IsFree(KernelState state, ModelCall call, ModelHedge hedge)
    {
        var (gate, lane, now) = (hedge.Gate, hedge.Gate.Lane, state.Now);
        var tokens = call.Input.Likely + hedge.OutputMax;
        return gate.Breaker.OpenUntil == 0 && lane.Running < lane.Options.Slots && lane.Queue.Count == 0
            && lane.Limits.ReadyAt(tokens, now) <= now && gate.ReadyAt(tokens, now) <= now
            && call.Account.Limits.ReadyAt(tokens, now) <= now;
    }
}
