using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Client;

// Conversations and budgets: the rest of the client is in KernelClient.cs.
public sealed partial class KernelClient
{
    /// <summary>Opens a conversation, which the kernel keeps.</summary>
    /// <param name="open">How it is held.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ConversationView> ConversationOpenAsync(
        ConversationOpen open, CancellationToken cancellationToken = default) =>
        CallAsync(
            open,
            AbiJsonContext.Default.ConversationOpen,
            AbiJsonContext.Default.ConversationView,
            cancellationToken);

    /// <summary>Adds messages to a conversation without asking a model.</summary>
    /// <param name="append">Which, and what.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ConversationView> ConversationAppendAsync(
        ConversationAppend append, CancellationToken cancellationToken = default) =>
        CallAsync(
            append,
            AbiJsonContext.Default.ConversationAppend,
            AbiJsonContext.Default.ConversationView,
            cancellationToken);

    /// <summary>Makes another conversation that begins like one there is.</summary>
    /// <param name="fork">Which, and how much of it.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ConversationView> ConversationForkAsync(
        ConversationFork fork, CancellationToken cancellationToken = default) =>
        CallAsync(
            fork,
            AbiJsonContext.Default.ConversationFork,
            AbiJsonContext.Default.ConversationView,
            cancellationToken);

    /// <summary>Forgets all but the first messages of a conversation.</summary>
    /// <param name="truncate">Which, and how many stay.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ConversationView> ConversationTruncateAsync(
        ConversationTruncate truncate, CancellationToken cancellationToken = default) =>
        CallAsync(
            truncate,
            AbiJsonContext.Default.ConversationTruncate,
            AbiJsonContext.Default.ConversationView,
            cancellationToken);

    /// <summary>Has a model summarise the older part of a conversation.</summary>
    /// <param name="compact">Which, and how.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ConversationCompactReply> ConversationCompactAsync(
        ConversationCompact compact, CancellationToken cancellationToken = default) =>
        CallAsync(
            compact,
            AbiJsonContext.Default.ConversationCompact,
            AbiJsonContext.Default.ConversationCompactReply,
            cancellationToken);

    /// <summary>Counts the tokens that a call in a conversation would read.</summary>
    /// <param name="tokens">Which.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ConversationTokensReply> ConversationTokensAsync(
        ConversationTokens tokens, CancellationToken cancellationToken = default) =>
        CallAsync(
            tokens,
            AbiJsonContext.Default.ConversationTokens,
            AbiJsonContext.Default.ConversationTokensReply,
            cancellationToken);

    /// <summary>Shows messages of a conversation, as many as fit an answer.</summary>
    /// <param name="show">Which, and from where.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ConversationShowReply> ConversationShowAsync(
        ConversationShow show, CancellationToken cancellationToken = default) =>
        CallAsync(
            show,
            AbiJsonContext.Default.ConversationShow,
            AbiJsonContext.Default.ConversationShowReply,
            cancellationToken);

    /// <summary>Ends a conversation.</summary>
    /// <param name="close">Which.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ConversationCloseReply> ConversationCloseAsync(
        ConversationClose close, CancellationToken cancellationToken = default) =>
        CallAsync(
            close,
            AbiJsonContext.Default.ConversationClose,
            AbiJsonContext.Default.ConversationCloseReply,
            cancellationToken);

    /// <summary>Sets what an agent may spend on models.</summary>
    /// <param name="set">Whose, and what.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<BudgetSetReply> BudgetSetAsync(BudgetSet set, CancellationToken cancellationToken = default) =>
        CallAsync(set, AbiJsonContext.Default.BudgetSet, AbiJsonContext.Default.BudgetSetReply, cancellationToken);

    /// <summary>Lists the conversations that the caller reaches, by id.</summary>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ConversationListReply> ConversationListAsync(CancellationToken cancellationToken = default) =>
        CallAsync(
            new ConversationList(),
            AbiJsonContext.Default.ConversationList,
            AbiJsonContext.Default.ConversationListReply,
            cancellationToken);

    /// <summary>Opens a conversation, to speak in.</summary>
    /// <param name="open">How it is held; default: by the kernel's default model.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public async Task<Conversation> OpenConversationAsync(
        ConversationOpen? open = null, CancellationToken cancellationToken = default)
    {
        var opened = await ConversationOpenAsync(open ?? new ConversationOpen(), cancellationToken)
            .ConfigureAwait(false);
        return new Conversation(this, opened.Conversation);
    }
}
