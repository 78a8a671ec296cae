using System.Text.Json;
using Analemma.Models.Calls;
using Analemma.Models.Http;
using Anthropic;
using Anthropic.Exceptions;
using Microsoft.Extensions.AI;

namespace Analemma.Models.Anthropic;

/// <summary>Messages (https://docs.anthropic.com/en/api/messages) by the official package and its adapter.</summary>
internal sealed class AnthropicChatClient : IChatClient, ITokenCounter
{
    private readonly AnthropicClient _client;
    private readonly AnthropicClient _countClient;
    private readonly IChatClient _chat;
    private readonly IChatClient _counter;

    public AnthropicChatClient(HttpClient http, Uri baseUrl, ModelDriverOptions options)
    {
        _client = Client(http, baseUrl);
        _chat = _client.AsIChatClient(options.DefaultModel, options.OutputTokensDefault);
        _countClient = Client(new HttpClient(new AnthropicCountHandler(http)), baseUrl);
        _counter = _countClient.AsIChatClient(options.DefaultModel, options.OutputTokensDefault);
    }

    public async Task<long> CountAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, CancellationToken cancellationToken)
    {
        var response = await _counter.GetResponseAsync(messages, WithFormat(options), cancellationToken);
        return response.Usage?.InputTokenCount
            ?? throw new ProviderFault(ModelCallReason.MalformedAnswer, "the count has no input_tokens");
    }

    private static AnthropicClient Client(HttpClient http, Uri baseUrl) =>
        new()
        {
            HttpClient = http,
            BaseUrl = baseUrl.AbsoluteUri.TrimEnd('/'),
            // The handler below writes the key. Said explicitly, so that the package looks for none of its own.
            ApiKey = null,
            AuthToken = null,
            MaxRetries = 0,
            // The handler bounds the waits; this only has to be longer.
            Timeout = TimeSpan.FromDays(1),
        };

    /// <summary>An error inside a stream (https://docs.anthropic.com/en/docs/build-with-claude/streaming).</summary>
    public static ProviderFault? FaultOf(Exception error) => error switch
    {
        AnthropicSseException => ErrorReasons.Fault(null, ErrorAnswer.Parse(Between(error.Message)), null),
        AnthropicInvalidDataException =>
            new(ModelCallReason.MalformedAnswer, $"the answer is not what the protocol says: {error.Message}"),
        _ => null,
    };

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellationToken)
    {
        return _chat.GetResponseAsync(messages, WithFormat(options), cancellationToken);
    }

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellationToken)
    {
        return _chat.GetStreamingResponseAsync(messages, WithFormat(options), cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey) => null;

    public void Dispose()
    {
        _chat.Dispose();
        _counter.Dispose();
        _countClient.Dispose();
        _client.Dispose();
    }

    /// <summary>
    /// The adapter would drop what it cannot express, and the caller would get prose: such a schema is put in words.
    /// </summary>
    private static ChatOptions? WithFormat(ChatOptions? options)
    {
        if (options?.ResponseFormat is not ChatResponseFormatJson json)
        {
            return options;
        }

        if (json.Schema is not { ValueKind: JsonValueKind.Object } schema)
        {
            throw new ProviderFault(ModelCallReason.BadRequest, "Anthropic answers in JSON only by a schema");
        }

        if (schema.TryGetProperty("properties", out _) && schema.TryGetProperty("required", out _))
        {
            return options;
        }

        var said = options.Clone();
        said.ResponseFormat = null;
        said.Instructions = $"{options.Instructions}\n\nAnswer with JSON alone, without any other text. It must "
            + $"satisfy this JSON Schema:\n{schema.GetRawText()}".TrimStart();
        return said;
    }

    /// <summary>The package quotes the event: SSE error returned from server: '{…}'.</summary>
    private static string Between(string message)
    {
        var (from, to) = (message.IndexOf('{', StringComparison.Ordinal), message.LastIndexOf('}'));
        return from >= 0 && to > from ? message[from..(to + 1)] : "";
    }
}
