namespace Analemma.Models;

/// <summary>Why a model call failed. The set is closed: a provider's failure is one of these or our bug.</summary>
public enum ModelCallReason
{
    /// <summary>The provider needs a key and none is set.</summary>
    NoKey,

    /// <summary>The provider does not accept the key, or the key may not do this (401, 403).</summary>
    KeyRejected,

    /// <summary>The provider has no such model, or none was named.</summary>
    UnknownModel,

    /// <summary>Too many requests or tokens (429). The exception may say how long to wait.</summary>
    RateLimited,

    /// <summary>The provider is overloaded or broken (5xx).</summary>
    Overloaded,

    /// <summary>No connection came about, or it ended before an answer began.</summary>
    Unreachable,

    /// <summary>A time-out passed: for the connection, the first byte, the next part, or a provider's own.</summary>
    TimedOut,

    /// <summary>The prompt is beyond the model's window.</summary>
    PromptTooLong,

    /// <summary>An image has more bytes than the provider takes.</summary>
    ImageTooLarge,

    /// <summary>The provider refused the request for another reason, or cannot express it.</summary>
    BadRequest,

    /// <summary>The provider withheld the whole answer for its content.</summary>
    ContentBlocked,

    /// <summary>The answer is not what the provider's protocol says.</summary>
    MalformedAnswer,

    /// <summary>The answer began and did not come to its end.</summary>
    CutStream,

    /// <summary>The caller gave the call up.</summary>
    Cancelled,
}

/// <summary>What follows from a reason.</summary>
public static class ModelCallReasons
{
    /// <summary>The reason as agents read it: <c>rate_limited</c>.</summary>
    public static string Code(this ModelCallReason reason) => reason switch
    {
        ModelCallReason.NoKey => "no_key",
        ModelCallReason.KeyRejected => "key_rejected",
        ModelCallReason.UnknownModel => "unknown_model",
        ModelCallReason.RateLimited => "rate_limited",
        ModelCallReason.Overloaded => "overloaded",
        ModelCallReason.Unreachable => "unreachable",
        ModelCallReason.TimedOut => "timed_out",
        ModelCallReason.PromptTooLong => "prompt_too_long",
        ModelCallReason.ImageTooLarge => "image_too_large",
        ModelCallReason.BadRequest => "bad_request",
        ModelCallReason.ContentBlocked => "content_blocked",
        ModelCallReason.MalformedAnswer => "malformed_answer",
        ModelCallReason.CutStream => "cut_stream",
        ModelCallReason.Cancelled => "cancelled",
    };

    /// <summary>Whether the same call, made again, may well succeed.</summary>
    public static bool IsTransient(this ModelCallReason reason) => reason
        is ModelCallReason.RateLimited or ModelCallReason.Overloaded or ModelCallReason.Unreachable
        or ModelCallReason.TimedOut or ModelCallReason.MalformedAnswer or ModelCallReason.CutStream;

    /// <summary>What to do about it.</summary>
    public static string Hint(this ModelCallReason reason) => reason switch
    {
        ModelCallReason.NoKey => "set the provider's key, or use the simulated model",
        ModelCallReason.KeyRejected => "check the provider's key and what it may do",
        ModelCallReason.UnknownModel => "name a model that the provider has, and check its base URL",
        ModelCallReason.RateLimited => "wait, or send less",
        ModelCallReason.Overloaded => "try again later, or use another provider",
        ModelCallReason.Unreachable => "check the network and the provider's base URL",
        ModelCallReason.TimedOut => "try again, or raise the provider's time-outs",
        ModelCallReason.PromptTooLong => "shorten the prompt, or use a model with a larger window",
        ModelCallReason.ImageTooLarge => "send a smaller image",
        ModelCallReason.BadRequest => "change the request",
        ModelCallReason.ContentBlocked => "change the prompt",
        ModelCallReason.MalformedAnswer => "try again",
        ModelCallReason.CutStream => "try again",
        ModelCallReason.Cancelled => "the caller ended the call",
    };
}
