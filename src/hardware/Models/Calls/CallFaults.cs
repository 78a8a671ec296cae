using System.Text.Json;
using Analemma.Models.Http;

namespace Analemma.Models.Calls;

/// <summary>Whatever a driver throws, as a fault; null for what is a bug of ours and must not be hidden.</summary>
internal static class CallFaults
{
    /// <param name="error">What was thrown.</param>
    /// <param name="own">What only this provider's package throws.</param>
    /// <param name="hasAnswer">Whether the provider had begun to answer.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public static ProviderFault? Of(
        Exception error,
        Func<Exception, ProviderFault?> own,
        bool hasAnswer,
        CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested && Chain(error).Any(IsEndOfWork))
        {
            return new(ModelCallReason.Cancelled, "the caller gave the call up");
        }

        return Chain(error).Select(each => each as ProviderFault ?? own(each)).FirstOrDefault(each => each is not null)
            ?? Chain(error).Select(each => Common(each, hasAnswer)).FirstOrDefault(each => each is not null);
    }

    private static ProviderFault? Common(Exception error, bool hasAnswer) => error switch
    {
        HttpRequestException http => TransportFaults.Of(http),
        IOException => new(ModelCallReason.CutStream, "the connection ended within the answer"),
        // What the packages throw at an answer that lacks something or has something they do not know.
        JsonException or FormatException or KeyNotFoundException or InvalidOperationException or ArgumentException
            or NotSupportedException => hasAnswer
            ? new(ModelCallReason.MalformedAnswer, $"the answer is not what the protocol says: {error.Message}")
            : new(ModelCallReason.BadRequest, $"the request has no form in the provider's protocol: {error.Message}"),
        _ => null,
    };

    private static bool IsEndOfWork(Exception error) => error is OperationCanceledException or IOException;

    private static IEnumerable<Exception> Chain(Exception error)
    {
        for (Exception? each = error; each is not null; each = each.InnerException)
        {
            yield return each;
        }
    }
}
