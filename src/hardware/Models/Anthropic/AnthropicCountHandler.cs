using System.Text;
using System.Text.Json.Nodes;

namespace Analemma.Models.Anthropic;

/// <summary>
/// Makes of a request for an answer one for its count (https://docs.anthropic.com/en/api/messages-count-tokens), and of
/// the count an answer of nothing that says how much was read: the package's adapter alone knows how messages are said.
/// </summary>
/// <param name="http">Sends; not disposed here.</param>
internal sealed class AnthropicCountHandler(HttpClient http) : HttpMessageHandler
{
    /// <summary>What a count takes of a request.</summary>
    private static readonly string[] Counted = ["model", "messages", "system", "tools", "tool_choice", "thinking"];

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var asked = JsonNode.Parse(await request.Content!.ReadAsByteArrayAsync(cancellationToken))!.AsObject();
        foreach (var name in asked.Select(field => field.Key).Except(Counted).ToList())
        {
            asked.Remove(name);
        }

        using var count = new HttpRequestMessage(HttpMethod.Post, $"{request.RequestUri}/count_tokens")
        {
            Content = new StringContent(asked.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        foreach (var header in request.Headers)
        {
            count.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        using var response = await http.SendAsync(count, cancellationToken);
        response.EnsureSuccessStatusCode();
        var body = JsonNode.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        if (body is not JsonObject || body["input_tokens"] is not JsonValue tokens
            || !tokens.TryGetValue(out long read))
        {
            throw new ProviderFault(ModelCallReason.MalformedAnswer, "the count has no input_tokens");
        }

        var answer = new JsonObject
        {
            ["id"] = "count",
            ["type"] = "message",
            ["role"] = "assistant",
            ["model"] = asked["model"]?.DeepClone(),
            ["content"] = new JsonArray(),
            ["stop_reason"] = "end_turn",
            ["stop_sequence"] = null,
            ["usage"] = new JsonObject { ["input_tokens"] = read, ["output_tokens"] = 0 },
        };
        return new HttpResponseMessage(System.Net.HttpStatusCode.OK)
        {
            Content = new StringContent(answer.ToJsonString(), Encoding.UTF8, "application/json"),
            RequestMessage = request,
        };
    }
}
