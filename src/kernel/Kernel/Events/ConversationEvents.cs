using Analemma.Abi;
using Analemma.Kernel.Conversations;

namespace Analemma.Kernel.Events;

/// <summary>A conversation is opened. Its bodies were kept before.</summary>
public sealed record ConversationOpened(
    CallId Call, ProcessId Owner, ConversationPlan Plan, IReadOnlyList<MessageRef> Messages) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>A conversation is begun like another.</summary>
public sealed record ConversationForked(CallId Call, ProcessId Owner, long From, int Keep, string? Name) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>Messages are added. Their bodies were kept before.</summary>
public sealed record ConversationExtended(CallId Call, long Conversation, IReadOnlyList<MessageRef> Messages)
    : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>All but the first messages are forgotten.</summary>
public sealed record ConversationTruncated(CallId Call, long Conversation, int Keep) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>A summary takes the place of the first messages.</summary>
public sealed record ConversationCompacted(CallId Call, long Conversation, int Replaced, MessageRef Summary)
    : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>A conversation is no more.</summary>
public sealed record ConversationClosed(CallId Call, long Conversation) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>What KeepBodies asked is done: one for each body, in their order.</summary>
public sealed record BodiesKept(CallId Call, IReadOnlyList<MessageRef> Bodies) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>What KeepBodies asked cannot be done; nothing is kept.</summary>
public sealed record BodiesNotKept(CallId Call, SysError Error) : KernelEvent
{
    public override bool IsDurable => false;
}
