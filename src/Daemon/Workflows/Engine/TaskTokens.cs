using System.Collections.Concurrent;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>
/// Which task each token stands for. A token is as good as the right to tell how its task ended, once: whoever takes it
/// out first is the one.
/// </summary>
internal sealed class TaskTokens
{
    /// <summary>Bytes that a token has when it is read: those of SHA-512.</summary>
    private const int TokenBytes = 64;

    private readonly ConcurrentDictionary<string, TokenHolder> _held = new(StringComparer.Ordinal);

    public int Count => _held.Count;

    public void Add(string token, TokenHolder holder) => _held[token] = holder;

    public void Remove(string token) => _held.TryRemove(token, out _);

    public TokenHolder? Find(string token) => _held.TryGetValue(token, out var holder) ? holder : null;

    /// <summary>For who ends the task: null for all but the first.</summary>
    public TokenHolder? Take(string token) => _held.TryRemove(token, out var holder) ? holder : null;

    /// <summary>All of them.</summary>
    public IEnumerable<(string Token, TokenHolder Holder)> All() => _held.Select(pair => (pair.Key, pair.Value));

    /// <summary>Whether this could be a token, of whatever task.</summary>
    public static bool IsToken(string text)
    {
        Span<byte> bytes = stackalloc byte[TokenBytes + 2];
        return text.Length <= 2 * TokenBytes
            && Convert.TryFromBase64String(text, bytes, out var written)
            && written == TokenBytes;
    }
}

/// <summary>A task that a token stands for.</summary>
internal sealed record TokenHolder(LiveExecution Execution, long TaskId, string StateName, string Resource);
