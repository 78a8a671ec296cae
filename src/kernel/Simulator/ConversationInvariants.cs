using Analemma.Kernel;
using Analemma.Kernel.Conversations;

namespace Analemma.Simulator;

/// <summary>What must be true of conversations after each event.</summary>
internal sealed class ConversationInvariants(World world)
{
    private long _highest;

    public void Check(KernelState state)
    {
        var table = state.Conversations;
        foreach (var conversation in table.All)
        {
            CheckOne(state, conversation);
        }

        if (table.All.Count > 0)
        {
            _highest = Math.Max(_highest, table.All.Max(conversation => conversation.Id));
        }

        Unless(table.NextId > _highest, "no conversation id is used twice", () => $"{table.NextId} after {_highest}");
        // What is counted twice is the same twice.
        var messages = table.All.Sum(conversation => conversation.Messages.Count);
        var bodies = table.All.SelectMany(All).DistinctBy(message => message.Body).ToList();
        Unless(messages == table.Messages, "accounts of conversations are right", () => $"{messages} messages");
        Unless(
            bodies.Sum(message => message.Bytes) == table.Bytes && bodies.Count == table.Bodies.Count(),
            "accounts of conversations are right",
            () => $"{bodies.Count} bodies of {bodies.Sum(message => message.Bytes)} bytes");
        foreach (var process in state.Processes.All)
        {
            var count = table.Of(process.Id).Count();
            Unless(count <= Limits.ConversationsPerAgentMax + 1, "limits hold", () => $"{count} conversations");
        }

        world.Bodies.Check(state);
    }

    private static void CheckOne(KernelState state, Conversation conversation)
    {
        Unless(
            conversation.Owner == Abi.ProcessId.None || state.Processes.TryGet(conversation.Owner, out _),
            "conversations go with the records of their owners", () => $"{conversation.Id} of {conversation.Owner}");
        Unless(
            conversation.Messages.Count <= Limits.ConversationMessagesMax + Limits.ConversationMessagesPerCallMax,
            "limits hold", () => $"{conversation.Messages.Count} messages in {conversation.Id}");
        var calls = state.Models.Calls.Count(call => call.ConversationId == conversation.Id);
        Unless(calls <= 1, "one call at a time speaks in a conversation", () => $"{calls} in {conversation.Id}");
        Unless(
            calls == 0 || state.ConversationWork.IsBusy(conversation.Id),
            "one call at a time speaks in a conversation", () => $"{conversation.Id} is not held");
    }

    private static IEnumerable<MessageRef> All(Conversation conversation) =>
        conversation.Messages.Append(conversation.Plan.Settings).OfType<MessageRef>();

    private static void Unless(bool holds, string invariant, Func<string> detail)
    {
        if (!holds)
        {
            throw new ViolationException(invariant, detail());
        }
    }
}
