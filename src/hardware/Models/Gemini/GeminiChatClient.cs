using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Analemma.Models.Calls;
using Microsoft.Extensions.AI;

namespace Analemma.Models.Gemini;

/// <summary>
/// Gemini's public REST API, v1beta (https://ai.google.dev/api): generateContent, streamGenerateContent as SSE,
/// countTokens and batchEmbedContents. There is no package of theirs that every feed has.
/// </summary>
internal sealed class GeminiChatClient(HttpClient http, Uri baseUrl)
    : IChatClient, ITokenCounter, IEmbedder
{
    /// <summary>What batchEmbedContents takes (https://ai.google.dev/api/embeddings).</summary>
    private const int EmbeddingsAtOnceMax = 100;

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(
            Address(options!, "generateContent"),
            GeminiRequests.Of(messages, options!),
            GeminiJson.Default.GeminiRequest,
            cancellationToken);
        var answer = await ReadAsync(response, GeminiJson.Default.GeminiAnswer, cancellationToken);
        if (answer is { Candidates: null or [], PromptFeedback: null, Error: null })
        {
            throw new ProviderFault(ModelCallReason.MalformedAnswer, "the answer has no candidates");
        }

        return new[] { new GeminiAnswers().Read(answer) }.ToChatResponse();
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await SendAsync(
            Address(options!, "streamGenerateContent?alt=sse"),
            GeminiRequests.Of(messages, options!),
            GeminiJson.Default.GeminiRequest,
            cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var answers = new GeminiAnswers();
        await foreach (var item in SseParser.Create(body).EnumerateAsync(cancellationToken))
        {
            yield return answers.Read(JsonSerializer.Deserialize(item.Data, GeminiJson.Default.GeminiAnswer)
                ?? throw new ProviderFault(ModelCallReason.MalformedAnswer, "the stream has an empty answer"));
        }
    }

    public async Task<long> CountAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, CancellationToken cancellationToken)
    {
        var request = GeminiRequests.Of(messages, options);
        using var response = await SendAsync(
            Address(options, "countTokens"),
            new GeminiCountRequest(
                new(ModelPath(options), request.Contents, request.SystemInstruction, request.Tools)),
            GeminiJson.Default.GeminiCountRequest,
            cancellationToken);
        var count = await ReadAsync(response, GeminiJson.Default.GeminiCount, cancellationToken);
        return count.TotalTokens
            ?? throw new ProviderFault(ModelCallReason.MalformedAnswer, "the count has no totalTokens");
    }

    public async Task<Embedded> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        List<ReadOnlyMemory<float>> vectors = new(request.Texts.Count);
        foreach (var texts in request.Texts.Chunk(EmbeddingsAtOnceMax))
        {
            ChatOptions options = new() { ModelId = request.Model };
            GeminiEmbedRequests body = new(
            [
                .. texts.Select(text => new GeminiEmbedRequest(
                    ModelPath(options), new GeminiContent { Parts = [new GeminiPart { Text = text }] })
                {
                    TaskType = request.TaskType,
                    OutputDimensionality = request.Dimensions,
                }),
            ]);
            using var response = await SendAsync(
                Address(options, "batchEmbedContents"),
                body,
                GeminiJson.Default.GeminiEmbedRequests,
                cancellationToken);
            var answer = await ReadAsync(response, GeminiJson.Default.GeminiEmbeddings, cancellationToken);
            vectors.AddRange((answer.Embeddings ?? []).Select(each => new ReadOnlyMemory<float>(each.Values ?? [])));
        }

        // The API does not say how many tokens it read.
        return new Embedded(vectors, null);
    }

    public object? GetService(Type serviceType, object? serviceKey) => null;

    public void Dispose()
    {
    }

    private static async Task<T> ReadAsync<T>(
        HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await JsonSerializer.DeserializeAsync(body, type, cancellationToken)
            ?? throw new ProviderFault(ModelCallReason.MalformedAnswer, "the answer is null");
    }

    private async Task<HttpResponseMessage> SendAsync<T>(
        Uri address, T body, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type))
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
            },
        };
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    private static string ModelPath(ChatOptions options) =>
        options.ModelId!.Contains('/', StringComparison.Ordinal) ? options.ModelId : $"models/{options.ModelId}";

    private Uri Address(ChatOptions options, string method)
    {
        var root = baseUrl.AbsoluteUri.TrimEnd('/');
        var version = root.EndsWith("/v1beta", StringComparison.Ordinal) ? "" : "/v1beta";
        return new Uri($"{root}{version}/{ModelPath(options)}:{method}");
    }
}
