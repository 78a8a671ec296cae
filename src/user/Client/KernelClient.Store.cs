using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Client;

// The kernel's store of values: the rest of the client is in KernelClient.cs.
public sealed partial class KernelClient
{
    /// <summary>Keeps a value under a key; it is on disk when this completes.</summary>
    /// <param name="store">The key and the value.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<StoreReply> StoreAsync(Store store, CancellationToken cancellationToken = default) =>
        CallAsync(store, AbiJsonContext.Default.Store, AbiJsonContext.Default.StoreReply, cancellationToken);

    /// <summary>Keeps a value of a type of the caller's own under a key.</summary>
    /// <param name="store">The key; its value is not looked at.</param>
    /// <param name="value">The value.</param>
    /// <param name="type">How it is written as JSON.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<StoreReply> StoreAsync<T>(
        Store store, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return StoreAsync(store with { Value = JsonSerializer.SerializeToElement(value, type) }, cancellationToken);
    }

    /// <summary>Reads the value of a key, if there is one.</summary>
    /// <param name="fetch">The key.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<FetchReply> FetchAsync(Fetch fetch, CancellationToken cancellationToken = default) =>
        CallAsync(fetch, AbiJsonContext.Default.Fetch, AbiJsonContext.Default.FetchReply, cancellationToken);

    /// <summary>Forgets the value of a key.</summary>
    /// <param name="delete">The key.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<DeleteReply> DeleteAsync(Delete delete, CancellationToken cancellationToken = default) =>
        CallAsync(delete, AbiJsonContext.Default.Delete, AbiJsonContext.Default.DeleteReply, cancellationToken);

    /// <summary>Lists keys, a page.</summary>
    /// <param name="keys">Which, and how many at once.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<KeysReply> KeysAsync(Keys keys, CancellationToken cancellationToken = default) =>
        CallAsync(keys, AbiJsonContext.Default.Keys, AbiJsonContext.Default.KeysReply, cancellationToken);

    /// <summary>Lists all keys, asking for one page after the other.</summary>
    /// <param name="keys">Which.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public async IAsyncEnumerable<KeyView> AllKeysAsync(
        Keys keys,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        for (var next = keys; next is not null;)
        {
            var page = await KeysAsync(next, cancellationToken).ConfigureAwait(false);
            foreach (var key in page.Keys)
            {
                yield return key;
            }

            next = page.Next is { } after ? keys with { After = after } : null;
        }
    }
}
