using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Conversations;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Models;

public enum ModelCallState
{
    /// <summary>Its agent is paused for want of budget; nothing is reserved.</summary>
    Held,

    /// <summary>It waits for its turn.</summary>
    Queued,

    /// <summary>An attempt is under way.</summary>
    Running,

    /// <summary>It waits for another attempt.</summary>
    BackingOff,

    /// <summary>The summary that a conversation is shortened to is on its way to the journal.</summary>
    Compacting,

    /// <summary>It is over, and its usage is on its way to the journal.</summary>
    Settling,
}

/// <summary>One THINK or EMBED, from its arrival to its one answer. Volatile.</summary>
public sealed class ModelCall : ModelTurn
{
    internal ModelCall(
        CallId id, ProcessId process, Think request, AgentAccount account, ModelGate gate, BudgetHold hold)
        : base(gate)
    {
        (Id, Process, Request, Account, Hold) = (id, process, request, account, hold);
        Asked = gate;
    }

    public CallId Id { get; }

    /// <summary>None for a client on the host.</summary>
    public ProcessId Process { get; }

    public Think Request { get; }

    public ModelCallState State { get; internal set; }

    /// <summary>Attempts so far, over all models, hedges too.</summary>
    public int Attempts { get; internal set; }

    /// <summary>The second attempt that runs beside another; null when there is none.</summary>
    public ModelHedge? Hedge { get; internal set; }

    /// <summary>Nobody waits for the answer any more.</summary>
    public bool IsAbandoned { get; internal set; }

    /// <summary>The conversation that it is made in, if any.</summary>
    public long? ConversationId => Turn?.Conversation;

    /// <summary>What it holds of every budget that it falls under.</summary>
    public Amount Reserved => Hold.Amount;

    internal AgentAccount Account { get; }

    internal BudgetHold Hold { get; }

    /// <summary>The model that was asked for: its fallback chain holds to the end.</summary>
    internal ModelGate Asked { get; }

    /// <summary>Whose hedges it may have; null for none.</summary>
    internal HedgeMeter? Hedging { get; init; }

    /// <summary>When its attempt has taken as long as it may alone; 0 when that is not waited for.</summary>
    internal long HedgeAt { get; set; }

    /// <summary>The latest answer was a hedge's.</summary>
    internal bool IsHedged { get; set; }

    /// <summary>What it comes to when its attempts are over: an answer, or a failure that the caller saw.</summary>
    internal ModelResult? Verdict { get; set; }

    /// <summary>The attempt that the verdict is of.</summary>
    internal ModelTurn? VerdictOf { get; set; }

    /// <summary>What it comes to when its hedge fails too.</summary>
    internal ModelResult? OwnFailure { get; set; }

    /// <summary>How many of the chain have been tried.</summary>
    internal int Fallbacks { get; set; }

    internal int AttemptsOnModel { get; set; }

    internal TokenEstimate Input { get; set; }

    /// <summary>Of the request alone, without what a repair adds.</summary>
    internal TokenEstimate Question { get; set; }

    /// <summary>The vectors that it is for; null for an answer in words.</summary>
    internal Embed? Embed { get; init; }

    /// <summary>The conversation that it is made in.</summary>
    internal ConversationTurn? Turn { get; set; }

    /// <summary>What was said in the conversation, when it was answered.</summary>
    internal IReadOnlyList<MessageRef>? Said { get; set; }

    /// <summary>How often the model was asked to correct its answer.</summary>
    internal int Repairs { get; set; }

    /// <summary>What is wrong with the answer that the next attempt is to correct.</summary>
    internal IReadOnlyList<AnswerFlaw>? Flaws { get; set; }

    /// <summary>Which attempt gave it.</summary>
    internal int Flawed { get; set; }

    internal long ArrivedAt { get; init; }

    /// <summary>The caller's own, in ticks; long.MaxValue for none.</summary>
    internal long Deadline { get; init; }

    internal long QueuedAt { get; set; }

    internal long QueuedTicks { get; set; }

    internal bool HasTimer { get; set; }

    internal Spend Used { get; set; } = Spend.Nothing;

    internal ThinkReply? Reply { get; set; }

    internal SysError? Error { get; set; }

    /// <summary>The most that the call can come to, if one more attempt uses all it may.</summary>
    internal Amount Most => new Amount(Used.Tokens, Used.Microdollars).Plus(MostAt(Gate, OutputMax));

    /// <summary>The most that one attempt can come to.</summary>
    internal Amount MostAt(ModelGate gate, long output) =>
        new(Input.Most + output, gate.Entry.Price(Input.Most, output));

    /// <summary>The attempt of that number; null when it is over.</summary>
    internal ModelTurn? RunningTurn(int attempt) =>
        IsRunning && Attempt == attempt ? this : Hedge is { } hedge && hedge.Attempt == attempt ? hedge : null;
}

/// <summary>An agent with all its descendants, or the clients on the host, before the models. Volatile.</summary>
internal sealed class AgentAccount(
    ProcessId root, FairShare share, FairShare group, ModelPriority priority, RateLimit limit, RunawayOptions runaway)
{
    public required ModelMeter Meter { get; init; }

    public ProcessId Root { get; } = root;

    /// <summary>The root's name; <c>host</c> for the clients on the host.</summary>
    public required string Name { get; init; }

    public FairShare Share { get; } = share;

    public FairShare Group { get; } = group;

    public ModelPriority Priority { get; } = priority;

    public RateLimits Limits { get; } = new(limit);

    public RunawayWatch Runaway { get; } = new(runaway);

    /// <summary>Calls that the kernel knows of.</summary>
    public int Calls { get; set; }

    public bool IsGone { get; set; }
}

/// <summary>One model: what holds its calls back.</summary>
internal sealed class ModelGate(ModelEntry entry, ProviderLane lane, RetryOptions retry)
{
    private readonly RateLimits _limits = new(entry.Limit);
    private long _heldUntil;

    public ModelEntry Entry { get; } = entry;

    public ProviderLane Lane { get; } = lane;

    public Breaker Breaker { get; } = new(retry);

    /// <summary>From the start of an attempt to its answer, where hedges go by it.</summary>
    public AttemptTimes Answers { get; } = new();

    /// <summary>The same to the first piece of a streamed one.</summary>
    public AttemptTimes FirstPieces { get; } = new();

    public long ReadyAt(long tokens, long now) => Math.Max(_heldUntil, _limits.ReadyAt(tokens, now));

    public void Take(long tokens, long now) => _limits.Take(tokens, now);

    public void Settle(long taken, long used, long now) => _limits.Settle(taken, used, now);

    /// <summary>The provider said when to come back: all calls of the model heed it, not only the one told.</summary>
    public void HoldUntil(long time) => _heldUntil = Math.Max(_heldUntil, time);
}

/// <summary>One provider: its slots, and who waits for them.</summary>
internal sealed class ProviderLane(ProviderOptions options, int index)
{
    /// <summary>How much one more call moves the average: a sixteenth.</summary>
    private const int AverageShift = 4;

    private readonly PriorityQueue<FairNode, (long Until, long Order)> _parked = new();

    public ProviderOptions Options { get; } = options;

    public int Index { get; } = index;

    public FairQueue Queue { get; } = new();

    public RateLimits Limits { get; } = new(options.Limit);

    public int Running { get; set; }

    /// <summary>When its timer is due; 0 when none is armed.</summary>
    public long WakeAt { get; set; }

    public bool IsDirty { get; set; }

    /// <summary>How long an attempt runs; a guess until some have.</summary>
    public long AverageTicks { get; private set; } = 2 * TimeSpan.TicksPerSecond;

    public void Ran(long ticks) => AverageTicks += (ticks - AverageTicks) >> AverageShift;

    /// <summary>When one more call would have its turn, in milliseconds.</summary>
    public long WaitMs =>
        Math.Max(1, AverageTicks * (Queue.Count + 1) / Options.Slots / TimeSpan.TicksPerMillisecond);

    public void Park(FairNode leaf, long until)
    {
        Queue.Park(leaf);
        _parked.Enqueue(leaf, (until, leaf.Order));
    }

    public void UnparkDue(long now)
    {
        while (_parked.TryPeek(out var leaf, out var due) && due.Until <= now)
        {
            _parked.Dequeue();
            Queue.Unpark(leaf);
        }
    }

    /// <summary>When the first that is held back may go; long.MaxValue when nobody is.</summary>
    public long NextUnpark => _parked.TryPeek(out _, out var due) ? due.Until : long.MaxValue;
}
