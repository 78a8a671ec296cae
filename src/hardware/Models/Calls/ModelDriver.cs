using System.ClientModel.Primitives;
using System.Net;
using Analemma.Models.Anthropic;
using Analemma.Models.Gemini;
using Analemma.Models.Http;
using Analemma.Models.Http.Plain;
using Analemma.Models.OpenAi;
using Analemma.Models.Simulated;
using Microsoft.Extensions.AI;

namespace Analemma.Models.Calls;

/// <summary>One provider, opened: its client, and what only it throws.</summary>
internal sealed class ModelDriver : IDisposable
{
    /// <summary>What went wrong is told on no longer than this, whoever's words it quotes.</summary>
    private const int DetailCharsMax = 800;

    private readonly HttpClient? _http;
    private readonly PlainTransport? _plain;
    private readonly Func<Exception, ProviderFault?> _own;
    private readonly bool _needsKey;

    public ModelDriver(
        ModelDriverOptions options,
        TimeProvider time,
        Func<HttpMessageHandler, HttpMessageHandler> between,
        Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? connect = null)
    {
        Options = options;
        var home = Home(options.Kind);
        var url = options.BaseUrl ?? home;
        // Another server may want no key: a local model, or a gateway that has its own.
        _needsKey = home is not null && url == home;
        _plain = options.Kind is ModelProviderKind.OpenAi
            ? PlainTransport.TryOpen(options, url!, Header(options.Kind), time, connect) : null;
        _http = url is null || _plain is not null
            ? null : ProviderHandler.Open(options, url, Header(options.Kind), time, between, connect);
        Metadata = new ChatClientMetadata(options.Name, url, options.DefaultModel);
        Client = options.Kind switch
        {
            ModelProviderKind.Sim => new SimulatedChatClient(options, time),
            ModelProviderKind.Gemini => new GeminiChatClient(_http!, url!),
            ModelProviderKind.OpenAi => new OpenAiChatClient(
                _plain ?? (PipelineTransport)new HttpClientPipelineTransport(_http!), url!),
            ModelProviderKind.Anthropic => new AnthropicChatClient(_http!, url!, options),
        };
        _own = options.Kind == ModelProviderKind.Anthropic ? AnthropicChatClient.FaultOf : _ => null;
    }

    public ModelDriverOptions Options { get; }

    public IChatClient Client { get; }

    public ChatClientMetadata Metadata { get; }

    public ModelRequest Check(IEnumerable<ChatMessage> messages, ChatOptions? options) =>
        ModelRequest.Check(Options, _needsKey, messages, options);

    public ModelCallException? Translate(
        Exception error, string? model, bool hasAnswer, CancellationToken cancellationToken)
    {
        if (CallFaults.Of(error, _own, hasAnswer, cancellationToken) is not { } fault)
        {
            return null;
        }

        // A server may echo what it was sent. Neither our text nor an inner exception's may then hold the key.
        var key = Options.Key;
        var detail = key is null ? fault.Detail : key.Redact(fault.Detail);
        var shown = fault.WithDetail(detail.Length <= DetailCharsMax ? detail : $"{detail[..DetailCharsMax]}…");
        var inner = key is not null && key.IsIn(error.ToString()) ? null : error;
        return new ModelCallException(Options.Name, model ?? Options.DefaultModel, shown, inner);
    }

    public void Dispose()
    {
        Client.Dispose();
        _http?.Dispose();
        _plain?.Dispose();
    }

    private static Uri? Home(ModelProviderKind kind) => kind switch
    {
        ModelProviderKind.Sim => null,
        ModelProviderKind.Gemini => new("https://generativelanguage.googleapis.com"),
        ModelProviderKind.OpenAi => new("https://api.openai.com/v1"),
        ModelProviderKind.Anthropic => new("https://api.anthropic.com"),
    };

    private static KeyHeader Header(ModelProviderKind kind) => kind switch
    {
        ModelProviderKind.OpenAi => KeyHeader.OpenAi,
        ModelProviderKind.Anthropic => KeyHeader.Anthropic,
        _ => KeyHeader.Gemini,
    };
}
