using System.Globalization;

namespace Analemma.Models;

/// <summary>
/// A model call that failed, with the facts. Whoever made the call handles it: in the daemon, the model runner, which
/// turns it into an event. Its text never holds a key.
/// </summary>
public sealed class ModelCallException : Exception
{
    internal ModelCallException(string provider, string? model, ProviderFault fault, Exception? inner)
        : base(Describe(provider, model, fault), inner)
    {
        Provider = provider;
        Model = model;
        Reason = fault.Reason;
        Detail = fault.Detail;
        HttpStatus = fault.HttpStatus;
        RetryAfter = fault.RetryAfter;
        CanRetry = fault.CanRetry;
    }

    /// <summary>Why it failed.</summary>
    public ModelCallReason Reason { get; }

    /// <summary>The provider's name in the configuration.</summary>
    public string Provider { get; }

    /// <summary>The model asked for; null when none was named.</summary>
    public string? Model { get; }

    /// <summary>What happened, in the provider's words where it has some.</summary>
    public string Detail { get; }

    /// <summary>The status that the provider answered with; null when it did not answer.</summary>
    public int? HttpStatus { get; }

    /// <summary>How long the provider asks to wait before the next try.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>Whether the same call, made again, may well succeed.</summary>
    public bool CanRetry { get; }

    private static string Describe(string provider, string? model, ProviderFault fault)
    {
        var where = model is null ? provider : $"{provider}, model {model}";
        var status = fault.HttpStatus is { } code ? $" (HTTP {code})" : "";
        var wait = fault.RetryAfter is { } after
            ? string.Create(CultureInfo.InvariantCulture, $" Retry after {after.TotalSeconds:0.###} s.")
            : "";
        return $"{where}: {fault.Reason.Code()}{status}: {fault.Detail.TrimEnd('.')}. "
            + $"What to do: {fault.Reason.Hint()}.{wait}";
    }
}
