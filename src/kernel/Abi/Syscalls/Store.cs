using System.Text.Json;
using System.Text.Json.Serialization;

namespace Analemma.Abi.Syscalls;

/// <summary>Who shares a value in the kernel's store.</summary>
[JsonConverter(typeof(EnumNames<StoreScope>))]
public enum StoreScope
{
    /// <summary>
    /// One agent. A named agent finds its values again when it is started again; those of an agent without a name of
    /// its own go with its record.
    /// </summary>
    [JsonStringEnumMemberName("agent")]
    Agent,
    /// <summary>A group of agents: the one that its permissions name, else the agent's family.</summary>
    [JsonStringEnumMemberName("group")]
    Group,
    /// <summary>Everybody who may.</summary>
    [JsonStringEnumMemberName("global")]
    Global,
    /// <summary>
    /// Whichever fits: STORE takes the widest that the caller may write; FETCH and DELETE look for the key in all, the
    /// nearest first; KEYS lists all.
    /// </summary>
    [JsonStringEnumMemberName("any")]
    Any,
}

/// <summary>
/// A syscall about the store of the kernel. What is not permitted is refused with <c>permission_denied</c>, which names
/// the missing capability.
/// </summary>
public abstract record StoreSyscall : Syscall
{
    /// <summary>Default <c>agent</c>.</summary>
    public StoreScope? Scope { get; init; }

    /// <summary>
    /// Whose, for clients on the host: the agent as KEYS names it (<c>parent/child</c>), or the group. Default: the
    /// host's own.
    /// </summary>
    public string? Owner { get; init; }
}

/// <summary>
/// Keeps a value under a key, in place of the one that is there, and answers when it is on disk. Refused with
/// <c>version_conflict</c> when <see cref="IfVersion"/> is not the version that is there, with <c>limit_exceeded</c>
/// when a quota is used up.
/// </summary>
public sealed record Store : StoreSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Store;

    /// <summary>1 to 512 bytes of UTF-8, no control characters.</summary>
    public string Key { get; init; } = "";

    /// <summary>Any JSON, null too, of at most 8 MiB.</summary>
    public JsonElement Value { get; init; }

    /// <summary>Milliseconds until it is gone by itself. Default: never.</summary>
    public long? TtlMs { get; init; }

    /// <summary>Only if the key has this version now; 0: only if there is no such key.</summary>
    public long? IfVersion { get; init; }
}

/// <summary>It is kept.</summary>
/// <param name="Key">The key.</param>
/// <param name="Scope">Where.</param>
/// <param name="Version">
/// Higher than that of every value before, of any key: what was deleted and stored again is told from what was not.
/// </param>
public sealed record StoreReply(string Key, StoreScope Scope, long Version) : Reply
{
    /// <summary>When it is gone by itself.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>Reads a value. That there is none is an answer, not an error.</summary>
public sealed record Fetch : StoreSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Fetch;

    /// <summary>The key.</summary>
    public string Key { get; init; } = "";
}

/// <summary>A value, if there is one.</summary>
/// <param name="Key">The key.</param>
/// <param name="Exists">There is one.</param>
public sealed record FetchReply(string Key, bool Exists) : Reply
{
    /// <summary>The value; absent for none, and for null.</summary>
    public JsonElement? Value { get; init; }

    /// <summary>Where it was found.</summary>
    public StoreScope? Scope { get; init; }

    /// <summary>For <c>if_version</c>; 0 for none.</summary>
    public long Version { get; init; }

    /// <summary>When it was stored.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>When it is gone by itself.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>Forgets a value. That there is none is an answer, not an error.</summary>
public sealed record Delete : StoreSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Delete;

    /// <summary>The key.</summary>
    public string Key { get; init; } = "";

    /// <summary>Only if the key has this version now.</summary>
    public long? IfVersion { get; init; }
}

/// <summary>It is gone.</summary>
/// <param name="Key">The key.</param>
/// <param name="Deleted">There was one.</param>
public sealed record DeleteReply(string Key, bool Deleted) : Reply;

/// <summary>Lists keys, in the order of their bytes, a page at a time.</summary>
public sealed record Keys : StoreSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Keys;

    /// <summary>Only keys that begin so.</summary>
    public string? Prefix { get; init; }

    /// <summary>The <see cref="KeysReply.Next"/> of the page before.</summary>
    public string? After { get; init; }

    /// <summary>1 to 1000; default 100.</summary>
    public int? Limit { get; init; }
}

/// <summary>A page of keys.</summary>
public sealed record KeysReply(IReadOnlyList<KeyView> Keys) : Reply
{
    /// <summary>There are more: give it as <c>after</c>.</summary>
    public string? Next { get; init; }
}

/// <summary>One key of the store.</summary>
/// <param name="Key">The key.</param>
/// <param name="Scope">Where it is.</param>
/// <param name="Owner">Whose: the agent or the group; empty for the host's own, and for global.</param>
/// <param name="Version">For <c>if_version</c>.</param>
/// <param name="Bytes">How large the value is, as JSON.</param>
public sealed record KeyView(string Key, StoreScope Scope, string Owner, long Version, long Bytes)
{
    /// <summary>When it was stored.</summary>
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>When it is gone by itself.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
