using Analemma.Abi.Syscalls;
using static Analemma.Kernel.Policy.SyscallRules;

namespace Analemma.Kernel.Policy;

/// <summary>When a request about a conversation is well-formed, whichever it is.</summary>
internal static class ConversationRules
{
    public static IEnumerable<string> Problems(Syscall syscall) => syscall switch
    {
        ConversationOpen open => OpenProblems(open),
        ConversationAppend append =>
        [
            .. append.Messages is { Count: > 0 } ? Array.Empty<string>() : ["messages is empty"],
            .. MessageProblems(append.Messages),
        ],
        ConversationFork fork =>
            [.. Range("keep", fork.Keep, 0, int.MaxValue), .. NameProblems(fork.Name)],
        ConversationTruncate truncate => Range("keep", truncate.Keep, 0, int.MaxValue),
        ConversationCompact compact =>
        [
            .. Range("keep_messages", compact.KeepMessages, 1, Limits.ConversationMessagesMax),
            .. Range("summary_tokens", compact.SummaryTokens, 16, Limits.SummaryTokensMax),
            .. Models.ModelOptionRules.BudgetProblems("budget", compact.Budget),
            .. Range("timeout_ms", compact.TimeoutMs, 1, Limits.WaitMsMax),
        ],
        ConversationShow show => Range("count", show.Count, 1, int.MaxValue),
        _ => [],
    };

    private static IEnumerable<string> OpenProblems(ConversationOpen open) =>
    [
        .. NameProblems(open.Name),
        .. ThinkRules.SettingProblems(open.Model, open.Temperature, open.MaxTokens, open.ThinkingLevel, open.Tools),
        .. MessageProblems(open.Messages ?? []),
        .. open.Compaction is { } rule
            ? new[]
            {
                Range("compaction.at_tokens", rule.AtTokens, Limits.CompactionTokensMin, Models.TokenBucket.AmountMax),
                Range("compaction.keep_messages", rule.KeepMessages, 1, Limits.ConversationMessagesMax),
                Range("compaction.summary_tokens", rule.SummaryTokens, 16, Limits.SummaryTokensMax),
            }.SelectMany(problems => problems)
            : [],
    ];

    private static IEnumerable<string> MessageProblems(IReadOnlyList<ChatMessage>? messages) =>
    [
        .. messages?.Count > Limits.ConversationMessagesPerCallMax
            ? [$"messages has {messages.Count} items; at most {Limits.ConversationMessagesPerCallMax} at once"]
            : Array.Empty<string>(),
        .. ThinkRules.MessageProblems(messages ?? []),
    ];

    private static IEnumerable<string> NameProblems(string? name)
    {
        if (name is not null && (name.Length is 0 or > Abi.AbiLimits.NameLengthMax || name.Any(char.IsControl)))
        {
            yield return $"name is {Quote(name)}; it must be 1 to {Abi.AbiLimits.NameLengthMax} characters";
        }
    }
}
