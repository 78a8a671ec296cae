using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Syscalls;

namespace Analemma.Kernel.Conversations;

/// <summary>Bodies on their way to disk, before the event that names them.</summary>
internal static class ConversationStores
{
    /// <summary>Has bodies kept for a change; without any, the change goes on at once.</summary>
    public static void Begin(
        SyscallContext context, ConversationChangeOp change, Think? settings, IReadOnlyList<ChatMessage> messages)
    {
        var (state, effects) = (context.State, context.Effects);
        state.ConversationWork.Begin(change);
        var count = messages.Count + (settings is null ? 0 : 1);
        if (count == 0)
        {
            Kept(state, new BodiesKept(change.Call, []) { At = state.Now }, effects);
            return;
        }

        var first = state.ConversationWork.TakeBodies(state.Boot, count);
        effects.Add(new KeepBodies(change.Call, first, settings, messages));
    }

    public static void Kept(KernelState state, BodiesKept kept, List<Effect> effects)
    {
        if (!state.ConversationWork.TryGet(kept.Call, out var change))
        {
            return;
        }

        if (change.IsAbandoned)
        {
            state.ConversationWork.End(kept.Call);
            effects.Add(new DropBodies([.. kept.Bodies.Select(body => body.Body)]));
            return;
        }

        var messages = change.HasSettings ? [.. kept.Bodies.Skip(1)] : kept.Bodies;
        effects.Add(new Raise(change.Plan is { } plan
            ? new ConversationOpened(
                change.Call,
                change.Owner,
                change.HasSettings ? plan with { Settings = kept.Bodies[0] } : plan,
                messages)
            {
                At = state.Now,
            }
            : new ConversationExtended(change.Call, change.Conversation, messages) { At = state.Now }));
    }
}
