using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Analemma.Models.Http;

// From a provider's error to a reason. Words (types, codes, statuses) win over the HTTP status, because providers put
// several failures under one status: 400 alone is Gemini's bad key, everyone's long prompt, and plain nonsense.
// The words are documented at:
//   https://ai.google.dev/gemini-api/docs/troubleshooting and google.rpc.Code
//   https://platform.openai.com/docs/guides/error-codes
//   https://docs.anthropic.com/en/api/errors
// Only the length of a prompt and of an image have no word of their own everywhere, so their messages are read.

/// <summary>Which of our reasons a provider's error is.</summary>
internal static partial class ErrorReasons
{
    /// <summary>An error message is short; what is longer is no message.</summary>
    public const int BytesMax = 64 * 1024;

    private static readonly (string Word, ModelCallReason Reason)[] Words =
    [
        ("API_KEY_INVALID", ModelCallReason.KeyRejected),
        ("invalid_api_key", ModelCallReason.KeyRejected),
        ("authentication_error", ModelCallReason.KeyRejected),
        ("permission_error", ModelCallReason.KeyRejected),
        ("UNAUTHENTICATED", ModelCallReason.KeyRejected),
        ("PERMISSION_DENIED", ModelCallReason.KeyRejected),
        ("context_length_exceeded", ModelCallReason.PromptTooLong),
        ("exceed_context_size_error", ModelCallReason.PromptTooLong),
        ("request_too_large", ModelCallReason.PromptTooLong),
        ("image_too_large", ModelCallReason.ImageTooLarge),
        ("content_filter", ModelCallReason.ContentBlocked),
        ("content_policy_violation", ModelCallReason.ContentBlocked),
        ("model_not_found", ModelCallReason.UnknownModel),
        ("not_found_error", ModelCallReason.UnknownModel),
        ("NOT_FOUND", ModelCallReason.UnknownModel),
        ("insufficient_quota", ModelCallReason.RateLimited),
        ("rate_limit_exceeded", ModelCallReason.RateLimited),
        ("rate_limit_error", ModelCallReason.RateLimited),
        ("RESOURCE_EXHAUSTED", ModelCallReason.RateLimited),
        ("DEADLINE_EXCEEDED", ModelCallReason.TimedOut),
        ("timeout_error", ModelCallReason.TimedOut),
        ("overloaded_error", ModelCallReason.Overloaded),
        ("api_error", ModelCallReason.Overloaded),
        ("server_error", ModelCallReason.Overloaded),
        ("UNAVAILABLE", ModelCallReason.Overloaded),
        ("INTERNAL", ModelCallReason.Overloaded),
    ];

    /// <summary>The fault for an answer that names another address; null for any other.</summary>
    public static ProviderFault? Redirect(int status) => status is >= 300 and < 400
        ? new(ModelCallReason.BadRequest, "the base URL only redirects; name the address it leads to")
        {
            HttpStatus = status,
        }
        : null;

    /// <summary>The wait that a header asks for.</summary>
    public static TimeSpan? RetryAfter(RetryConditionHeaderValue? header, TimeProvider time)
    {
        var wait = header?.Delta ?? (header?.Date - time.GetUtcNow());
        return wait is { } after && after >= TimeSpan.Zero && after < TimeSpan.FromDays(1) ? after : null;
    }

    /// <summary>The fault for an error; <paramref name="status"/> is null for one inside a stream.</summary>
    public static ProviderFault Fault(int? status, ErrorAnswer answer, TimeSpan? retryAfter)
    {
        var reason = ReasonOf(status ?? answer.Code, answer);
        return new(reason, DetailOf(reason, answer))
        {
            HttpStatus = status,
            RetryAfter = reason is ModelCallReason.RateLimited or ModelCallReason.Overloaded
                ? retryAfter ?? answer.RetryAfter
                : null,
            // An account without money stays so however long one waits.
            CanRetry = reason.IsTransient() && !answer.Words.Contains("insufficient_quota"),
        };
    }

    private static ModelCallReason ReasonOf(int? status, ErrorAnswer answer)
    {
        var isRefusal = status is null or 400 or 413 or 422;
        if (isRefusal && answer.Message is { } message)
        {
            if (ImageSize().IsMatch(message))
            {
                return ModelCallReason.ImageTooLarge;
            }

            if (PromptLength().IsMatch(message))
            {
                return ModelCallReason.PromptTooLong;
            }
        }

        foreach (var (word, reason) in Words)
        {
            // Compatible servers write api_error under every status: there the status says more.
            if (answer.Words.Contains(word) && !(word == "api_error" && status is not null))
            {
                return reason;
            }
        }

        return ReasonOf(status);
    }

    private static ModelCallReason ReasonOf(int? status) => status switch
    {
        401 or 403 => ModelCallReason.KeyRejected,
        404 => ModelCallReason.UnknownModel,
        408 or 504 => ModelCallReason.TimedOut,
        413 => ModelCallReason.PromptTooLong,
        429 => ModelCallReason.RateLimited,
        >= 500 => ModelCallReason.Overloaded,
        null => ModelCallReason.Overloaded,
        _ => ModelCallReason.BadRequest,
    };

    /// <summary>What a provider says of a key may quote a part of it, so it is not repeated.</summary>
    private static string DetailOf(ModelCallReason reason, ErrorAnswer answer) =>
        reason == ModelCallReason.KeyRejected
            ? "the provider does not accept the key for this call"
            : answer.Message ?? "the provider gave no message";

    [GeneratedRegex(
        @"prompt is too long|token count .{0,80}exceeds|maximum context length|context (size|length|window)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex PromptLength();

    [GeneratedRegex(
        @"image .{0,80}(exceeds|too large)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex ImageSize();
}
