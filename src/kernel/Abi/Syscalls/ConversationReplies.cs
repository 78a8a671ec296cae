namespace Analemma.Abi.Syscalls;

/// <summary>A conversation without what is said in it.</summary>
/// <param name="Conversation">Its id.</param>
public sealed record ConversationView(long Conversation) : Reply
{
    /// <summary>Whose it is; 0 for the clients on the host.</summary>
    public ProcessId Owner { get; init; }

    /// <summary>As it was opened.</summary>
    public string? Name { get; init; }

    /// <summary>As it was opened; absent for the kernel's default.</summary>
    public string? Model { get; init; }

    /// <summary>How many there are.</summary>
    public int Messages { get; init; }

    /// <summary>What they weigh, as they are kept.</summary>
    public long Bytes { get; init; }

    /// <summary>About how many tokens a call in it would read. The exact number is a question of its own.</summary>
    public long Tokens { get; init; }

    /// <summary>How often it was shortened.</summary>
    public int Compactions { get; init; }

    /// <summary>The conversation that it began as.</summary>
    public long? ForkedFrom { get; init; }

    /// <summary>A call in it is under way.</summary>
    public bool Busy { get; init; }

    /// <summary>When it was opened or forked.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When something was last said or taken away.</summary>
    public DateTimeOffset ChangedAt { get; init; }
}

/// <summary>What CONVERSATIONLIST answers.</summary>
/// <param name="Conversations">By id.</param>
public sealed record ConversationListReply(IReadOnlyList<ConversationView> Conversations) : Reply;

/// <summary>What CONVERSATIONCLOSE answers.</summary>
/// <param name="Conversation">The id that is no more.</param>
public sealed record ConversationCloseReply(long Conversation) : Reply;

/// <summary>What a conversation would have a model read.</summary>
/// <param name="Tokens">How many.</param>
/// <param name="Exact">False: estimated by the kernel, as the model's provider counts none or does not answer.</param>
/// <param name="Model">The model that they are counted for.</param>
/// <param name="ContextTokens">How many that model reads at most.</param>
public sealed record ConversationTokensReply(long Tokens, bool Exact, string Model, long ContextTokens) : Reply;

/// <summary>Messages of a conversation.</summary>
/// <param name="From">The first of them, counted from 0.</param>
/// <param name="Messages">In order.</param>
public sealed record ConversationShowReply(int From, IReadOnlyList<ChatMessage> Messages) : Reply
{
    /// <summary>How many the conversation has.</summary>
    public int Total { get; init; }

    /// <summary>The message to go on from; absent at the end.</summary>
    public int? Next { get; init; }

    /// <summary>As it was opened.</summary>
    public string? SystemInstruction { get; init; }

    /// <summary>As it was opened.</summary>
    public IReadOnlyList<ToolDefinition>? Tools { get; init; }
}

/// <summary>What CONVERSATIONCOMPACT answers.</summary>
/// <param name="Conversation">How it stands now.</param>
public sealed record ConversationCompactReply(ConversationView Conversation) : Reply
{
    /// <summary>The messages that the summary stands for; 0 when there was too little to shorten.</summary>
    public int Replaced { get; init; }

    /// <summary>What it took.</summary>
    public ModelUsage Usage { get; init; } = new();
}
