using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Journal;
using Analemma.Kernel.Conversations;
using Analemma.Kernel.Models;
using Analemma.Storage.Sqlite;

namespace Analemma.Daemon.Runners.Conversations;

/// <summary>Messages of conversations as bodies in the store, and back; each is checked against its hash.</summary>
internal sealed class ConversationBodies(SqliteBodyStore store)
{
    public bool Exist => store.Exists;

    /// <summary>Keeps settings, if there are any, and messages under numbers from the first on.</summary>
    /// <exception cref="JournalStoreException">They cannot be kept.</exception>
    public async Task<IReadOnlyList<MessageRef>> KeepAsync(
        long first, Think? settings, IReadOnlyList<ChatMessage> messages)
    {
        List<(long, byte[])> bodies = [];
        List<MessageRef> kept = [];
        if (settings is not null)
        {
            Add(settings, AbiJsonContext.Default.Think, ChatRole.System, TokenEstimate.Of(settings));
        }

        foreach (var message in messages)
        {
            Add(message, AbiJsonContext.Default.ChatMessage, message.Role, TokenEstimate.Of(message));
        }

        await store.KeepAsync(bodies);
        return kept;

        void Add<T>(T value, JsonTypeInfo<T> type, ChatRole role, TokenEstimate tokens)
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(value, type);
            var id = first + bodies.Count;
            bodies.Add((id, body));
            kept.Add(new MessageRef(id, role, body.Length, HashOf(body))
            {
                Likely = tokens.Likely,
                Most = tokens.Most,
            });
        }
    }

    /// <exception cref="ConversationLostException">They are not as they were kept, or not there.</exception>
    public async Task<(Think? Settings, List<ChatMessage> Messages)> ReadAsync(
        MessageRef? settings, IReadOnlyList<MessageRef> messages)
    {
        var refs = settings is null ? messages : [settings, .. messages];
        IReadOnlyList<byte[]?> bodies;
        try
        {
            bodies = await store.ReadAsync([.. refs.Select(each => each.Body)]);
        }
        catch (JournalStoreException failed)
        {
            throw new ConversationLostException(failed.Message, failed);
        }

        var (found, at) = (settings is null ? null : Parse(refs[0], bodies[0], AbiJsonContext.Default.Think), 0);
        List<ChatMessage> read = [];
        for (at = settings is null ? 0 : 1; at < refs.Count; at++)
        {
            read.Add(Parse(refs[at], bodies[at], AbiJsonContext.Default.ChatMessage));
        }

        return (found, read);
    }

    /// <exception cref="JournalStoreException">The store failed.</exception>
    public Task DropAsync(IReadOnlyList<long> bodies) => store.DropAsync(bodies);

    /// <exception cref="JournalStoreException">The store failed.</exception>
    public Task<int> SweepAsync(IReadOnlyCollection<long> used) => store.SweepAsync(used);

    private static string HashOf(byte[] body) => Convert.ToBase64String(SHA256.HashData(body));

    private static T Parse<T>(MessageRef message, byte[]? body, JsonTypeInfo<T> type)
        where T : class
    {
        if (body is null)
        {
            throw new ConversationLostException($"body {message.Body} is not there");
        }

        if (HashOf(body) != message.Hash)
        {
            throw new ConversationLostException($"body {message.Body} is not the one that the journal has the hash of");
        }

        return JsonSerializer.Deserialize(body, type)
            ?? throw new ConversationLostException($"body {message.Body} is null");
    }
}

/// <summary>What was said cannot be read any more: it has just been closed, or the file is damaged.</summary>
internal sealed class ConversationLostException(string message, Exception? inner = null) : Exception(message, inner);
