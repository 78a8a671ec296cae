using Analemma.Kernel.Budgets;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Models;

/// <summary>Gives out turns: while there are slots, to whom the fair queue names and no limit holds back.</summary>
internal static class ModelDispatch
{
    public static void GiveTurns(KernelState state, ProviderLane lane, List<Effect> effects)
    {
        lane.UnparkDue(state.Now);
        var wake = long.MaxValue;
        while (lane.Running < lane.Options.Slots && lane.Queue.Peek() is ModelCall call)
        {
            if (!call.Gate.Breaker.Allows(state.Now))
            {
                lane.Queue.Remove(call);
                ModelEnd.TurnAway(state, call, effects);
                continue;
            }

            var tokens = call.Input.Likely + call.OutputMax;
            var laneReady = lane.Limits.ReadyAt(tokens, state.Now);
            if (laneReady > state.Now)
            {
                wake = laneReady;
                break;
            }

            var ready = Math.Max(
                call.Gate.ReadyAt(tokens, state.Now), call.Account.Limits.ReadyAt(tokens, state.Now));
            if (ready > state.Now)
            {
                lane.Park(call.Leaf!, ready);
                continue;
            }

            Start(state, call, tokens, effects);
        }

        if (lane.Running < lane.Options.Slots)
        {
            ArmWake(lane, Math.Min(wake, lane.NextUnpark), effects);
        }
    }

    public static void Woken(KernelState state, long index)
    {
        // The timer may be of a kernel start with other providers.
        if (index < state.Models.Lanes.Count)
        {
            var lane = state.Models.Lanes[(int)index];
            lane.WakeAt = 0;
            state.Models.Mark(lane);
        }
    }

    public static void RetryDue(KernelState state, ModelRetryDue due)
    {
        if (state.Models.TryGet(due.Call, out var call) && call.State is ModelCallState.BackingOff)
        {
            ModelAdmission.Enqueue(state, call, first: true);
        }
    }

    /// <summary>A call that did not get its turn at once may wait only so long.</summary>
    public static void ArmQueueTimer(KernelState state, ModelCall call, List<Effect> effects)
    {
        var due = call.State switch
        {
            ModelCallState.Held => call.Deadline,
            ModelCallState.Queued => Math.Min(
                call.Deadline, call.QueuedAt + state.Options.Models.Queue.TimeoutTicks),
            _ => long.MaxValue,
        };
        if (due < long.MaxValue)
        {
            call.HasTimer = true;
            effects.Add(new ArmTimer(new TimerName(TimerKind.ModelQueue, call.Id.Value), due));
        }
    }

    public static void DisarmQueueTimer(ModelCall call, List<Effect> effects)
    {
        if (call.HasTimer)
        {
            call.HasTimer = false;
            effects.Add(new DisarmTimer(new TimerName(TimerKind.ModelQueue, call.Id.Value)));
        }
    }

    private static void Start(
        KernelState state, ModelCall call, long tokens, List<Effect> effects)
    {
        var now = state.Now;
        call.State = ModelCallState.Running;
        call.QueuedTicks += now - call.QueuedAt;
        call.AttemptsOnModel++;
        if (call.Attempts == 0)
        {
            call.Account.Meter.Turn(now - call.ArrivedAt);
        }

        DisarmQueueTimer(call, effects);
        ModelHedging.Started(state, call, Begin(state, call, call, tokens, effects), effects);
        Leasing.Started(state, call, effects);
    }

    /// <summary>Begins an attempt: it gets a slot, and what limits it is charged. When it must be over.</summary>
    internal static long Begin(
        KernelState state, ModelCall call, ModelTurn turn, long tokens, List<Effect> effects)
    {
        var (now, gate, lane) = (state.Now, turn.Gate, turn.Gate.Lane);
        var dueAt = Math.Min(call.Deadline, now + (lane.Options.AttemptMs * TimeSpan.TicksPerMillisecond));
        lane.Queue.Admit(turn);
        lane.Running++;
        lane.Limits.Take(tokens, now);
        gate.Take(tokens, now);
        call.Account.Limits.Take(tokens, now);
        gate.Breaker.Started();
        (turn.RateTokens, turn.StartedAt, turn.Attempt) = (tokens, now, ++call.Attempts);
        (turn.IsRunning, turn.IsTakenBack) = (true, false);
        effects.Add(new StartModelCall(call.Id, turn.Attempt, lane.Options.Name, gate.Entry.Name, call.Request)
        {
            Process = call.Process,
            Agent = call.Account.Name,
            WaitTicks = turn.Attempt == 1 ? now - call.ArrivedAt : null,
            ProviderModel = gate.Entry.ProviderModel ?? gate.Entry.Name,
            OutputTokensMax = turn.OutputMax,
            Repair = call.Flaws,
            RepairOf = call.Flawed,
            MayHedge = call.Hedging is not null,
            IsHedge = turn != call,
            Turn = call.Turn?.Input,
            Embed = call.Embed,
            InputTokens = call.Input.Likely,
            DueAt = dueAt,
        });
        return dueAt;
    }

    private static void ArmWake(ProviderLane lane, long at, List<Effect> effects)
    {
        if (at < long.MaxValue && (lane.WakeAt == 0 || at < lane.WakeAt))
        {
            lane.WakeAt = at;
            effects.Add(new ArmTimer(new TimerName(TimerKind.ModelWake, lane.Index), at));
        }
    }
}
