namespace Analemma.Abi.Syscalls;

/// <summary>
/// Has a model make a vector of each text, for search and comparison by meaning. The kernel queues, budgets and retries
/// it as it does a THINK, and never asks another model instead: vectors of two models cannot be compared. It ends with
/// what ends a THINK; a provider that makes no vectors ends it with <c>model_failed</c>.
/// </summary>
public sealed record Embed : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Embed;

    /// <summary>What to make vectors of: 1 to 2048 texts, none of them empty.</summary>
    public IReadOnlyList<string> Inputs { get; init => field = value ?? []; } = [];

    /// <summary>A model or an alias of the configuration that makes vectors. Default: its default model.</summary>
    public string? Model { get; init; }

    /// <summary>Numbers in a vector, 1 to 65536, of models that can make shorter ones. Default: the model's.</summary>
    public long? Dimensions { get; init; }

    /// <summary>
    /// What the vectors are for, of providers that make different ones: Gemini's <c>RETRIEVAL_QUERY</c>,
    /// <c>RETRIEVAL_DOCUMENT</c>, <c>SEMANTIC_SIMILARITY</c>, … Others refuse it.
    /// </summary>
    public string? TaskType { get; init; }

    /// <summary>What this one call may cost at most, refused before it is made when it could cost more.</summary>
    public ModelBudget? Budget { get; init; }

    /// <summary>Milliseconds from request to answer, queueing and retries included.</summary>
    public long? TimeoutMs { get; init; }
}

/// <summary>What EMBED answers.</summary>
/// <param name="Vectors">One for each input, in their order.</param>
/// <param name="Model">The model that made them.</param>
/// <param name="Tokens">What all attempts together used.</param>
public sealed record EmbedReply(IReadOnlyList<IReadOnlyList<float>> Vectors, string Model, long Tokens) : Reply
{
    /// <summary>Whose model it is.</summary>
    public string Provider { get; init; } = "";

    /// <summary>True: no model was asked, the vectors are made up by the embedded simulator.</summary>
    public bool Simulated { get; init; }

    /// <summary>What all attempts together used. A vector costs no output.</summary>
    public ModelUsage Usage { get; init; } = new();

    /// <summary>Attempts that it took.</summary>
    public int Attempts { get; init; } = 1;

    /// <summary>How long it waited for its turn, retries included.</summary>
    public long QueuedMs { get; init; }

    /// <summary>How long the last attempt ran.</summary>
    public long RanMs { get; init; }
}
