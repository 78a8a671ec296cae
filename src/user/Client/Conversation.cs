using Analemma.Abi.Syscalls;

namespace Analemma.Client;

/// <summary>
/// A conversation that the kernel keeps: what was said stays there, and only what is new is sent. One call at a time is
/// under way in it. It outlives this object and the kernel, until <see cref="CloseAsync"/>, or until the record of the
/// agent that opened it goes.
/// </summary>
/// <example>
/// <code>
/// var talk = await kernel.OpenConversationAsync(new ConversationOpen { SystemInstruction = "Be brief." });
/// Console.WriteLine((await talk.SayAsync("Name a city.")).Content);
/// var other = await talk.ForkAsync();
/// Console.WriteLine((await other.SayAsync("Another one.")).Content);
/// </code>
/// </example>
public sealed class Conversation
{
    private readonly KernelClient _kernel;

    /// <summary>Goes on with a conversation that there is already.</summary>
    /// <param name="kernel">Whose it is.</param>
    /// <param name="id">As the kernel numbered it.</param>
    public Conversation(KernelClient kernel, long id)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        (_kernel, Id) = (kernel, id);
    }

    /// <summary>As the kernel numbered it: enough to go on with it elsewhere.</summary>
    public long Id { get; }

    /// <summary>Says something, and waits for the answer. Both are part of the conversation then, or neither.</summary>
    /// <param name="prompt">What to say; null to have the model go on from what was said.</param>
    /// <param name="cancellationToken">Takes it back, and stops the model.</param>
    public Task<ThinkReply> SayAsync(string? prompt, CancellationToken cancellationToken = default) =>
        SayAsync(new Think { Prompt = prompt }, cancellationToken);

    /// <summary>The same with options, or with messages such as the results of tools.</summary>
    /// <param name="think">What holds for this call; what it leaves open is as the conversation was opened.</param>
    /// <param name="cancellationToken">Takes it back, and stops the model.</param>
    public Task<ThinkReply> SayAsync(Think think, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(think);
        return _kernel.ThinkAsync(think with { Conversation = Id }, cancellationToken);
    }

    /// <summary>Says something, and streams the answer's text as it comes.</summary>
    /// <param name="prompt">What to say; null to have the model go on from what was said.</param>
    public SyscallStream<string, ThinkReply> Stream(string? prompt) => Stream(new Think { Prompt = prompt });

    /// <summary>The same with options.</summary>
    /// <param name="think">What holds for this call.</param>
    public SyscallStream<string, ThinkReply> Stream(Think think)
    {
        ArgumentNullException.ThrowIfNull(think);
        return _kernel.Think(think with { Conversation = Id });
    }

    /// <summary>Adds messages without asking a model.</summary>
    /// <param name="messages">At least one.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ConversationView> AppendAsync(
        IReadOnlyList<ChatMessage> messages, CancellationToken cancellationToken = default) =>
        _kernel.ConversationAppendAsync(
            new ConversationAppend { Conversation = Id, Messages = messages }, cancellationToken);

    /// <summary>Another conversation that begins like this one.</summary>
    /// <param name="keep">How many of the first messages it has; default all.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public async Task<Conversation> ForkAsync(int? keep = null, CancellationToken cancellationToken = default)
    {
        var fork = await _kernel.ConversationForkAsync(
            new ConversationFork { Conversation = Id, Keep = keep }, cancellationToken).ConfigureAwait(false);
        return new Conversation(_kernel, fork.Conversation);
    }

    /// <summary>Forgets all but the first messages.</summary>
    /// <param name="keep">How many stay.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ConversationView> TruncateAsync(int keep, CancellationToken cancellationToken = default) =>
        _kernel.ConversationTruncateAsync(
            new ConversationTruncate { Conversation = Id, Keep = keep }, cancellationToken);

    /// <summary>Has a model summarise the older part, which is gone then; fork first to keep it.</summary>
    /// <param name="keepMessages">The latest messages, which stay as they are.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ConversationCompactReply> CompactAsync(
        int? keepMessages = null, CancellationToken cancellationToken = default) =>
        _kernel.ConversationCompactAsync(
            new ConversationCompact { Conversation = Id, KeepMessages = keepMessages }, cancellationToken);

    /// <summary>How many tokens a call in it would read, exactly where the provider counts them.</summary>
    /// <param name="prompt">What would be said next.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ConversationTokensReply> CountTokensAsync(
        string? prompt = null, CancellationToken cancellationToken = default) =>
        _kernel.ConversationTokensAsync(
            new ConversationTokens { Conversation = Id, Prompt = prompt }, cancellationToken);

    /// <summary>All that was said.</summary>
    /// <param name="cancellationToken">Takes the request back.</param>
    public async Task<IReadOnlyList<ChatMessage>> MessagesAsync(CancellationToken cancellationToken = default)
    {
        List<ChatMessage> all = [];
        for (int? from = 0; from is not null;)
        {
            var part = await _kernel.ConversationShowAsync(
                new ConversationShow { Conversation = Id, From = from }, cancellationToken).ConfigureAwait(false);
            all.AddRange(part.Messages);
            from = part.Next;
        }

        return all;
    }

    /// <summary>Ends it: nothing of it is kept, but what forks share.</summary>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task CloseAsync(CancellationToken cancellationToken = default) =>
        _kernel.ConversationCloseAsync(new ConversationClose { Conversation = Id }, cancellationToken);
}
