using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Api;

// TOKENS OF PAGES
//
//   base64( operation / when it was given / what was asked for / the last item that was given )
//
// A page begins behind an item, and not at a place: what is removed from a list while somebody goes through it, such as
// by whoever removes all, moves the rest up.
/// <summary>Where a list goes on.</summary>
internal static class PageToken
{
    /// <summary>Then they are not taken back any more, as at the service.</summary>
    private const long LifeSeconds = 24 * 60 * 60;

    /// <summary>Of what was asked for: enough to notice a mistake.</summary>
    private const int DigestChars = 12;

    /// <summary>Good for the operation that gives it, for what was asked of it, for a day.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="last">The item before the next page.</param>
    public static string Of(ApiRequest request, string last) => Convert.ToBase64String(Encoding.UTF8.GetBytes(
        FormattableString.Invariant(
            $"{request.Operation}/{request.At.ToUnixTimeSeconds()}/{DigestOf(request)}/{last}")));

    public static string Of(ApiRequest request, long last) => Of(request, Text(last));

    /// <summary>The item that the page before ended with; null when there is none.</summary>
    public static string? Read(ApiRequest request)
    {
        if (request.MaybeText("nextToken") is not { Length: > 0 } token)
        {
            return null;
        }

        var bytes = new byte[token.Length];
        if (Convert.TryFromBase64String(token, bytes, out var count)
            && Encoding.UTF8.GetString(bytes[..count]).Split('/', 4) is [var operation, var made, var digest, var last]
            && operation == request.Operation
            && digest == DigestOf(request)
            && long.TryParse(made, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && request.At.ToUnixTimeSeconds() - seconds < LifeSeconds)
        {
            return last;
        }

        throw ApiRefusedException.Token();
    }

    /// <summary>The same, where items are numbered.</summary>
    public static long? ReadNumber(ApiRequest request) =>
        Read(request) is not { } last ? null
        : long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw ApiRefusedException.Token();

    /// <summary>One page of what is in memory, and the token of the next; null when there is none.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="all">All that there is.</param>
    /// <param name="keyOf">What a list is in the order of, different for each.</param>
    public static (IReadOnlyList<T> Page, string? Next) Take<T>(
        ApiRequest request, IEnumerable<T> all, Func<T, string> keyOf)
    {
        var size = request.Page();
        var last = Read(request);
        var page = all
            .Select(item => (Item: item, Key: keyOf(item)))
            .Where(each => last is null || string.CompareOrdinal(each.Key, last) > 0)
            .OrderBy(each => each.Key, StringComparer.Ordinal)
            .Take(size + 1)
            .ToList();
        return (
            [.. page.Take(size).Select(each => each.Item)],
            page.Count > size ? Of(request, page[size - 1].Key) : null);
    }

    /// <summary>A key in the order of time.</summary>
    public static string Key(DateTimeOffset at, string name) => $"{Text(at.UtcTicks)}/{name}";

    /// <summary>A key, the highest number first.</summary>
    public static string KeyDown(int number) => Text(int.MaxValue - (long)number);

    private static string Text(long number) => number.ToString("D19", CultureInfo.InvariantCulture);

    private static string DigestOf(ApiRequest request) => Convert.ToHexStringLower(
        SHA256.HashData(JsonValue.From(request.WithoutPage()).ToUtf8(JsonWriteOptions.Service)))[..DigestChars];
}
