using System.Text;
using Analemma.Models;
using Analemma.Storage.Secrets;

namespace Analemma.Daemon.Runners.Secrets;

/// <summary>
/// Ties a provider's key that is a secret to the store: it is looked up for each request, so that a secret that is
/// changed holds from the next call on.
/// </summary>
internal static class ProviderKeys
{
    public static ApiKey? Bind(ApiKey? key, ISecretStore store) =>
        key?.Secret is { } name ? key.ReadBy(() => Look(store, name)) : key;

    private static KeyLookup Look(ISecretStore store, string name)
    {
        try
        {
            return store.Read(name) is { } value
                ? new KeyLookup(Encoding.UTF8.GetString(value), null)
                : new KeyLookup(null, $"the secret {name} is not set; `analemma secret set {name}` sets it");
        }
        catch (SecretStoreException failed)
        {
            return new KeyLookup(null, $"{failed.Message}; {failed.Hint}");
        }
    }
}
