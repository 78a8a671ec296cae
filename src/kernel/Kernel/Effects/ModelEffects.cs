using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Effects;

/// <summary>
/// Makes one attempt of a model call. Comes back as ModelCallEnded with the same call and attempt, exactly once,
/// whatever happens; until then it holds one of the provider's slots. When the request asks for a stream, the runner
/// sends the pieces to the caller by itself. It keeps what the model said, also when it is Invalid, until
/// AnswerModelCall, or until another answer of the same call, a Refuse of it, or the caller's going away.
/// </summary>
public sealed record StartModelCall(CallId Call, int Attempt, string Provider, string Model, Think Request) : Effect
{
    /// <summary>Whose it is, for logs, metrics and secrets; None for a client on the host.</summary>
    public ProcessId Process { get; init; }

    /// <summary>Whom it counts for: the first of its family, or <c>host</c>. For metrics.</summary>
    public string Agent { get; init; } = "";

    /// <summary>Of the first attempt: how long the call waited for its turn, in ticks. For metrics.</summary>
    public long? WaitTicks { get; init; }

    /// <summary>The name under which the provider knows the model.</summary>
    public required string ProviderModel { get; init; }

    /// <summary>What is reserved: the provider must be told, and must not be let go beyond.</summary>
    public required long OutputTokensMax { get; init; }

    /// <summary>
    /// What was wrong with the answer of the attempt before: the runner, which has kept it, sends it back to the model
    /// with this. Null for a question that is asked as it is.
    /// </summary>
    public IReadOnlyList<AnswerFlaw>? Repair { get; init; }

    /// <summary>With Repair: which attempt gave that answer.</summary>
    public int RepairOf { get; init; }

    /// <summary>
    /// Another attempt of the same call may run beside this one. Then the first that shows anything has the call:
    /// before it sends its first piece (which ModelAnswerBegan tells of), keeps anything of a conversation or ends
    /// well, it makes sure that no other has; if one has, it ends as Cancelled. One that fails without having sent
    /// anything leaves the call to the other.
    /// </summary>
    public bool MayHedge { get; init; }

    /// <summary>It is the second, beside one that is slow.</summary>
    public bool IsHedge { get; init; }

    /// <summary>
    /// The conversation that it is made in. Before ModelCallEnded says that all went well, what it adds is kept, see
    /// ModelResult.Kept.
    /// </summary>
    public ConversationInput? Turn { get; init; }

    /// <summary>Not null: vectors are wanted of this, and the request says the same in words of a THINK.</summary>
    public Embed? Embed { get; init; }

    /// <summary>Tokens that the input is likely to have, as the kernel estimates.</summary>
    public long InputTokens { get; init; }

    /// <summary>When the attempt must be over, in UTC ticks.</summary>
    public required long DueAt { get; init; }
}

/// <summary>
/// Takes an attempt back, down to the provider. It still ends with a ModelCallEnded, that says what it used.
/// </summary>
public sealed record CancelModelCall(CallId Call, int Attempt) : Effect;

/// <summary>
/// Ends a THINK or an EMBED: what the runner has kept of this attempt, filled into what the kernel knows.
/// </summary>
public sealed record AnswerModelCall(CallId Call, int Attempt, ThinkReply Known) : Effect;
