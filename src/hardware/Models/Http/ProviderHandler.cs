using System.Net;
using System.Text;

namespace Analemma.Models.Http;

// Everything HTTP that the providers have in common, below the packages: the key goes on here, the waits are bounded
// here, and an error is turned into a ProviderFault here, before a package makes an exception of its own of it. So
// one mapping serves all, a package needs no key, and none of its exceptions can quote one.

/// <summary>One provider's way to the network; its client owns it.</summary>
internal sealed class ProviderHandler : DelegatingHandler
{
    private readonly ApiKey? _key;
    private readonly KeyHeader _header;
    private readonly ModelTimeouts _timeouts;
    private readonly TimeProvider _time;

    private ProviderHandler(ModelDriverOptions options, KeyHeader header, TimeProvider time, HttpMessageHandler inner)
        : base(inner)
    {
        (_key, _header, _timeouts, _time) = (options.Key, header, options.Timeouts, time);
    }

    /// <summary>A client for one provider. Whoever asks disposes it.</summary>
    public static HttpClient Open(
        ModelDriverOptions options,
        Uri baseUrl,
        KeyHeader header,
        TimeProvider time,
        Func<HttpMessageHandler, HttpMessageHandler> between,
        Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? connect = null)
    {
        var sockets = new SocketsHttpHandler
        {
            ConnectTimeout = options.Timeouts.Connect,
            UseCookies = false,
            UseProxy = !baseUrl.IsLoopback,
            // A redirect would carry the key to somebody else.
            AllowAutoRedirect = false,
            // Whoever stops reading wants the model to stop: to drain what it still writes would cost its tokens.
            MaxResponseDrainSize = 0,
            ResponseDrainTimeout = TimeSpan.Zero,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        };
        if (connect is not null && baseUrl.Scheme == Uri.UriSchemeHttp)
        {
            sockets.ConnectCallback = (context, token) => connect(context.DnsEndPoint, token);
        }

        return new HttpClient(new ProviderHandler(options, header, time, between(sockets)))
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        _header.Write(request, _key);
        using var deadline = new Deadline(_time);
        HttpResponseMessage response;
        try
        {
            response = await deadline.WaitAsync(
                _timeouts.FirstByte,
                "an answer",
                token => new ValueTask<HttpResponseMessage>(base.SendAsync(request, token)),
                cancellationToken);
        }
        catch (OperationCanceledException error) when (error.InnerException is TimeoutException)
        {
            throw new ProviderFault(
                ModelCallReason.TimedOut, $"no connection within {_timeouts.Connect.TotalSeconds:0.###} s", error);
        }
        catch (HttpRequestException error)
        {
            throw TransportFaults.Of(error);
        }

        CallTrace.Answered();
        return response.IsSuccessStatusCode
            ? await WatchAsync(response, cancellationToken)
            : throw await RefusalAsync(response, cancellationToken);
    }

    private async Task<HttpResponseMessage> WatchAsync(
        HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var watched = new StreamContent(new WatchedStream(body, _timeouts, _time));
        // As they came: to look at each would cost more than to copy it.
        foreach (var (name, values) in response.Content.Headers.NonValidated)
        {
            watched.Headers.TryAddWithoutValidation(name, values);
        }

        response.Content = watched;
        return response;
    }

    private async Task<ProviderFault> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using (response)
        {
            var status = (int)response.StatusCode;
            return ErrorReasons.Redirect(status) ?? ErrorReasons.Fault(
                status,
                ErrorAnswer.Parse(await ErrorTextAsync(response, cancellationToken)),
                ErrorReasons.RetryAfter(response.Headers.RetryAfter, _time));
        }
    }

    private async Task<string> ErrorTextAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var buffer = new byte[ErrorReasons.BytesMax];
        var length = 0;
        try
        {
            await using var body = new WatchedStream(
                await response.Content.ReadAsStreamAsync(cancellationToken), _timeouts, _time);
            length = await body.ReadAtLeastAsync(
                buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        }
        catch (ProviderFault)
        {
            // The status alone says enough.
        }

        return Encoding.UTF8.GetString(buffer, 0, length);
    }
}
