using System.Text.Json.Serialization;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;

namespace Analemma.Kernel.Conversations;

/// <summary>
/// One message of a conversation as the kernel knows it: its body lies at the edge, under a number that the kernel
/// gave, and the hash says that it is still the one that was journaled.
/// </summary>
/// <param name="Body">The number of the body.</param>
/// <param name="Role">Who speaks.</param>
/// <param name="Bytes">How large the body is.</param>
/// <param name="Hash">SHA-256 of the body, in base64.</param>
public sealed record MessageRef(long Body, ChatRole Role, long Bytes, string Hash)
{
    /// <summary>Tokens that are likely.</summary>
    public long Likely { get; init; }

    /// <summary>The most tokens that it can be.</summary>
    public long Most { get; init; }

    [JsonIgnore]
    public TokenEstimate Estimate => new(Likely, Most);
}

/// <summary>How a conversation is held: what the kernel decides by, and where the rest lies.</summary>
public sealed record ConversationPlan
{
    public string? Name { get; init; }

    public string? Model { get; init; }

    public long? MaxTokens { get; init; }

    public CompactionRule? Compaction { get; init; }

    /// <summary>The body with system instruction, tools and the like; null when there are none.</summary>
    public MessageRef? Settings { get; init; }
}
