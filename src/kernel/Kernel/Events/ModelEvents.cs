using Analemma.Abi;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Conversations;

namespace Analemma.Kernel.Events;

/// <summary>
/// An attempt has come to its end: exactly one for each StartModelCall, also for one that was cancelled. What the model
/// said stays with the runner. Volatile: what outlives the kernel comes with <see cref="UsageSettled"/>.
/// </summary>
public sealed record ModelCallEnded(CallId Call, int Attempt, ModelResult Result) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>What one attempt came to and used. Without a failure it is an answer.</summary>
public sealed record ModelResult
{
    public ModelFailure? Failure { get; init; }

    /// <summary>As the provider counts them; the runner's own count when it does not say.</summary>
    public long InputTokens { get; init; }

    /// <summary>Thinking included.</summary>
    public long OutputTokens { get; init; }

    public string? FinishReason { get; init; }

    /// <summary>What of a conversation is kept now, as StartModelCall's Turn wants; none after a failure.</summary>
    public IReadOnlyList<MessageRef> Kept { get; init; } = [];

    /// <summary>The caller has been sent part of the answer.</summary>
    public bool Delivered { get; init; }
}

/// <summary>Why an attempt failed, in words for people and as a kind for the kernel.</summary>
public sealed record ModelFailure(ModelFailureKind Kind, string Message)
{
    public string? Hint { get; init; }

    /// <summary>The cause in a word that programs know, such as <c>key_rejected</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>With Invalid: what is wrong with the answer.</summary>
    public IReadOnlyList<AnswerFlaw> Flaws { get; init; } = [];

    /// <summary>With Invalid: how large the answer is, in bytes of UTF-8.</summary>
    public long AnswerBytes { get; init; }

    /// <summary>The wait that the provider asks for.</summary>
    public long? RetryAfterMs { get; init; }
}

public enum ModelFailureKind
{
    /// <summary>Too many requests or tokens (429): the provider is well, we are too fast.</summary>
    RateLimited,

    /// <summary>The provider cannot now (500, 502, 503, 529).</summary>
    Overloaded,

    /// <summary>No connection, or it broke.</summary>
    Unreachable,

    /// <summary>The attempt's time is up.</summary>
    TimedOut,

    /// <summary>The answer is cut off or not understood.</summary>
    Malformed,

    /// <summary>The model answered, and not as the schema of the request wants.</summary>
    Invalid,

    /// <summary>The request itself is refused (400, 404, 413, a safety filter).</summary>
    Rejected,

    /// <summary>The prompt is beyond the model's window, or an image beyond its size.</summary>
    TooLarge,

    /// <summary>The key is refused (401, 403).</summary>
    Unauthorized,

    /// <summary>There is no key, or nothing that can make the call.</summary>
    NotConfigured,

    /// <summary>The kernel took the call back.</summary>
    Cancelled,
}

/// <summary>
/// What a call has used, all attempts together: once for each call that used anything. It settles budgets for good, and
/// is on disk before the call's answer leaves, or a lease is. What may wait for that is added up meanwhile.
/// </summary>
public sealed record UsageSettled(
    CallId Call, ProcessId Process, string Group, string Provider, string Model, Spend Spend) : KernelEvent
{
    /// <summary>Calls that are in it too: of the same process, at the same model, on the same day.</summary>
    public IReadOnlyList<CallId>? Others { get; init; }

    /// <summary>
    /// The conversation that the call was made in, when it was answered: what was said is part of it by this record.
    /// </summary>
    public long? Conversation { get; init; }

    /// <summary>What was said.</summary>
    public IReadOnlyList<MessageRef>? Said { get; init; }

    public override bool IsDurable => true;
}

/// <summary>
/// From now on calls of a process, or of the clients on the host, may be answered while so much that they used is not
/// on disk; none for no lease. A kernel that starts and finds one charges all of it.
/// </summary>
public sealed record UsageLeased(ProcessId Process, string Group, long Tokens, long Microdollars) : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>Usage has waited to be written as long as it may, or a lease may be idle.</summary>
public sealed record UsageDue : KernelEvent
{
    public override bool IsDurable => false;

    public override bool ShowsSpending => true;
}

/// <summary>The caller is being sent the first piece of this attempt's answer: of those that may be hedged.</summary>
public sealed record ModelAnswerBegan(CallId Call, int Attempt) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>An attempt has taken as long as it may without a second beside it.</summary>
public sealed record ModelHedgeDue(CallId Call) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>The delay before another attempt is over.</summary>
public sealed record ModelRetryDue(CallId Call) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>A call has waited for its turn as long as it may.</summary>
public sealed record ModelQueueElapsed(CallId Call) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>A rate limit of a provider, or of those who wait for it, lets calls go again.</summary>
public sealed record ModelWakeDue(long Provider) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>An agent went over what it may spend or do with models, and the owner wants it paused then.</summary>
public sealed record AgentHalted(ProcessId Process, string Reason) : KernelEvent
{
    public override bool IsDurable => true;
}
