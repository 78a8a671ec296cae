using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Conversations;
using Analemma.Kernel.Models;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Syscalls;

/// <summary>THINK: finds out who asks, and hands the call to the model scheduler.</summary>
internal static class ThinkSyscall
{
    public static void Handle(SyscallContext call, Think request)
    {
        if (!MayThink(call, out var caller))
        {
            return;
        }

        if (request.Conversation is not { } id)
        {
            ModelAdmission.Arrive(call, caller, request, null);
        }
        else if (ConversationSyscalls.TryFind(call, id, out var conversation))
        {
            if (Problem(call.State, conversation, request) is { } problem)
            {
                call.Refuse(problem);
                return;
            }

            request = ConversationTurns.WithPlan(conversation, request);
            var turn = ConversationTurns.Before(
                call.State, conversation, TokenEstimate.Of(request).Plus(conversation.Estimate))
                ?? ConversationTurns.Question(call.State, conversation, request);
            ModelAdmission.Arrive(call, caller, request, turn);
        }
    }

    /// <summary>CONVERSATIONCOMPACT: a model call whose answer is the summary. Nobody is at work on it.</summary>
    public static void Compact(SyscallContext call, Conversation conversation, ConversationCompact compact)
    {
        if (!MayThink(call, out var caller))
        {
            return;
        }

        var rule = conversation.Plan.Compaction;
        var turn = ConversationTurns.Compaction(
            call.State,
            conversation,
            compact.KeepMessages ?? rule?.KeepMessages,
            compact.SummaryTokens ?? rule?.SummaryTokens);
        if (turn is null)
        {
            call.Answer(new ConversationCompactReply(conversation.View(isBusy: false)));
            return;
        }

        var request = new Think
        {
            Conversation = conversation.Id,
            Model = conversation.Plan.Model,
            Budget = compact.Budget,
            TimeoutMs = compact.TimeoutMs,
        };
        ModelAdmission.Arrive(call, caller, request, turn with { IsAll = true });
    }

    internal static bool MayThink(SyscallContext call, out Process? caller)
    {
        caller = null;
        var state = call.State;
        if (state.ShuttingDown)
        {
            call.Refuse(new SysError(SysErrorCode.ShuttingDown, "the kernel is stopping and asks no model any more"));
            return false;
        }

        if (!call.Caller.IsHost && (!state.Processes.TryGet(call.Caller.Process, out caller)
            || !caller.IsAlive || caller.StopCause is not null))
        {
            call.Refuse(new SysError(SysErrorCode.WrongState, "a process that is ending cannot think"));
            return false;
        }

        return true;
    }

    private static SysError? Problem(KernelState state, Conversation conversation, Think request)
    {
        var said = request.Messages?.Count ?? (string.IsNullOrEmpty(request.Prompt) ? 0 : 1);
        return ConversationSyscalls.Busy(state, conversation)
            ?? ConversationRoom.Full(state, conversation, said + 1)
            ?? (said == 0 && conversation.Messages.Count == 0
                ? SysError.InvalidArgument(
                    $"conversation {conversation.Id} is empty, and so is the question",
                    "give prompt or messages, or append some")
                : null);
    }
}
