using Analemma.Kernel.Effects;
using Analemma.Kernel.Models;

namespace Analemma.Kernel.Conversations;

/// <summary>A model call in a conversation: what it reads of it, and what is to be kept of it. Volatile.</summary>
internal sealed record ConversationTurn(long Conversation, ConversationInput Input, TokenEstimate Estimate)
{
    /// <summary>Bodies that the runner keeps when all goes well.</summary>
    public required int Bodies { get; init; }

    /// <summary>Of a compaction: how many of the first messages become the summary.</summary>
    public int Replaced { get; init; }

    /// <summary>Of a compaction: the most that the summary may have.</summary>
    public long SummaryTokens { get; init; }

    /// <summary>A compaction that was asked for, and is all that the call is for.</summary>
    public bool IsAll { get; init; }
}
