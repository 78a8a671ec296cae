using Analemma.Kernel.Events;

namespace Analemma.Kernel.Models;

internal enum AfterFailure
{
    /// <summary>Ask the same model again after the delay.</summary>
    Retry,

    /// <summary>This model is of no use now; another may be.</summary>
    Fallback,

    /// <summary>No other attempt can help.</summary>
    Fail,
}

/// <summary>What to do after a failed attempt: one table of kinds, and full jitter for the delay.</summary>
internal static class RetryDecision
{
    public static (AfterFailure What, long Delay) After(
        ModelFailure failure, bool delivered, int attempts, RetryOptions options, KernelRandom random)
    {
        // Once the caller has seen part of an answer, another one would contradict it.
        if (delivered)
        {
            return (AfterFailure.Fail, 0);
        }

        return failure.Kind switch
        {
            ModelFailureKind.Rejected or ModelFailureKind.Cancelled or ModelFailureKind.Invalid =>
                (AfterFailure.Fail, 0),
            // Another model may have a larger window, or a key.
            ModelFailureKind.Unauthorized or ModelFailureKind.NotConfigured or ModelFailureKind.TooLarge =>
                (AfterFailure.Fallback, 0),
            ModelFailureKind.RateLimited or ModelFailureKind.Overloaded or ModelFailureKind.Unreachable
                or ModelFailureKind.TimedOut or ModelFailureKind.Malformed => Again(failure, attempts, options, random),
        };
    }

    public static bool IsUnhealthy(ModelFailureKind kind) => kind is ModelFailureKind.Overloaded
        or ModelFailureKind.Unreachable or ModelFailureKind.TimedOut or ModelFailureKind.Malformed;

    private static (AfterFailure What, long Delay) Again(
        ModelFailure failure, int attempts, RetryOptions options, KernelRandom random)
    {
        if (attempts >= options.AttemptsMax || failure.RetryAfterMs > options.RetryAfterMsMax)
        {
            return (AfterFailure.Fallback, 0);
        }

        var range = Math.Min(options.DelayMsMax, options.BaseMs << Math.Min(attempts - 1, 20));
        var delay = Math.Max(0, failure.RetryAfterMs ?? 0) + random.UpTo(range);
        return (AfterFailure.Retry, delay * TimeSpan.TicksPerMillisecond);
    }
}
