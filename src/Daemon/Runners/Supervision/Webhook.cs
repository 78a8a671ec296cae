using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Analemma.Abi;
using Analemma.Kernel.Effects;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Runners.Supervision;

/// <summary>
/// Tells the address that a fleet's root names of an escalation: a few tries, no redirects, no cookies.
/// </summary>
internal sealed class Webhook(TimeProvider time, ILogger log, HttpMessageHandler? network = null) : IDisposable
{
    private readonly Lazy<HttpClient> _client = new(() => new HttpClient(network ?? new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ConnectTimeout = DaemonLimits.WebhookTimeout,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = 64 * 1024,
    });

    public async Task TellAsync(
        string address, Escalation escalation, IReadOnlyList<string> lines, CancellationToken stopping)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new WebhookBody(
                "escalated", time.GetUtcNow(), escalation.Fleet, escalation.Name, escalation.Process, escalation.To,
                escalation.Chain, lines),
            WebhookJson.Default.WebhookBody);
        for (var attempt = 1; ; attempt++)
        {
            var problem = await TryAsync(address, body, stopping);
            if (problem is null)
            {
                return;
            }

            if (attempt == DaemonLimits.WebhookAttemptsMax)
            {
                log.WebhookFailed(new Uri(address).Authority, attempt, problem);
                return;
            }

            await Task.Delay(DaemonLimits.WebhookPause * attempt, time, stopping);
        }
    }

    public void Dispose()
    {
        if (_client.IsValueCreated)
        {
            _client.Value.Dispose();
        }
    }

    private async Task<string?> TryAsync(string address, byte[] body, CancellationToken stopping)
    {
        using var timer = new CancellationTokenSource(DaemonLimits.WebhookTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stopping);
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            using var answer = await _client.Value.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return answer.IsSuccessStatusCode ? null : $"it answered {(int)answer.StatusCode}";
        }
        catch (HttpRequestException failed)
        {
            return failed.Message;
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // Ours, or the connection's own.
            return $"no answer within {DaemonLimits.WebhookTimeout.TotalSeconds} s";
        }
    }
}

/// <summary>What a webhook is sent.</summary>
internal sealed record WebhookBody(
    string Type,
    DateTimeOffset At,
    string Fleet,
    string Name,
    ProcessId Process,
    string To,
    IReadOnlyList<string> Chain,
    IReadOnlyList<string> Log);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(WebhookBody))]
internal sealed partial class WebhookJson : JsonSerializerContext;
