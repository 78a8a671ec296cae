using System.ClientModel.Primitives;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Analemma.Models.Http.Plain;

// UNDER THE PACKAGE, WITHOUT HTTPCLIENT
//
// A server that is spoken to without encryption is one on this host, or beside it: a model that runs there, a gateway.
// It answers soon, so what HttpClient does around a call is a large part of it. This does the same, and what
// ProviderHandler does for others, for the official package alone: HTTP/1.1, a request at a time on a connection, no
// redirects, no cookies, no proxy, nothing asked twice.

/// <summary>One provider's way to the network without encryption; its client owns it.</summary>
internal sealed class PlainTransport : PipelineTransport, IDisposable
{
    private readonly ModelDriverOptions _options;
    private readonly KeyHeader _header;
    private readonly TimeProvider _time;
    private readonly PlainConnections _connections;

    private PlainTransport(
        ModelDriverOptions options, KeyHeader header, TimeProvider time, PlainConnections connections)
    {
        (_options, _header, _time, _connections) = (options, header, time, connections);
    }

    /// <summary>Null for a server that it cannot speak to: by TLS, or by way of a proxy.</summary>
    public static PlainTransport? TryOpen(
        ModelDriverOptions options,
        Uri baseUrl,
        KeyHeader header,
        TimeProvider time,
        Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? connect)
    {
        if (connect is null || baseUrl.Scheme != Uri.UriSchemeHttp
            || !(baseUrl.IsLoopback || HttpClient.DefaultProxy.GetProxy(baseUrl) is null))
        {
            return null;
        }

        DnsEndPoint server = new(baseUrl.IdnHost, baseUrl.Port);
        return new PlainTransport(
            options, header, time, new PlainConnections(connect, server, options.Timeouts.Connect, time));
    }

    public void Dispose() => _connections.Dispose();

    protected override PipelineMessage CreateMessageCore() => new PlainMessage(new PlainRequest());

    protected override void ProcessCore(PipelineMessage message) =>
        throw new NotSupportedException("Models are asked asynchronously.");

    protected override async ValueTask ProcessCoreAsync(PipelineMessage message)
    {
        var cancellationToken = message.CancellationToken;
        Trace((PlainRequest)message.Request);
        using RequestBytes request = new();
        await request.WriteAsync(
            (PlainRequest)message.Request, _header.Name, _header.Value(_options.Key), cancellationToken);
        var connection = await _connections.TakeAsync(cancellationToken);
        try
        {
            connection.Heed(cancellationToken);
            await connection.SendAsync(request.Bytes, _options.Timeouts.FirstByte);
            var head = await connection.ReadHeadAsync(_options.Timeouts.FirstByte);
            CallTrace.Answered();
            PlainBody body = new(connection, head, _options.Timeouts);
            ((PlainMessage)message).Answer(
                head.Status is >= 200 and < 300
                    ? new PlainResponse(head, body)
                    : throw await RefusalAsync(head, body, cancellationToken));
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Tells the provider which trace the call is of, if somebody collects traces.</summary>
    internal static void Trace(PlainRequest request)
    {
        if (Activity.Current is { } activity)
        {
            DistributedContextPropagator.Current.Inject(
                activity, request, static (to, name, value) => ((PlainRequest)to!).Headers.Set(name, value));
        }
    }

    private async ValueTask<ProviderFault> RefusalAsync(
        ResponseHead head, PlainBody body, CancellationToken cancellationToken)
    {
        if (ErrorReasons.Redirect(head.Status) is { } redirect)
        {
            return redirect;
        }

        var said = "";
        try
        {
            said = Encoding.UTF8.GetString(await body.ReadAllAsync(ErrorReasons.BytesMax, cancellationToken));
        }
        catch (ProviderFault)
        {
            // The status alone says enough.
        }

        var wait = RetryConditionHeaderValue.TryParse(head.Header("retry-after"), out var after) ? after : null;
        return ErrorReasons.Fault(head.Status, ErrorAnswer.Parse(said), ErrorReasons.RetryAfter(wait, _time));
    }

    private sealed class PlainMessage(PlainRequest request) : PipelineMessage(request)
    {
        public void Answer(PlainResponse response) => Response = response;
    }
}
