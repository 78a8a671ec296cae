using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Conversations;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Supervision;
using Analemma.Kernel.Syscalls;

namespace Analemma.Kernel.Models;

/// <summary>A call's way into the queue: model, size, room, sense and budget, in this order; or its refusal.</summary>
internal static class ModelAdmission
{
    public static void Arrive(
        SyscallContext context, Process? caller, Think request, ConversationTurn? turn, Embed? embed = null)
    {
        var (state, models) = (context.State, context.State.Models);
        if (!models.TryGate(request.Model, out var gate))
        {
            context.Refuse(UnknownModel.Refusal(state.Options.Models, request.Model!));
            return;
        }

        if (Policy.Rights.MayThink(state, caller, gate.Entry.Name, request.Model) is { } forbidden)
        {
            context.Deny($"{(embed is null ? "THINK" : "EMBED")} {request.Model ?? gate.Entry.Name}", forbidden);
            return;
        }

        var compaction = turn is { Input.IsCompaction: true } ? turn : null;
        var input = compaction?.Estimate
            ?? TokenEstimate.Of(request).Plus(turn?.Estimate ?? default);
        var output = compaction is not null
            ? Math.Min(compaction.SummaryTokens, gate.Entry.OutputTokensMax)
            : request.MaxTokens ?? gate.Entry.OutputTokens;
        var account = models.Account(state, caller);
        var longest = embed is null ? input : EmbedSyscall.Longest(embed);
        var refused = Size(gate.Entry, longest, output) ?? Room(state, gate.Lane, account);
        if (refused is not null)
        {
            account.Meter.Refuse();
            context.Refuse(refused);
            return;
        }

        if (caller is not null && account.Runaway.Check(RequestHash.Of(request, turn), state.Now) is { } stopped)
        {
            account.Meter.Refuse();
            context.Refuse(stopped);
            Troubles.Refused(state, caller.Id, gate.Lane.Options.Name, stopped, context.Effects);
            if (state.Options.Models.Runaway.Pauses)
            {
                AgentHalt.Raise(state, caller, stopped.Message, context.Effects);
            }

            return;
        }

        var deadline = request.TimeoutMs is { } timeout
            ? state.Now + (timeout * TimeSpan.TicksPerMillisecond)
            : long.MaxValue;
        var family = state.Processes.Family(caller);
        var hold = new BudgetHold(family, account.Group.Name, Smaller(state.Options.Models, request));
        var call = new ModelCall(context.Call, caller?.Id ?? ProcessId.None, request, account, gate, hold)
        {
            Input = input,
            Question = input,
            Turn = turn,
            Embed = embed,
            OutputMax = output,
            Hedging = models.HedgesOf(request.Model, gate),
            ArrivedAt = state.Now,
            Deadline = deadline,
        };
        models.Add(call);
        if (turn is not null)
        {
            state.ConversationWork.Hold(turn.Conversation, call.Id);
        }

        Reserve(state, call, caller, context.Effects);
    }

    /// <summary>The owner let an agent go on: what was held for want of budget goes on, or is refused.</summary>
    public static void Resumed(KernelState state, ProcessId process, List<Effect> effects)
    {
        foreach (var call in state.Models.Of(process).Where(call => call.State is ModelCallState.Held))
        {
            if (state.Models.Budgets.TryReserve(state, call.Hold, call.Most) is { } refused)
            {
                ModelEnd.Fail(state, call, refused, effects);
            }
            else
            {
                Enqueue(state, call, first: false);
            }
        }
    }

    /// <summary>Puts a call, its budget reserved, in the queue of its model's provider.</summary>
    public static void Enqueue(KernelState state, ModelCall call, bool first)
    {
        call.State = ModelCallState.Queued;
        call.QueuedAt = state.Now;
        Put(state, call, call, first);
        state.Models.Fresh.Add(call);
        state.Models.Mark(call.Gate.Lane);
    }

    /// <summary>The place in the queue alone.</summary>
    public static void Put(KernelState state, ModelCall call, ModelTurn turn, bool first)
    {
        var (queue, account) = (turn.Gate.Lane.Queue, call.Account);
        var leaf = queue.Leaf(account.Priority, account.Group, account.Share, turn.Gate.Entry.Name);
        var service = state.Options.Models.Queue.Service(call.Input.Likely, turn.OutputMax);
        queue.Enqueue(turn, leaf, service, first);
    }

    private static void Reserve(KernelState state, ModelCall call, Process? caller, List<Effect> effects)
    {
        if (state.Models.Budgets.TryReserve(state, call.Hold, call.Most) is not { } refused)
        {
            Enqueue(state, call, first: false);
            return;
        }

        state.Models.Budgets.Telling.Refused(state, refused, effects);
        var isHeld = state.Models.Of(call.Process).Any(other => other != call && other.State is ModelCallState.Held);
        if (state.Options.Models.PauseWhenExhausted && refused.Budget?.Scope != "call" && caller is not null
            && (isHeld || AgentHalt.Raise(state, caller, refused.Message, effects)))
        {
            call.State = ModelCallState.Held;
            state.Models.Fresh.Add(call);
            return;
        }

        call.Account.Meter.Refuse();
        ModelEnd.Fail(state, call, refused, effects);
    }

    internal static SysError? Size(ModelEntry entry, TokenEstimate input, long output)
    {
        if (input.Likely > entry.ContextTokens)
        {
            return new SysError(
                SysErrorCode.TooLarge,
                $"the request has about {input.Likely} tokens; {entry.Name} reads at most {entry.ContextTokens}",
                "shorten it, or ask a model with a larger window");
        }

        return output > entry.OutputTokensMax
            ? SysError.InvalidArgument(
                $"max_tokens is {output}; {entry.Name} writes at most {entry.OutputTokensMax}", "ask for less")
            : null;
    }

    private static SysError? Room(KernelState state, ProviderLane lane, AgentAccount account)
    {
        var queue = state.Options.Models.Queue;
        var full = state.Models.Calls.Count >= Limits.ModelCallsMax || lane.Queue.Count >= queue.WaitingMax
            ? $"{lane.Queue.Count} calls wait for {lane.Options.Name} already"
            : account.Calls >= queue.WaitingPerAgentMax
                ? $"the agent has {account.Calls} model calls in flight, which is the most"
                : null;
        return full is null ? null : new SysError(
            SysErrorCode.TryAgain, full, "have fewer calls in flight, and try again after the wait")
        {
            RetryAfterMs = lane.WaitMs,
        };
    }

    private static ModelBudget Smaller(ModelOptions options, Think request) => new()
    {
        Tokens = Least(options.CallBudget.Tokens, request.Budget?.Tokens),
        Microdollars = Least(options.CallBudget.Microdollars, request.Budget?.Microdollars),
    };

    private static long? Least(long? one, long? other) =>
        one is { } a && other is { } b ? Math.Min(a, b) : one ?? other;
}
