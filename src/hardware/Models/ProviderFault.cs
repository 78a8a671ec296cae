namespace Analemma.Models;

/// <summary>A failure inside a driver. The guard makes the public one of it, which says whose call it was.</summary>
internal sealed class ProviderFault(ModelCallReason reason, string detail, Exception? inner = null)
    : Exception(detail, inner)
{
    public ModelCallReason Reason => reason;

    public string Detail => Message;

    public int? HttpStatus { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    public bool CanRetry { get; init; } = reason.IsTransient();

    public ProviderFault WithDetail(string changed) =>
        new(Reason, changed) { HttpStatus = HttpStatus, RetryAfter = RetryAfter, CanRetry = CanRetry };
}
