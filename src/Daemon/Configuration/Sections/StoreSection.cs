using Analemma.Kernel.Values;

namespace Analemma.Daemon.Configuration.Sections;

/// <summary>The <c>[store]</c> section: what agents may keep under keys.</summary>
internal sealed record StoreSection
{
    private const long BytesLowest = 4096;

    [Setting("Keys and values of one agent, together with all that it spawned.")]
    public long BytesPerAgent { get; init; } = new StoreOptions().BytesPerAgent;

    [Setting("Keys of one agent, together with all that it spawned.")]
    public int KeysPerAgent { get; init; } = new StoreOptions().KeysPerAgent;

    public IEnumerable<string> Problems()
    {
        if (BytesPerAgent is < BytesLowest or > StoreOptions.BytesHighest)
        {
            yield return $"store.bytes_per_agent is {BytesPerAgent}; it must be {BytesLowest} to "
                + $"{StoreOptions.BytesHighest}";
        }

        if (KeysPerAgent is < 1 or > StoreOptions.KeysHighest)
        {
            yield return $"store.keys_per_agent is {KeysPerAgent}; it must be 1 to {StoreOptions.KeysHighest}";
        }
    }

    public StoreOptions ToOptions() => new() { BytesPerAgent = BytesPerAgent, KeysPerAgent = KeysPerAgent };
}
