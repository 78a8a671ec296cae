using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>
/// Checks the signature of a request, as AWS clients make it: Signature Version 4, in the header Authorization
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
/// </summary>
internal static class SignatureCheck
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    private static readonly TimeSpan SkewMax = TimeSpan.FromMinutes(15);

    /// <summary>Why it is refused; null when the signature is right.</summary>
    public static ApiAnswer? Problem(
        HttpRequest request, ReadOnlySpan<byte> body, AwsCredentials key, DateTimeOffset now)
    {
        if (Signature.Read(request.Headers.Authorization.ToString()) is not { } signature)
        {
            return ApiAnswer.Refused("MissingAuthenticationTokenException", "the request is not signed");
        }

        if (signature.KeyId != key.AccessKeyId)
        {
            return ApiAnswer.Refused(
                "UnrecognizedClientException", "The security token included in the request is invalid.");
        }

        var date = request.Headers["X-Amz-Date"].ToString();
        if (!DateTimeOffset.TryParseExact(
                date, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            || (now - at).Duration() > SkewMax)
        {
            return ApiAnswer.Refused("InvalidSignatureException", $"Signature expired or not yet valid: {date}");
        }

        // Clients write the path of a canonical request as it is sent, or with its signs of encoding encoded again.
        var path = RawPath(request);
        return IsSigned(request, path, signature, date, body, key)
            || IsSigned(request, Again(path), signature, date, body, key)
                ? null
                : ApiAnswer.Refused(
                    "InvalidSignatureException",
                    "The request signature we calculated does not match the signature you provided.");
    }

    private static bool IsSigned(
        HttpRequest request,
        string path,
        Signature signature,
        string date,
        ReadOnlySpan<byte> body,
        AwsCredentials key)
    {
        var canonical = Canonical(request, path, signature.Headers, body);
        var digest = Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
        var toSign = $"{Algorithm}\n{date}\n{signature.Scope}\n{digest}";
        var expected = Hex(HMACSHA256.HashData(
            AwsSigning.Key(key.SecretAccessKey, signature.Scope), Encoding.UTF8.GetBytes(toSign)));
        return CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(expected), Encoding.ASCII.GetBytes(signature.Value));
    }

    private static string RawPath(HttpRequest request) =>
        request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget.Split('?')[0] ?? request.Path;

    private static string Again(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    private static string Canonical(HttpRequest request, string path, string headers, ReadOnlySpan<byte> body)
    {
        StringBuilder text = new();
        text.Append(request.Method).Append('\n').Append(path).Append('\n');
        var query = request.Query.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value.ToString())}");
        text.Append(string.Join('&', query)).Append('\n');
        foreach (var name in headers.Split(';'))
        {
            var value = name == "host" ? request.Host.Value ?? "" : request.Headers[name].ToString();
            text.Append(name).Append(':').Append(value.Trim()).Append('\n');
        }

        text.Append('\n').Append(headers).Append('\n').Append(Hex(SHA256.HashData(body)));
        return text.ToString();
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    private sealed record Signature(string KeyId, string Scope, string Headers, string Value)
    {
        public static Signature? Read(string header)
        {
            if (!header.StartsWith(Algorithm + " ", StringComparison.Ordinal))
            {
                return null;
            }

            Dictionary<string, string> parts = new(StringComparer.Ordinal);
            foreach (var part in header[Algorithm.Length..].Split(','))
            {
                if (part.Trim().Split('=', 2) is [var name, var value])
                {
                    parts[name] = value;
                }
            }

            var credential = parts.GetValueOrDefault("Credential", "");
            var slash = credential.IndexOf('/', StringComparison.Ordinal);
            return slash > 0 && parts.TryGetValue("SignedHeaders", out var headers)
                && parts.TryGetValue("Signature", out var value2)
                    ? new Signature(credential[..slash], credential[(slash + 1)..], headers, value2)
                    : null;
        }
    }
}
