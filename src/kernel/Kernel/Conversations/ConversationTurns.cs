using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Models;

namespace Analemma.Kernel.Conversations;

// A CALL IN A CONVERSATION
//
//   THINK ──► [compaction: a summary of the older part] ──► question ──► usage.settled, with what was said
//
// Both are attempts of one model call: one place in the queue, one bill, one answer. The summary is part of the
// conversation as soon as it is journaled, also when the question then fails; what was said is part of it only with the
// answer. Bodies are on disk before the event that names them.
internal static class ConversationTurns
{
    /// <summary>Words around a summary, in tokens at most.</summary>
    private const int SummaryOverhead = 512;

    /// <summary>The call as the conversation was opened for it.</summary>
    public static Think WithPlan(Conversation conversation, Think request) => request with
    {
        Model = request.Model ?? conversation.Plan.Model,
        MaxTokens = request.MaxTokens ?? conversation.Plan.MaxTokens,
    };

    /// <summary>The question, with all that was said before.</summary>
    public static ConversationTurn Question(KernelState state, Conversation conversation, Think request)
    {
        var said = request.Messages?.Count ?? (string.IsNullOrEmpty(request.Prompt) ? 0 : 1);
        var bodies = said + 1;
        return new ConversationTurn(
            conversation.Id,
            new ConversationInput(
                conversation.Id,
                conversation.Plan.Settings,
                [.. conversation.Messages],
                state.ConversationWork.TakeBodies(state.Boot, bodies),
                IsCompaction: false),
            conversation.Estimate)
        {
            Bodies = bodies,
        };
    }

    /// <summary>The compaction that comes before the question; null when none is wanted, or none would help.</summary>
    public static ConversationTurn? Before(KernelState state, Conversation conversation, TokenEstimate input) =>
        conversation.Plan.Compaction is { } rule && input.Likely >= rule.AtTokens
            ? Compaction(state, conversation, rule.KeepMessages, rule.SummaryTokens) : null;

    /// <summary>Null when there is too little to summarise.</summary>
    public static ConversationTurn? Compaction(
        KernelState state, Conversation conversation, int? keepMessages, long? summaryTokens)
    {
        var messages = conversation.Messages;
        var cut = messages.Count - (keepMessages ?? Limits.CompactionKeepDefault);
        // A tool's result stays with the call that it answers.
        while (cut > 0 && messages[cut].Role is ChatRole.Tool)
        {
            cut--;
        }

        if (cut < 2)
        {
            return null;
        }

        var older = messages[..cut];
        return new ConversationTurn(
            conversation.Id,
            new ConversationInput(
                conversation.Id,
                null,
                older,
                state.ConversationWork.TakeBodies(state.Boot, 1),
                IsCompaction: true),
            TokenEstimate.Sum(older).Plus(new TokenEstimate(SummaryOverhead, SummaryOverhead * 4)))
        {
            Bodies = 1,
            Replaced = cut,
            SummaryTokens = summaryTokens ?? Limits.SummaryTokensDefault,
        };
    }

    /// <summary>An attempt of a compaction went well: true when the call goes on by that.</summary>
    public static bool Summarised(KernelState state, ModelCall call, ModelResult result, List<Effect> effects)
    {
        if (call.Turn is not { Input.IsCompaction: true } turn || call.IsAbandoned)
        {
            return false;
        }

        Invariant.Holds(result.Kept.Count == 1, "a runner keeps the summary before it says that all went well");

        call.State = ModelCallState.Compacting;
        effects.Add(new Raise(
            new ConversationCompacted(call.Id, turn.Conversation, turn.Replaced, result.Kept[0]) { At = state.Now }));
        return true;
    }

    /// <summary>The summary is in the journal: now the question, if there is one.</summary>
    public static void Compacted(KernelState state, ConversationCompacted compacted, List<Effect> effects)
    {
        if (!state.Models.TryGet(compacted.Call, out var call) || call.State is not ModelCallState.Compacting)
        {
            return;
        }

        if (call.IsAbandoned || !state.Conversations.TryGet(compacted.Conversation, out var conversation))
        {
            ModelEnd.Fail(state, call, SysError.NoSuchConversation(compacted.Conversation), effects);
            return;
        }

        if (call.Turn!.IsAll)
        {
            ModelEnd.Finish(state, call, effects);
            return;
        }

        call.Turn = Question(state, conversation, call.Request);
        call.Input = call.Question = TokenEstimate.Of(call.Request).Plus(call.Turn.Estimate);
        call.OutputMax = Math.Min(
            call.Request.MaxTokens ?? call.Gate.Entry.OutputTokens, call.Gate.Entry.OutputTokensMax);
        call.AttemptsOnModel = 0;
        if ((ModelAdmission.Size(call.Gate.Entry, call.Input, call.OutputMax)
            ?? state.Models.Budgets.TryReplace(state, call.Hold, call.Most)) is { } refused)
        {
            ModelEnd.Fail(state, call, refused, effects);
            return;
        }

        ModelAdmission.Enqueue(state, call, first: true);
    }

    /// <summary>A call is over: others may speak, and what is not kept for good is not kept at all.</summary>
    public static void Over(KernelState state, ModelCall call, List<Effect> effects)
    {
        if (call.Turn is not { } turn)
        {
            return;
        }

        state.ConversationWork.Release(turn.Conversation, call.Id);
        List<long> unused = [.. Enumerable.Range(0, call.Attempts > 0 ? turn.Bodies : 0)
            .Select(i => turn.Input.FirstBody + i).Where(body => !state.Conversations.IsUsed(body))];
        if (unused.Count > 0)
        {
            effects.Add(new DropBodies(unused));
        }
    }

    public static ConversationCompactReply CompactReply(KernelState state, ModelCall call)
    {
        state.Conversations.TryGet(call.Turn!.Conversation, out var conversation);
        return new ConversationCompactReply(
            conversation?.View(isBusy: false) ?? new ConversationView(call.Turn.Conversation))
        {
            Replaced = call.Turn.Replaced,
            Usage = new ModelUsage
            {
                InputTokens = call.Used.InputTokens,
                OutputTokens = call.Used.OutputTokens,
                Microdollars = call.Used.Microdollars,
            },
        };
    }
}
