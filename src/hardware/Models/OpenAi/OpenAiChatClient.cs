using System.ClientModel;
using System.ClientModel.Primitives;
using System.Runtime.CompilerServices;
using Analemma.Models.Calls;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Analemma.Models.OpenAi;

/// <summary>
/// Chat completions (https://platform.openai.com/docs/api-reference/chat) by the official package, for OpenAI and for
/// every server that speaks them: Ollama, vLLM, llama.cpp.
/// </summary>
internal sealed class OpenAiChatClient : IChatClient, IEmbedder
{
    private readonly OpenAIClient _client;
    private readonly OpenAiRequest _request;
    private Asked? _latest;

    /// <param name="transport">Writes the real key; the package insists on one and never sees it.</param>
    /// <param name="baseUrl">Where the server is.</param>
    public OpenAiChatClient(PipelineTransport transport, Uri baseUrl)
    {
        _client = new OpenAIClient(new ApiKeyCredential("none"), new OpenAIClientOptions
        {
            Endpoint = baseUrl,
            Transport = transport,
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
            ClientLoggingOptions = new ClientLoggingOptions { EnableLogging = false },
        });
        _request = new OpenAiRequest(isOpenAi: baseUrl.Host == "api.openai.com");
    }

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellationToken)
    {
        var completion = await Chat(options).CompleteChatAsync(
            OpenAiRequest.Messages(messages, options), _request.Options(options!), cancellationToken);
        return OpenAiAnswer.Read(completion.Value);
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var answer = new OpenAiStreamedAnswer();
        var updates = Chat(options).CompleteChatStreamingAsync(
            OpenAiRequest.Messages(messages, options), _request.Options(options!), cancellationToken);
        await foreach (var update in updates.WithCancellation(cancellationToken))
        {
            yield return answer.Read(update);
        }

        if (answer.ToolCalls() is { } calls)
        {
            yield return calls;
        }
    }

    public async Task<Embedded> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        if (request.TaskType is { } type)
        {
            throw new ProviderFault(
                ModelCallReason.BadRequest, $"task_type is {type}; this provider makes one kind of vector only");
        }

        var made = await _client.GetEmbeddingClient(request.Model).GenerateEmbeddingsAsync(
            request.Texts,
            new OpenAI.Embeddings.EmbeddingGenerationOptions { Dimensions = request.Dimensions },
            cancellationToken);
        return new Embedded(
            [.. made.Value.OrderBy(each => each.Index).Select(each => each.ToFloats())],
            made.Value.Usage?.InputTokenCount);
    }

    public object? GetService(Type serviceType, object? serviceKey) => null;

    public void Dispose()
    {
    }

    // One model is asked again and again, mostly.
    private ChatClient Chat(ChatOptions? options)
    {
        var model = options!.ModelId!;
        var latest = _latest;
        if (latest?.Model != model)
        {
            _latest = latest = new Asked(model, _client.GetChatClient(model));
        }

        return latest.Client;
    }

    private sealed record Asked(string Model, ChatClient Client);
}
