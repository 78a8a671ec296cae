using System.Security.Cryptography;
using System.Text;

namespace Analemma.Daemon.Workflows;

/// <summary>Signature Version 4 of AWS, as far as requests with a body need it.</summary>
internal static class AwsSigning
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>The key of a scope, which is DATE/REGION/SERVICE/aws4_request.</summary>
    public static byte[] Key(string secret, string scope)
    {
        var key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var part in scope.Split('/'))
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        return key;
    }

    /// <summary>Signs a request to another server.</summary>
    public static void Sign(
        HttpRequestMessage request, byte[] body, AwsCredentials key, string region, string service, DateTimeOffset now)
    {
        var date = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        var scope = $"{date[..8]}/{region}/{service}/aws4_request";
        var digest = Convert.ToHexStringLower(SHA256.HashData(body));
        var uri = request.RequestUri!;
        request.Headers.TryAddWithoutValidation("X-Amz-Date", date);
        request.Headers.TryAddWithoutValidation("X-Amz-Content-Sha256", digest);
        const string Signed = "host;x-amz-content-sha256;x-amz-date";
        var query = string.Join('&', uri.Query.TrimStart('?').Split('&').Order(StringComparer.Ordinal));
        var canonical = $"{request.Method.Method}\n{uri.AbsolutePath}\n{query}\nhost:{uri.Authority}\n"
            + $"x-amz-content-sha256:{digest}\nx-amz-date:{date}\n\n{Signed}\n{digest}";
        var toSign = $"{Algorithm}\n{date}\n{scope}\n"
            + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(
            Key(key.SecretAccessKey, scope), Encoding.UTF8.GetBytes(toSign)));
        request.Headers.TryAddWithoutValidation(
            "Authorization",
            $"{Algorithm} Credential={key.AccessKeyId}/{scope}, SignedHeaders={Signed}, Signature={signature}");
    }
}
