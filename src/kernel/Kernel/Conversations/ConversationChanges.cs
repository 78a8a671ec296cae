using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Models;

namespace Analemma.Kernel.Conversations;

/// <summary>What the durable events do to conversations; and to who waits for them, if this kernel knows.</summary>
internal static class ConversationChanges
{
    public static void Apply(KernelState state, KernelEvent @event, List<Effect> effects)
    {
        switch (@event)
        {
            case ConversationOpened opened:
                Opened(state, opened, effects);
                break;
            case ConversationForked forked:
                Forked(state, forked, effects);
                break;
            case ConversationExtended extended:
                Extend(state, extended.Conversation, extended.Messages, effects);
                Answer(state, extended.Call, extended.Conversation, effects);
                break;
            case ConversationTruncated truncated:
                if (state.Conversations.TryGet(truncated.Conversation, out var shorter))
                {
                    Drop(state.Conversations.Truncate(shorter, truncated.Keep, state.Now), effects);
                }

                Answer(state, truncated.Call, truncated.Conversation, effects);
                break;
            case ConversationCompacted compacted:
                Compacted(state, compacted, effects);
                break;
            case ConversationClosed closed:
                Closed(state, closed, effects);
                break;
            case BodiesKept kept:
                ConversationStores.Kept(state, kept, effects);
                break;
            case BodiesNotKept failed:
                if (state.ConversationWork.End(failed.Call) is { IsAbandoned: false })
                {
                    effects.Add(new Refuse(failed.Call, failed.Error));
                }

                break;
            default:
                throw new KernelPanicException($"no handler for {@event.GetType().Name}");
        }
    }

    /// <summary>Messages whose bodies are kept become part of it; if it has gone meanwhile, so do they.</summary>
    public static void Extend(
        KernelState state, long id, IReadOnlyList<MessageRef> messages, List<Effect> effects)
    {
        if (state.Conversations.TryGet(id, out var conversation))
        {
            state.Conversations.Append(conversation, messages, state.Now);
        }
        else
        {
            Drop([.. messages.Select(message => message.Body)], effects);
        }
    }

    /// <summary>The record of an agent goes, and its conversations with it.</summary>
    public static void Forget(KernelState state, ProcessId owner, List<Effect> effects)
    {
        foreach (var conversation in state.Conversations.Of(owner).ToArray())
        {
            ModelCancel.ConversationGone(state, conversation.Id, effects);
            Drop(state.Conversations.Close(conversation), effects);
        }
    }

    public static void Cancelled(KernelState state, CallId call)
    {
        if (state.ConversationWork.TryGet(call, out var change))
        {
            change.IsAbandoned = true;
        }
    }

    private static void Opened(KernelState state, ConversationOpened opened, List<Effect> effects)
    {
        if (IsForgotten(state, opened.Owner))
        {
            var bodies = opened.Messages.Append(opened.Plan.Settings).OfType<MessageRef>();
            Drop([.. bodies.Select(each => each.Body)], effects);
            state.ConversationWork.End(opened.Call);
            return;
        }

        var made = state.Conversations.Open(opened.Owner, opened.Plan, opened.Messages, state.Now);
        Answer(state, opened.Call, made, effects);
    }

    /// <summary>It ended, and its record went, while its call was on the way: nobody waits for the answer.</summary>
    private static bool IsForgotten(KernelState state, ProcessId owner) =>
        owner != ProcessId.None && !state.Processes.TryGet(owner, out _);

    private static void Forked(KernelState state, ConversationForked forked, List<Effect> effects)
    {
        if (state.Conversations.TryGet(forked.From, out var from) && !IsForgotten(state, forked.Owner))
        {
            var fork = state.Conversations.Fork(from, forked.Owner, forked.Keep, forked.Name, state.Now);
            Answer(state, forked.Call, fork, effects);
        }
        else if (state.ConversationWork.End(forked.Call) is { IsAbandoned: false })
        {
            effects.Add(new Refuse(forked.Call, SysError.NoSuchConversation(forked.From)));
        }
    }

    private static void Compacted(KernelState state, ConversationCompacted compacted, List<Effect> effects)
    {
        if (state.Conversations.TryGet(compacted.Conversation, out var longer))
        {
            Drop(state.Conversations.Compact(longer, compacted.Replaced, compacted.Summary, state.Now), effects);
        }
        else
        {
            Drop([compacted.Summary.Body], effects);
        }

        ConversationTurns.Compacted(state, compacted, effects);
    }

    private static void Closed(KernelState state, ConversationClosed closed, List<Effect> effects)
    {
        if (state.Conversations.TryGet(closed.Conversation, out var over))
        {
            ModelCancel.ConversationGone(state, over.Id, effects);
            Drop(state.Conversations.Close(over), effects);
        }

        if (state.ConversationWork.End(closed.Call) is { IsAbandoned: false })
        {
            effects.Add(new Answer(closed.Call, new ConversationCloseReply(closed.Conversation)));
        }
    }

    private static void Answer(KernelState state, CallId call, long id, List<Effect> effects)
    {
        if (state.Conversations.TryGet(id, out var conversation))
        {
            Answer(state, call, conversation, effects);
        }
        else if (state.ConversationWork.End(call) is { IsAbandoned: false })
        {
            effects.Add(new Refuse(call, SysError.NoSuchConversation(id)));
        }
    }

    private static void Answer(KernelState state, CallId call, Conversation conversation, List<Effect> effects)
    {
        if (state.ConversationWork.End(call) is { IsAbandoned: false })
        {
            effects.Add(new Answer(call, conversation.View(state.ConversationWork.IsBusy(conversation.Id))));
        }
    }

    private static void Drop(List<long> bodies, List<Effect> effects)
    {
        if (bodies.Count > 0)
        {
            effects.Add(new DropBodies(bodies));
        }
    }
}
