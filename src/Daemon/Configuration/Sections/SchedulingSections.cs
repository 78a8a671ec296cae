using Analemma.Kernel;
using Analemma.Kernel.Models;

namespace Analemma.Daemon.Configuration.Sections;

/// <summary>The <c>[queue]</c> section: how many calls may wait for models, and how long.</summary>
internal sealed record QueueSection
{
    private static readonly ModelQueueOptions Defaults = new();

    [Setting("Calls that may wait for one provider; beyond them a call is refused with `try_again`.")]
    public int WaitingMax { get; init; } = Defaults.WaitingMax;

    [Setting("Of them, calls of one agent and its descendants, those under way included.")]
    public int WaitingPerAgentMax { get; init; } = Defaults.WaitingPerAgentMax;

    [Setting("Milliseconds that one attempt at a provider may run.")]
    public long AttemptMs { get; init; } = new ProviderOptions("").AttemptMs;

    public ModelQueueOptions ToOptions(long timeoutMs) => Defaults with
    {
        WaitingMax = WaitingMax,
        WaitingPerAgentMax = WaitingPerAgentMax,
        TimeoutMs = timeoutMs,
    };

    public IEnumerable<string> Problems() =>
        new[]
        {
            Range.Problem("queue.waiting_max", WaitingMax, 1, Limits.ModelCallsMax),
            Range.Problem("queue.waiting_per_agent_max", WaitingPerAgentMax, 1, Limits.ModelCallsMax),
            Range.Problem("queue.attempt_ms", AttemptMs, 1, Limits.WaitMsMax),
        }.OfType<string>();
}

/// <summary>The <c>[retry]</c> section: what happens after a failure in passing.</summary>
internal sealed record RetrySection
{
    private static readonly RetryOptions Defaults = new();

    [Setting("Attempts on one model, the first included.")]
    public int AttemptsMax { get; init; } = Defaults.AttemptsMax;

    [Setting("Milliseconds: the first delay is drawn from 0 to this, each next from twice as much.")]
    public long BaseMs { get; init; } = Defaults.BaseMs;

    [Setting("Milliseconds that a delay has at most.")]
    public long DelayMsMax { get; init; } = Defaults.DelayMsMax;

    [Setting("Milliseconds: a provider that asks for a longer wait counts as failed.")]
    public long RetryAfterMsMax { get; init; } = Defaults.RetryAfterMsMax;

    [Setting("Failures in a row after which a model is left alone.")]
    public int BreakerFailures { get; init; } = Defaults.BreakerFailures;

    [Setting("Milliseconds that it is left alone, until one call may try it.")]
    public long BreakerOpenMs { get; init; } = Defaults.BreakerOpenMs;

    public RetryOptions ToOptions() => new()
    {
        AttemptsMax = AttemptsMax,
        BaseMs = BaseMs,
        DelayMsMax = DelayMsMax,
        RetryAfterMsMax = RetryAfterMsMax,
        BreakerFailures = BreakerFailures,
        BreakerOpenMs = BreakerOpenMs,
    };

    public IEnumerable<string> Problems() =>
        new[]
        {
            Range.Problem("retry.attempts_max", AttemptsMax, 1, 20),
            Range.Problem("retry.base_ms", BaseMs, 1, 60_000),
            Range.Problem("retry.delay_ms_max", DelayMsMax, 1, 600_000),
            Range.Problem("retry.retry_after_ms_max", RetryAfterMsMax, 0, 3_600_000),
            Range.Problem("retry.breaker_failures", BreakerFailures, 1, 1_000),
            Range.Problem("retry.breaker_open_ms", BreakerOpenMs, 1, 3_600_000),
        }.OfType<string>();
}

/// <summary>What becomes of an agent that has lost its way.</summary>
internal enum RunawayAction
{
    Stop,
    Pause,
}

/// <summary>The <c>[runaway]</c> section: when an agent has lost its way. Host clients are exempt.</summary>
internal sealed record RunawaySection
{
    private static readonly RunawayOptions Defaults = new();

    [Setting("Whether the call is refused only, or the agent paused as well, until somebody resumes it.")]
    public RunawayAction Action { get; init; } = RunawayAction.Stop;

    [Setting("The same request so often within `window_ms`; 0 for no limit.")]
    public int SameRequestMax { get; init; } = Defaults.SameRequestMax;

    [Setting("Milliseconds in which same requests are counted.")]
    public long WindowMs { get; init; } = Defaults.WindowMs;

    [Setting("Model calls a minute of an agent and its descendants; 0 for no limit.")]
    public int CallsPerMinuteMax { get; init; } = Defaults.CallsPerMinuteMax;

    [Setting("Tokens used since the agent last did anything but think; 0 for no limit.")]
    public long TokensWithoutProgressMax { get; init; } = Defaults.TokensWithoutProgressMax;

    public RunawayOptions ToOptions() => new()
    {
        SameRequestMax = SameRequestMax,
        WindowMs = WindowMs,
        CallsPerMinuteMax = CallsPerMinuteMax,
        TokensWithoutProgressMax = TokensWithoutProgressMax,
        Pauses = Action is RunawayAction.Pause,
    };

    public IEnumerable<string> Problems() =>
        new[]
        {
            Range.Problem("runaway.same_request_max", SameRequestMax, 0, 1_000_000),
            Range.Problem("runaway.window_ms", WindowMs, 1, Limits.WaitMsMax),
            Range.Problem("runaway.calls_per_minute_max", CallsPerMinuteMax, 0, 1_000_000),
            Range.Problem("runaway.tokens_without_progress_max", TokensWithoutProgressMax, 0, Limits.BudgetMax),
        }.OfType<string>();
}

file static class Range
{
    public static string? Problem(string key, long value, long least, long most) =>
        value >= least && value <= most ? null : $"{key} is {value}; it must be {least} to {most}";
}
