using Analemma.Kernel.Events;
using Analemma.Models;

namespace Analemma.Daemon.Runners.Thinking;

/// <summary>The drivers' reasons as kinds of the kernel. Of no other exception is any text passed on.</summary>
internal static class ModelFailures
{
    public static ModelFailure Of(ModelCallException failed) =>
        new(Kind(failed.Reason), Describe(failed))
        {
            Hint = failed.Reason.Hint(),
            Reason = failed.Reason.Code(),
            RetryAfterMs = failed.RetryAfter is { } wait ? (long)Math.Ceiling(wait.TotalMilliseconds) : null,
        };

    public static ModelFailureKind Kind(ModelCallReason reason) => reason switch
    {
        ModelCallReason.NoKey => ModelFailureKind.NotConfigured,
        ModelCallReason.KeyRejected => ModelFailureKind.Unauthorized,
        ModelCallReason.RateLimited => ModelFailureKind.RateLimited,
        ModelCallReason.Overloaded => ModelFailureKind.Overloaded,
        ModelCallReason.Unreachable => ModelFailureKind.Unreachable,
        ModelCallReason.TimedOut => ModelFailureKind.TimedOut,
        ModelCallReason.MalformedAnswer or ModelCallReason.CutStream => ModelFailureKind.Malformed,
        ModelCallReason.Cancelled => ModelFailureKind.Cancelled,
        ModelCallReason.PromptTooLong or ModelCallReason.ImageTooLarge => ModelFailureKind.TooLarge,
        ModelCallReason.UnknownModel or ModelCallReason.BadRequest
            or ModelCallReason.ContentBlocked => ModelFailureKind.Rejected,
    };

    /// <summary>Whether the provider had worked on the call, so that it may well be billed.</summary>
    public static bool MayHaveUsed(ModelCallReason reason) => reason
        is ModelCallReason.TimedOut or ModelCallReason.MalformedAnswer or ModelCallReason.CutStream
        or ModelCallReason.ContentBlocked or ModelCallReason.Cancelled;

    private static string Describe(ModelCallException failed)
    {
        var status = failed.HttpStatus is { } code ? $" (HTTP {code})" : "";
        return $"{failed.Reason.Code()}{status}: {failed.Detail}";
    }
}
