using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Conversations;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Supervision;

namespace Analemma.Kernel.Models;

/// <summary>
/// What an attempt comes to: an answer, another attempt, another model, or a refusal. However many attempts it took, a
/// call is billed with one UsageSettled, and answered once: after that, or before when its lease pays for it.
/// </summary>
internal static class ModelEnd
{
    public static void Ended(KernelState state, ModelCallEnded ended, List<Effect> effects)
    {
        // The last word of an attempt that is over, or of a kernel start before: said already.
        if (!state.Models.TryGet(ended.Call, out var call) || call.RunningTurn(ended.Attempt) is not { } turn)
        {
            return;
        }

        FreeSlot(state, call, turn, ended.Result);
        state.Fleets.Watchdogs.Burned(
            state, call.Process, call.Account.Runaway.TokensWithoutProgress, effects);
        Judge(state, turn, ended.Result.Failure);
        if (ModelHedging.Ended(state, call, turn, ended.Result, effects) is not { } result)
        {
            return;
        }

        if (result.Failure is { } failure)
        {
            Failed(state, call, failure, result.Delivered, effects);
            return;
        }

        if (ConversationTurns.Summarised(state, call, result, effects))
        {
            return;
        }

        call.Reply = Reply(state, call, result);
        call.Said = call.IsAbandoned || call.Turn is not { Input.IsCompaction: false } ? null : result.Kept;
        Finish(state, call, effects);
    }

    /// <summary>The model is left alone for a while: another one, or a refusal that says for how long.</summary>
    public static void TurnAway(KernelState state, ModelCall call, List<Effect> effects)
    {
        var wait = (call.Gate.Breaker.OpenUntil - state.Now) / TimeSpan.TicksPerMillisecond;
        var error = new SysError(
            SysErrorCode.ModelFailed,
            $"{call.Gate.Entry.Name} of {call.Provider} failed again and again, and is left alone for now",
            "try again after the wait, or ask another model")
        {
            RetryAfterMs = Math.Max(1, wait),
        };
        FallBack(state, call, error, effects);
    }

    /// <summary>Ends a call that is in no queue and has no attempt under way.</summary>
    public static void Fail(KernelState state, ModelCall call, SysError error, List<Effect> effects)
    {
        state.Models.Budgets.Telling.Refused(state, error, effects);
        call.Error = error;
        Finish(state, call, effects);
    }

    /// <summary>Settles what was used; when nothing was, or a lease stands for it, the call is over at once.</summary>
    public static void Finish(KernelState state, ModelCall call, List<Effect> effects)
    {
        call.State = ModelCallState.Settling;
        ModelDispatch.DisarmQueueTimer(call, effects);
        if (call.Used.Tokens == 0 && call.Said is null)
        {
            Complete(state, call, effects);
            return;
        }

        var isPaid = Leasing.TryAnswer(state, call, effects);
        UsageSettled settled = new(
            call.Id,
            call.Process,
            call.Account.Group.Name,
            call.Gate.Lane.Options.Name,
            call.Gate.Entry.Name,
            call.Used with { Calls = 1 })
        {
            At = state.Now,
            Conversation = call.Said is null ? null : call.Turn!.Conversation,
            Said = call.Said,
        };
        effects.Add(new Raise(settled) { MayWait = isPaid });
        if (isPaid)
        {
            Complete(state, call, effects);
        }
    }

    public static void Settled(KernelState state, CallId id, List<Effect> effects)
    {
        if (state.Models.TryGet(id, out var call) && call.State is ModelCallState.Settling)
        {
            Complete(state, call, effects);
        }
    }

    private static void Complete(KernelState state, ModelCall call, List<Effect> effects)
    {
        state.Models.Budgets.Release(call.Hold);
        state.Models.Remove(call);
        ConversationTurns.Over(state, call, effects);
        Troubles.Ended(state, call, effects);
        if (call.IsAbandoned)
        {
            return;
        }

        if (call.Reply is not null)
        {
            call.Account.Meter.Answer(state.Now - call.ArrivedAt);
        }

        effects.Add(call switch
        {
            { Error: { } error } => new Refuse(call.Id, error),
            { Turn.IsAll: true } => new Answer(call.Id, ConversationTurns.CompactReply(state, call)),
            _ => new AnswerModelCall(call.Id, call.Attempt, call.Reply!),
        });
    }

    private static void FreeSlot(KernelState state, ModelCall call, ModelTurn turn, ModelResult result)
    {
        var (lane, gate, account) = (turn.Gate.Lane, turn.Gate, call.Account);
        // Providers say so: with more than any model uses the books would overflow, with less than 0 shrink.
        var input = Math.Clamp(result.InputTokens, 0, TokenBucket.AmountMax);
        var output = Math.Clamp(result.OutputTokens, 0, TokenBucket.AmountMax);
        var used = input + output;
        turn.IsRunning = false;
        lane.Running--;
        var service = state.Options.Models.Queue.Service(input, output);
        lane.Queue.Settle(turn, service);
        account.Meter.Serve(service);
        state.Models.ServiceTotal += service;
        lane.Limits.Settle(turn.RateTokens, used, state.Now);
        gate.Settle(turn.RateTokens, used, state.Now);
        account.Limits.Settle(turn.RateTokens, used, state.Now);
        account.Runaway.TokensWithoutProgress += used;
        call.Used = call.Used.Plus(new Spend(0, input, output, gate.Entry.Price(input, output)));
        state.Models.Mark(lane);
    }

    private static void Judge(KernelState state, ModelTurn turn, ModelFailure? failure)
    {
        if (failure is null)
        {
            turn.Gate.Lane.Ran(state.Now - turn.StartedAt);
            turn.Gate.Breaker.Succeeded();
        }
        else if (RetryDecision.IsUnhealthy(failure.Kind))
        {
            turn.Gate.Breaker.Failed(state.Now);
        }
        else
        {
            turn.Gate.Breaker.Undecided();
        }

        if (failure is { Kind: ModelFailureKind.RateLimited, RetryAfterMs: > 0 and { } wait })
        {
            var heeded = Math.Min(wait, state.Options.Models.Retry.RetryAfterMsMax);
            turn.Gate.HoldUntil(state.Now + (heeded * TimeSpan.TicksPerMillisecond));
        }
    }

    private static void Failed(
        KernelState state, ModelCall call, ModelFailure failure, bool delivered, List<Effect> effects)
    {
        var error = ErrorOf(call, failure, delivered);
        if (call.IsAbandoned || state.Now >= call.Deadline)
        {
            Fail(state, call, TooLate(call, error), effects);
            return;
        }

        if (failure.Kind is ModelFailureKind.Invalid)
        {
            ModelRepair.Invalid(state, call, failure, delivered, error, effects);
            return;
        }

        var options = state.Options.Models.Retry;
        var (next, delay) =
            RetryDecision.After(failure, delivered, call.AttemptsOnModel, options, state.Models.Random);
        if (next is AfterFailure.Fail)
        {
            Fail(state, call, error, effects);
        }
        else if (next is AfterFailure.Fallback || delay >= call.Deadline - state.Now)
        {
            FallBack(state, call, error, effects);
        }
        else if (state.Models.Budgets.TryReplace(state, call.Hold, call.Most) is { } refused)
        {
            Fail(state, call, refused, effects);
        }
        else
        {
            call.State = ModelCallState.BackingOff;
            effects.Add(new ArmTimer(new TimerName(TimerKind.ModelRetry, call.Id.Value), state.Now + delay));
        }
    }

    private static void FallBack(KernelState state, ModelCall call, SysError error, List<Effect> effects)
    {
        // Vectors of two models cannot be compared.
        var chain = call.Embed is null ? call.Asked.Entry.Fallback : [];
        while (call.Fallbacks < chain.Count)
        {
            var gate = state.Models.Gate(chain[call.Fallbacks++]);
            if (!gate.Breaker.Allows(state.Now) || !MayAsk(state, call, gate))
            {
                continue;
            }

            call.Gate = gate;
            call.AttemptsOnModel = 0;
            call.OutputMax = Math.Min(call.OutputMax, gate.Entry.OutputTokensMax);
            if (state.Models.Budgets.TryReplace(state, call.Hold, call.Most) is { } refused)
            {
                Fail(state, call, refused, effects);
            }
            else
            {
                ModelAdmission.Enqueue(state, call, first: true);
            }

            return;
        }

        Fail(state, call, error, effects);
    }

    /// <summary>Whether another model than the one that was asked for may be asked.</summary>
    internal static bool MayAsk(KernelState state, ModelCall call, ModelGate gate)
    {
        state.Processes.TryGet(call.Process, out var caller);
        return call.Input.Likely <= gate.Entry.ContextTokens
            && Policy.Rights.MayThink(state, caller, gate.Entry.Name, null) is null;
    }

    private static SysError TooLate(ModelCall call, SysError error) => call.IsAbandoned
        ? error
        : new SysError(SysErrorCode.TimedOut, $"timeout_ms has passed; last: {error.Message}");

    private static SysError ErrorOf(ModelCall call, ModelFailure failure, bool delivered)
    {
        var code = failure.Kind switch
        {
            ModelFailureKind.NotConfigured => SysErrorCode.NotConfigured,
            ModelFailureKind.Cancelled => SysErrorCode.Cancelled,
            ModelFailureKind.TooLarge => SysErrorCode.TooLarge,
            ModelFailureKind.Invalid => SysErrorCode.AnswerInvalid,
            _ => SysErrorCode.ModelFailed,
        };
        var cut = delivered && failure.Kind is not ModelFailureKind.Invalid ? "the stream broke: " : "";
        var tries = call.Attempts == 1 ? "" : $" (attempt {call.Attempts})";
        var message = failure.Kind is ModelFailureKind.NotConfigured
            ? failure.Message
            : $"{call.Gate.Entry.Name} of {call.Gate.Lane.Options.Name}: {cut}{failure.Message}{tries}";
        return new SysError(code, message, failure.Hint)
        {
            RetryAfterMs = failure.RetryAfterMs,
            Reason = failure.Reason,
            Flaws = failure.Flaws is { Count: > 0 } flaws ? flaws : null,
        };
    }

    private static ThinkReply Reply(KernelState state, ModelCall call, ModelResult result) =>
        new("", call.Gate.Entry.Name, call.Used.Tokens)
        {
            Provider = call.Gate.Lane.Options.Name,
            Simulated = call.Gate.Lane.Options.Simulated,
            FinishReason = result.FinishReason,
            Usage = new ModelUsage
            {
                InputTokens = call.Used.InputTokens,
                OutputTokens = call.Used.OutputTokens,
                Microdollars = call.Used.Microdollars,
            },
            Attempts = call.Attempts,
            Hedged = call.IsHedged ? true : null,
            Repairs = call.Repairs > 0 ? call.Repairs : null,
            QueuedMs = call.QueuedTicks / TimeSpan.TicksPerMillisecond,
            RanMs = (state.Now - call.StartedAt) / TimeSpan.TicksPerMillisecond,
        };
}
