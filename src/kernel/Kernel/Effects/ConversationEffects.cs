using Analemma.Abi.Syscalls;
using Analemma.Kernel.Conversations;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Effects;

/// <summary>
/// Keeps bodies for good, numbered from FirstBody on: the settings first, if there are any, then the messages. Comes
/// back as BodiesKept, when all are on disk, or as BodiesNotKept, exactly one of them.
/// </summary>
public sealed record KeepBodies(CallId Call, long FirstBody, Think? Settings, IReadOnlyList<ChatMessage> Messages)
    : Effect;

/// <summary>Bodies that nobody uses any more, or never will. Some may not be there.</summary>
public sealed record DropBodies(IReadOnlyList<long> Bodies) : Effect;

/// <summary>A kernel starts: whatever is kept beside these bodies was left by one that was killed.</summary>
public sealed record SweepBodies(IReadOnlyCollection<long> Used) : Effect;

/// <summary>Reads bodies and answers; From is the place of the first message, Total how many there are.</summary>
public sealed record ShowMessages(
    CallId Call, MessageRef? Settings, IReadOnlyList<MessageRef> Messages, int From, int Total) : Effect;

/// <summary>Counts tokens, as the provider does if it can, and answers; else with Known.</summary>
public sealed record CountTokens(
    CallId Call, string Provider, string ProviderModel, ConversationInput Input, string? Prompt,
    ConversationTokensReply Known) : Effect;

/// <summary>What of a conversation goes into a model call.</summary>
/// <param name="Conversation">Which.</param>
/// <param name="Settings">Its system instruction, tools and the like.</param>
/// <param name="Messages">What was said before.</param>
/// <param name="FirstBody">
/// Where the runner keeps what is added, when the model has answered: what was said with the call, then the answer;
/// of a compaction the summary alone.
/// </param>
/// <param name="IsCompaction">The messages are to be summarised, and nothing else is asked.</param>
public sealed record ConversationInput(
    long Conversation, MessageRef? Settings, IReadOnlyList<MessageRef> Messages, long FirstBody, bool IsCompaction);
