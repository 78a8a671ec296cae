using System.Net.Http.Headers;
using System.Text;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Asks the server that stands for AWS: the one of AWS_ENDPOINT_URL.</summary>
internal sealed class AwsClient(WorkflowOptions options, TimeProvider time) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public Uri? Endpoint => options.AwsEndpoint;

    public string Region => options.Region;

    /// <summary>Asks by the protocol AWS JSON, whose operations have names.</summary>
    public Task<AwsAnswer> JsonAsync(
        string service, string target, string version, JsonValue body, CancellationToken cancelled)
    {
        HttpRequestMessage request = new(HttpMethod.Post, new Uri(Endpoint!, "/"));
        request.Headers.TryAddWithoutValidation("X-Amz-Target", target);
        return SendAsync(request, service, body.ToUtf8(), $"application/x-amz-json-{version}", cancelled);
    }

    /// <summary>Asks by the protocol AWS Query: a form.</summary>
    public Task<AwsAnswer> QueryAsync(
        string service, IEnumerable<KeyValuePair<string, string>> form, CancellationToken cancelled)
    {
        var text = string.Join('&', form.Select(
            pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));
        HttpRequestMessage request = new(HttpMethod.Post, new Uri(Endpoint!, "/"));
        return SendAsync(
            request, service, Encoding.UTF8.GetBytes(text), "application/x-www-form-urlencoded", cancelled);
    }

    /// <summary>Asks by a path.</summary>
    public Task<AwsAnswer> RestAsync(
        string service,
        HttpMethod method,
        string pathAndQuery,
        byte[] body,
        string? contentType,
        CancellationToken cancelled,
        IEnumerable<(string Name, string Value)>? headers = null)
    {
        HttpRequestMessage request = new(method, new Uri(Endpoint!, pathAndQuery));
        List<(string Name, string Value)> ofContent = [];
        foreach (var (name, value) in headers ?? [])
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                ofContent.Add((name, value));
            }
        }

        return SendAsync(request, service, body, contentType, cancelled, ofContent);
    }

    public void Dispose() => _http.Dispose();

    private async Task<AwsAnswer> SendAsync(
        HttpRequestMessage request,
        string service,
        byte[] body,
        string? contentType,
        CancellationToken cancelled,
        IReadOnlyList<(string Name, string Value)>? ofContent = null)
    {
        using var sent = request;
        sent.Content = new ByteArrayContent(body);
        if (contentType is not null)
        {
            sent.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        foreach (var (name, value) in ofContent ?? [])
        {
            sent.Content.Headers.TryAddWithoutValidation(name, value);
        }

        AwsSigning.Sign(sent, body, Keys(), Region, service, time.GetUtcNow());
        try
        {
            using var response = await _http.SendAsync(sent, cancelled);
            return new AwsAnswer(
                (int)response.StatusCode,
                await response.Content.ReadAsByteArrayAsync(cancelled),
                Headers(response),
                null);
        }
        catch (HttpRequestException failed)
        {
            return new AwsAnswer(0, [], [], $"Unable to execute HTTP request: {failed.Message}");
        }
    }

    // Whoever stands for AWS on this host asks for no real key, only for a signature of some kind.
    private static AwsCredentials Keys() =>
        Environment.GetEnvironmentVariable("AWS_ACCESS_KEY_ID") is { Length: > 0 } id
            && Environment.GetEnvironmentVariable("AWS_SECRET_ACCESS_KEY") is { Length: > 0 } secret
                ? new AwsCredentials(id, secret)
                : new AwsCredentials("test", "test");

    private static Dictionary<string, string> Headers(HttpResponseMessage response) =>
        response.Headers.Concat(response.Content.Headers)
            .ToDictionary(pair => pair.Key, pair => string.Join(", ", pair.Value), StringComparer.OrdinalIgnoreCase);
}

/// <summary>What a server of AWS answered; without a status when there was no answer.</summary>
internal sealed record AwsAnswer(int Status, byte[] Body, Dictionary<string, string> Headers, string? Failure)
{
    public bool IsGood => Status is >= 200 and < 300;

    public string RequestId => Headers.GetValueOrDefault("x-amzn-RequestId") ?? Guid.NewGuid().ToString();

    /// <summary>Undefined when it is no JSON.</summary>
    public JsonValue Json => JsonValue.TryParse(Body, JsonLimits.Widest, out var value, out _) ? value : default;

    /// <summary>The error's name, of a refusal in JSON.</summary>
    public string ErrorCode
    {
        get
        {
            var json = Json;
            var name = Headers.GetValueOrDefault("x-amzn-ErrorType")
                ?? json.MaybeText("__type") ?? json.MaybeText("code") ?? "UnknownError";
            return name.Split('#')[^1].Split(':')[0];
        }
    }

    public string ErrorMessage
    {
        get
        {
            var json = Json;
            return json.MaybeText("message") ?? json.MaybeText("Message") ?? json.MaybeText("errorMessage") ?? "";
        }
    }

    /// <summary>What outputs of optimized integrations tell about the call.</summary>
    public (JsonValue Http, JsonValue Response) Metadata()
    {
        JsonObjectBuilder all = new(Headers.Count);
        JsonObjectBuilder single = new(Headers.Count);
        foreach (var (name, value) in Headers)
        {
            all.Set(name, JsonArray.Of(value));
            single.Set(name, value);
        }

        return (
            JsonObject.Of(("AllHttpHeaders", all.Build()), ("HttpHeaders", single.Build()), ("HttpStatusCode", Status)),
            JsonObject.Of(("RequestId", RequestId)));
    }
}
