namespace Analemma.Abi.Syscalls;

/// <summary>
/// Opens a conversation, which the kernel keeps: what was said, and how the model shall answer. It belongs to the
/// caller; those above the caller reach it too. It survives the kernel, and goes when it is closed, or when the record
/// of the agent that opened it does. Speak in it with <see cref="Think.Conversation"/>.
/// </summary>
public sealed record ConversationOpen : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.ConversationOpen;

    /// <summary>A name for people, of at most 64 characters. It need not be unique.</summary>
    public string? Name { get; init; }

    /// <summary>Who the model shall be and what it shall heed.</summary>
    public string? SystemInstruction { get; init; }

    /// <summary>A model or an alias. Default: the kernel's default at each call.</summary>
    public string? Model { get; init; }

    /// <summary>0 to 2. Default: the model's own.</summary>
    public double? Temperature { get; init; }

    /// <summary>The most tokens of an answer, thinking included. Default: the model's, as configured.</summary>
    public long? MaxTokens { get; init; }

    /// <summary>As in <see cref="Think.ThinkingLevel"/>.</summary>
    public string? ThinkingLevel { get; init; }

    /// <summary>What the model may ask to be called.</summary>
    public IReadOnlyList<ToolDefinition>? Tools { get; init; }

    /// <summary>What has been said before.</summary>
    public IReadOnlyList<ChatMessage>? Messages { get; init; }

    /// <summary>When the kernel shall shorten the conversation by itself. Default: never.</summary>
    public CompactionRule? Compaction { get; init; }
}

/// <summary>When a conversation is shortened: its older part becomes a summary that a model writes.</summary>
/// <param name="AtTokens">Before a call whose input would have about so many tokens; 256 or more.</param>
public sealed record CompactionRule(long AtTokens)
{
    /// <summary>The latest messages, which stay as they are. Default 8. A tool's result stays with its call.</summary>
    public int? KeepMessages { get; init; }

    /// <summary>The most tokens of the summary. Default 1024.</summary>
    public long? SummaryTokens { get; init; }
}

/// <summary>Names a conversation by the id that OPEN answered.</summary>
public abstract record ConversationSyscall : Syscall
{
    /// <summary>Which.</summary>
    public long Conversation { get; init; }
}

/// <summary>Adds messages without asking a model.</summary>
public sealed record ConversationAppend : ConversationSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.ConversationAppend;

    /// <summary>At least one, in order.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; init; } = [];
}

/// <summary>Makes another conversation, the caller's, that begins like this one.</summary>
public sealed record ConversationFork : ConversationSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.ConversationFork;

    /// <summary>How many of the first messages it has. Default: all.</summary>
    public int? Keep { get; init; }

    /// <summary>A name for people. Default: that of the original.</summary>
    public string? Name { get; init; }
}

/// <summary>Forgets all but the first messages.</summary>
public sealed record ConversationTruncate : ConversationSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.ConversationTruncate;

    /// <summary>How many stay, 0 or more.</summary>
    public int Keep { get; init; }
}

/// <summary>Shortens a conversation now: a model call, queued and billed like any of the caller's.</summary>
public sealed record ConversationCompact : ConversationSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.ConversationCompact;

    /// <summary>As in <see cref="CompactionRule.KeepMessages"/>.</summary>
    public int? KeepMessages { get; init; }

    /// <summary>As in <see cref="CompactionRule.SummaryTokens"/>.</summary>
    public long? SummaryTokens { get; init; }

    /// <summary>What it may cost at most.</summary>
    public ModelBudget? Budget { get; init; }

    /// <summary>Milliseconds from request to answer.</summary>
    public long? TimeoutMs { get; init; }
}

/// <summary>Counts the tokens that a call in the conversation would read.</summary>
public sealed record ConversationTokens : ConversationSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.ConversationTokens;

    /// <summary>A message that would be said next.</summary>
    public string? Prompt { get; init; }
}

/// <summary>Shows messages, from one on, as many as fit an answer.</summary>
public sealed record ConversationShow : ConversationSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.ConversationShow;

    /// <summary>The first message, counted from 0. Default 0; a negative one is counted from the end.</summary>
    public int? From { get; init; }

    /// <summary>How many at most. Default: all that fit.</summary>
    public int? Count { get; init; }
}

/// <summary>Ends a conversation: nothing of it is kept, but what forks of it share.</summary>
public sealed record ConversationClose : ConversationSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.ConversationClose;
}

/// <summary>The caller's conversations and those of agents below it; of a client on the host, all. By id.</summary>
public sealed record ConversationList : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.ConversationList;
}
