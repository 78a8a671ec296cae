using Analemma.Models;
using Microsoft.Extensions.AI;

namespace Analemma.Integration.Tests.Models;

/// <summary>
/// Vectors of texts over each provider's wire. Shapes from
/// https://platform.openai.com/docs/api-reference/embeddings and https://ai.google.dev/api/embeddings.
/// </summary>
public sealed class EmbeddingTests
{
    // Two little-endian floats: 1 and -2, as the package asks for them.
    private const string Base64 = "AACAPwAAAMA=";

    [Fact]
    public async Task OpenAi_answers_in_the_order_asked_whatever_order_it_sends()
    {
        await using var stage = Answering("openai", 200, $$"""
            {"object":"list","model":"m","usage":{"prompt_tokens":9,"total_tokens":9},"data":[
              {"object":"embedding","index":1,"embedding":"{{Base64}}"},
              {"object":"embedding","index":0,"embedding":"AAAAQAAAAEA="}]}
            """);

        var made = await EmbedAsync(stage, new EmbeddingGenerationOptions { Dimensions = 2 }, "one", "two");

        Assert.Equal([[2f, 2f], [1f, -2f]], made.Select(each => each.Vector.ToArray()));
        Assert.Equal((9, 0), (made.Usage!.InputTokenCount, made.Usage.OutputTokenCount));
        var asked = stage.Server!.Requests.Last();
        Assert.EndsWith("/embeddings", asked.Path, StringComparison.Ordinal);
        Assert.Equal(2, asked.Json.GetProperty("dimensions").GetInt32());
        Assert.Equal(["one", "two"], asked.Json.GetProperty("input").EnumerateArray().Select(text => text.GetString()));
    }

    [Fact]
    public async Task Gemini_gets_batches_of_a_hundred_and_its_tokens_are_estimated()
    {
        await using var stage = Stage.Open("gemini", new Scene.Wire(async exchange =>
        {
            var count = exchange.Request.Json.GetProperty("requests").GetArrayLength();
            var vectors = string.Join(',', Enumerable.Repeat("""{"values":[0.5,-0.5]}""", count));
            await exchange.AnswerAsync(200, $$"""{"embeddings":[{{vectors}}]}""");
        }));
        EmbeddingGenerationOptions options = new()
        {
            Dimensions = 2,
            AdditionalProperties = new() { [AnswerLabels.TaskType] = "RETRIEVAL_QUERY" },
        };

        var made = await EmbedAsync(stage, options, [.. Enumerable.Range(0, 150).Select(i => $"text {i}")]);

        Assert.Equal(150, made.Count);
        Assert.True(ModelUsage.Of(made.Usage!) is { IsEstimated: true, InputTokens: > 150 });
        var requests = stage.Server!.Requests.Select(request => request.Json.GetProperty("requests")).ToList();
        Assert.Equal([100, 50], requests.Select(list => list.GetArrayLength()));
        var first = requests[0][0];
        Assert.Equal($"models/{Stage.Model}", first.GetProperty("model").GetString());
        Assert.Equal("RETRIEVAL_QUERY", first.GetProperty("taskType").GetString());
        Assert.Equal(2, first.GetProperty("outputDimensionality").GetInt32());
        Assert.Equal("text 0", first.GetProperty("content").GetProperty("parts")[0].GetProperty("text").GetString());
        Assert.EndsWith(":batchEmbedContents", stage.Server.Requests.Last().Path, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openai", """{"object":"list","model":"m","data":[]}""")]
    [InlineData("gemini", """{"embeddings":[{"values":[1]}]}""")]
    [InlineData("gemini", """{"embeddings":[{"values":[1]},{"values":[]}]}""")]
    [InlineData("gemini", "{}")]
    public async Task Fewer_vectors_than_texts_are_no_answer(string provider, string body)
    {
        await using var stage = Answering(provider, 200, body);

        Assert.Equal(ModelCallReason.MalformedAnswer, (await FailAsync(stage)).Reason);
    }

    /// <summary>JSON has no such numbers; as base64 and beyond what a float holds they come all the same.</summary>
    [Theory]
    [InlineData("AADAfwAAgD8=")] // NaN, 1
    [InlineData("AACAPwAAgH8=")] // 1, infinity
    public async Task Numbers_that_are_none_are_no_answer(string vector)
    {
        await using var stage = Answering("openai", 200, $$"""
            {"object":"list","model":"m","usage":{"prompt_tokens":9,"total_tokens":9},"data":[
              {"object":"embedding","index":0,"embedding":"{{Base64}}"},
              {"object":"embedding","index":1,"embedding":"{{vector}}"}]}
            """);

        var failure = await FailAsync(stage);

        Assert.Equal(ModelCallReason.MalformedAnswer, failure.Reason);
        Assert.Contains("a number that is none", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openai", 401, ModelCallReason.KeyRejected)]
    [InlineData("openai", 429, ModelCallReason.RateLimited)]
    [InlineData("gemini", 503, ModelCallReason.Overloaded)]
    [InlineData("gemini", 404, ModelCallReason.UnknownModel)]
    public async Task Refusals_are_typed_as_those_of_answers_are(string provider, int status, ModelCallReason reason)
    {
        await using var stage = Answering(provider, status, """{"error":{"message":"no"}}""");

        var failure = await FailAsync(stage);

        Assert.Equal((reason, status), (failure.Reason, failure.HttpStatus));
    }

    [Fact]
    public async Task A_provider_without_embeddings_says_so_and_is_sent_nothing()
    {
        await using var stage = Answering("anthropic", 200, "{}");

        var failure = await FailAsync(stage);

        Assert.Equal(ModelCallReason.BadRequest, failure.Reason);
        Assert.Contains("makes no embeddings", failure.Message, StringComparison.Ordinal);
        Assert.Empty(stage.Server!.Requests);
    }

    private static Stage Answering(string provider, int status, string body) =>
        Stage.Open(provider, new Scene.Wire(exchange => exchange.AnswerAsync(status, body)));

    private static Task<GeneratedEmbeddings<Embedding<float>>> EmbedAsync(
        Stage stage, EmbeddingGenerationOptions options, params string[] texts)
    {
        options.ModelId = Stage.Model;
        var generator = stage.Drivers.OpenEmbeddings(stage.Options.Name);
        return generator.GenerateAsync(texts, options, TestContext.Current.CancellationToken);
    }

    private static Task<ModelCallException> FailAsync(Stage stage) =>
        Assert.ThrowsAsync<ModelCallException>(() => EmbedAsync(stage, new EmbeddingGenerationOptions(), "one", "two"));
}
