using Analemma.Abi;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Conversations;

/// <summary>Whether there is room for more.</summary>
internal static class ConversationRoom
{
    /// <summary>Old conversations of agents that have ended, that make room for the living at once.</summary>
    private const int EvictedMax = 64;

    /// <summary>For one more conversation of this caller.</summary>
    public static SysError? Full(KernelState state, Caller caller, int messages, List<Effect> effects)
    {
        var table = state.Conversations;
        var most = caller.IsHost ? Limits.ConversationsOfHostMax : Limits.ConversationsPerAgentMax;
        if (table.Of(caller.Process).Count() >= most)
        {
            return new SysError(
                SysErrorCode.LimitExceeded, $"the caller has {most} conversations, which is the limit", "close some");
        }

        if (table.All.Count < Limits.ConversationsMax
            && table.Messages + messages <= Limits.ConversationMessagesAllMax
            && table.Bytes < Limits.ConversationBytesAllMax)
        {
            return null;
        }

        // Of those who cannot speak any more, who has been silent longest.
        var old = table.All
            .Where(each => state.Processes.TryGet(each.Owner, out var owner) && !owner.IsAlive)
            .OrderBy(each => each.ChangedAt).ThenBy(each => each.Id).Take(EvictedMax).ToList();
        effects.AddRange(old.Select(each =>
            new Raise(new ConversationClosed(default, each.Id) { At = state.Now })));
        return old.Count > 0
            ? new SysError(SysErrorCode.TryAgain, "room is being made for conversations", "try again")
            : new SysError(
                SysErrorCode.LimitExceeded, "the kernel keeps as many conversations as it can", "close some");
    }

    /// <summary>For more messages in this one.</summary>
    public static SysError? Full(KernelState state, Conversation conversation, int messages)
    {
        var what = conversation.Messages.Count + messages > Limits.ConversationMessagesMax
            ? $"{Limits.ConversationMessagesMax} messages"
            : conversation.Bytes >= Limits.ConversationBytesMax
                ? $"{Limits.ConversationBytesMax} bytes"
                : null;
        if (what is not null)
        {
            return new SysError(
                SysErrorCode.LimitExceeded,
                $"conversation {conversation.Id} has room for {what}",
                "compact it, truncate it, or open another");
        }

        return state.Conversations.Messages + messages > Limits.ConversationMessagesAllMax
            || state.Conversations.Bytes >= Limits.ConversationBytesAllMax
            ? new SysError(SysErrorCode.LimitExceeded, "the kernel keeps as much as it can", "close some")
            : null;
    }
}
