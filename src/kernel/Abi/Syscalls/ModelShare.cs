using System.Text.Json.Serialization;

namespace Analemma.Abi.Syscalls;

/// <summary>
/// How an agent's model calls stand against those of others. A lower class gets less, and never nothing: 16, 4 and 1
/// parts when all have work.
/// </summary>
[JsonConverter(typeof(EnumNames<ModelPriority>))]
public enum ModelPriority
{
    /// <summary>For what can wait.</summary>
    [JsonStringEnumMemberName("low")]
    Low,
    /// <summary>The default.</summary>
    [JsonStringEnumMemberName("normal")]
    Normal,
    /// <summary>For what somebody waits for.</summary>
    [JsonStringEnumMemberName("high")]
    High,
}

/// <summary>
/// An agent's share of the models, with SPAWN. An agent and all its descendants are one in the queue, so only a client
/// on the host may set anything here but a budget.
/// </summary>
public sealed record ModelShare
{
    /// <summary>The group, of those that the configuration names. Default <c>default</c>.</summary>
    public string? Group { get; init; }

    /// <summary>Share within its group, 1 to 10000. Default 100.</summary>
    public int? Weight { get; init; }

    /// <summary><c>low</c>, <c>normal</c> (default) or <c>high</c>.</summary>
    public ModelPriority? Priority { get; init; }

    /// <summary>Model calls a minute. Default: as configured.</summary>
    public long? RequestsPerMinute { get; init; }

    /// <summary>Tokens a minute, input and output together. Default: as configured.</summary>
    public long? TokensPerMinute { get; init; }

    /// <summary>What it and its descendants may spend in their life.</summary>
    public ModelBudget? Budget { get; init; }
}

/// <summary>What may be spent, in tokens (input and output together) and in money. Absent: no limit.</summary>
public sealed record ModelBudget
{
    /// <summary>Input and output tokens together.</summary>
    public long? Tokens { get; init; }

    /// <summary>Millionths of a US dollar.</summary>
    public long? Microdollars { get; init; }
}
