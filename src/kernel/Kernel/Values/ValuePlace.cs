using System.Text.Json.Serialization;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Values;

/// <summary>A part of the store: one agent's, one group's, or everybody's.</summary>
/// <param name="Scope">Never Any.</param>
/// <param name="Owner">The agent as its family names it, or the group; empty for the host's own and for global.</param>
public readonly record struct ValuePlace(StoreScope Scope, string Owner)
{
    public static ValuePlace Global => new(StoreScope.Global, "");

    /// <summary>The nearest first.</summary>
    public static IComparer<ValuePlace> Order { get; } = Comparer<ValuePlace>.Create((one, other) =>
        one.Scope != other.Scope
            ? one.Scope.CompareTo(other.Scope) : string.CompareOrdinal(one.Owner, other.Owner));
}

/// <summary>One value of the store. Immutable: what is stored anew is another.</summary>
public sealed record StoredValue
{
    public required StoreScope Scope { get; init; }

    public required string Owner { get; init; }

    public required string Key { get; init; }

    /// <summary>Never the same for two values.</summary>
    public required long Version { get; init; }

    /// <summary>Whose quota it counts to: the oldest of the family of who stored it; empty for the host.</summary>
    public required string Payer { get; init; }

    /// <summary>Of the value as JSON.</summary>
    public required long Bytes { get; init; }

    /// <summary>The value, when it is small.</summary>
    public byte[]? Inline { get; init; }

    /// <summary>The number of the body that has it, else.</summary>
    public long? Body { get; init; }

    /// <summary>SHA-256 of the body, in base64.</summary>
    public string? Hash { get; init; }

    public long ChangedAt { get; init; }

    public long? ExpiresAt { get; init; }

    [JsonIgnore]
    public ValuePlace Place => new(Scope, Owner);

    /// <summary>What it counts in a quota.</summary>
    [JsonIgnore]
    public long Weight => Bytes + Key.Length;

    public bool IsOver(long now) => ExpiresAt <= now;
}
