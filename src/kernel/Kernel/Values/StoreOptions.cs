namespace Analemma.Kernel.Values;

/// <summary>What the owner of the machine lets agents keep in the store.</summary>
public sealed record StoreOptions
{
    public const long BytesHighest = 1L << 40;

    public const int KeysHighest = 200_000;

    /// <summary>Keys and values of one agent and all its descendants.</summary>
    public long BytesPerAgent { get; init; } = 64L * 1024 * 1024;

    /// <summary>Keys of one agent and all its descendants.</summary>
    public int KeysPerAgent { get; init; } = 10_000;
}
