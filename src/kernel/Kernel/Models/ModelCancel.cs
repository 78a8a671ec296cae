using Analemma.Abi;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Models;

/// <summary>
/// Calls that nobody waits for any more. What waits leaves at once; what runs is taken back at the provider, and what
/// it used until then is settled like any other.
/// </summary>
internal static class ModelCancel
{
    /// <summary>The client took it back or has gone.</summary>
    public static void Cancelled(KernelState state, CallId id, List<Effect> effects)
    {
        if (state.Models.TryGet(id, out var call))
        {
            Abandon(state, call, effects);
        }
    }

    public static void ProcessEnded(KernelState state, Process process, List<Effect> effects)
    {
        foreach (var call in state.Models.Of(process.Id))
        {
            Abandon(state, call, effects);
        }

        state.Models.Gone(process);
    }

    public static void ShuttingDown(KernelState state, List<Effect> effects)
    {
        foreach (var call in state.Models.Calls.ToArray())
        {
            Refuse(state, call, new SysError(SysErrorCode.ShuttingDown, "the kernel is stopping"), effects);
        }
    }

    /// <summary>The conversation that calls are made in is no more.</summary>
    public static void ConversationGone(KernelState state, long conversation, List<Effect> effects)
    {
        foreach (var call in state.Models.Calls.Where(call => call.ConversationId == conversation).ToArray())
        {
            Refuse(state, call, SysError.NoSuchConversation(conversation), effects);
        }
    }

    public static void QueueElapsed(KernelState state, ModelQueueElapsed elapsed, List<Effect> effects)
    {
        if (!state.Models.TryGet(elapsed.Call, out var call)
            || call.State is not (ModelCallState.Queued or ModelCallState.Held))
        {
            return;
        }

        call.HasTimer = false;
        call.Account.Meter.Refuse();
        var waited = (state.Now - call.ArrivedAt) / TimeSpan.TicksPerMillisecond;
        Refuse(
            state,
            call,
            state.Now >= call.Deadline
                ? new SysError(SysErrorCode.TimedOut, $"timeout_ms has passed; the call had no turn in {waited} ms")
                : new SysError(
                    SysErrorCode.TryAgain,
                    $"the call had no turn in {waited} ms; {call.Gate.Lane.Queue.Count} wait for "
                    + call.Gate.Lane.Options.Name,
                    "have fewer calls in flight, and try again after the wait")
                {
                    RetryAfterMs = call.Gate.Lane.WaitMs,
                },
            effects);
    }

    private static void Refuse(KernelState state, ModelCall call, SysError error, List<Effect> effects)
    {
        if (!call.IsAbandoned)
        {
            effects.Add(new Refuse(call.Id, error));
            Abandon(state, call, effects);
        }
    }

    private static void Abandon(KernelState state, ModelCall call, List<Effect> effects)
    {
        if (call.IsAbandoned)
        {
            return;
        }

        call.IsAbandoned = true;
        switch (call.State)
        {
            case ModelCallState.Running:
                ModelHedging.TakeBackAll(call, effects);
                return;
            case ModelCallState.Settling or ModelCallState.Compacting:
                return;
            case ModelCallState.Queued:
                call.Gate.Lane.Queue.Remove(call);
                break;
            case ModelCallState.BackingOff:
                effects.Add(new DisarmTimer(new TimerName(TimerKind.ModelRetry, call.Id.Value)));
                break;
        }

        ModelEnd.Finish(state, call, effects);
    }
}
