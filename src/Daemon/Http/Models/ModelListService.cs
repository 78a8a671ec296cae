using System.Text.Json;
using Analemma.Abi;
using Analemma.Daemon.Http.Models.Anthropic;
using Analemma.Daemon.Http.Models.Gemini;
using Analemma.Daemon.Http.Models.OpenAi;
using Analemma.Kernel.Models;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http.Models;

/// <summary>
/// Lists the models that can be asked, and aliases of them. At /v1/models three APIs have theirs, and are told apart by
/// the headers that they want.
/// </summary>
internal sealed class ModelListService(ModelOptions options, AnswerStamps stamps) : IHttpService
{
    private const string OpenAiPath = "/v1/models";
    private const string GeminiPath = "/v1beta/models";

    private static readonly ChatApi OpenAi = new();
    private static readonly MessagesApi Anthropic = new();
    private static readonly GenerateApi Gemini = new(GenerateFraming.Whole);

    public bool RunsInline => true;

    public bool Takes(HttpRequest request) => HttpMethods.IsGet(request.Method)
        && (request.Path.StartsWithSegments(OpenAiPath, StringComparison.Ordinal)
            || request.Path.StartsWithSegments(GeminiPath, StringComparison.Ordinal));

    public async Task ServeAsync(HttpContext http)
    {
        var isBeta = http.Request.Path.StartsWithSegments(GeminiPath, StringComparison.Ordinal);
        var isGemini = isBeta || http.Request.Headers.ContainsKey("x-goog-api-key");
        var isAnthropic = !isGemini && http.Request.Headers.ContainsKey("anthropic-version");
        IModelApi api = isGemini ? Gemini : isAnthropic ? Anthropic : OpenAi;
        ModelExchange exchange = new(http, api, stamps.Next());
        if (await exchange.AdmitAsync("GET") is null)
        {
            return;
        }

        var name = http.Request.Path.Value![(isBeta ? GeminiPath : OpenAiPath).Length..].Trim('/');
        Action<Utf8JsonWriter, ModelEntry, string> one =
            isGemini ? GeminiModel : isAnthropic ? AnthropicModel : OpenAiModel;
        if (name.Length == 0)
        {
            await exchange.WriteAsync(0, (json, _) => List(json, isGemini, isAnthropic, one));
        }
        else if (Entry(name) is { } entry)
        {
            await exchange.WriteAsync(entry, (json, found) => one(json, found, name));
        }
        else
        {
            await exchange.RefuseAsync(new SysError(
                SysErrorCode.NoSuchModel, $"there is no model {name}", "the list without a name says which there are"));
        }
    }

    private IEnumerable<string> Names => options.Models.Select(model => model.Name).Concat(options.Aliases.Keys);

    private ModelEntry? Entry(string name)
    {
        var model = options.Aliases.TryGetValue(name, out var target) ? target : name;
        return options.Models.FirstOrDefault(entry => entry.Name == model);
    }

    private void List(
        Utf8JsonWriter json, bool isGemini, bool isAnthropic, Action<Utf8JsonWriter, ModelEntry, string> one)
    {
        json.WriteStartObject();
        if (!isGemini && !isAnthropic)
        {
            json.WriteString("object", "list");
        }

        json.WriteStartArray(isGemini ? "models" : "data");
        string[] names = [.. Names];
        foreach (var name in names)
        {
            one(json, Entry(name)!, name);
        }

        json.WriteEndArray();
        if (isAnthropic)
        {
            json.WriteBoolean("has_more", false);
            json.WriteString("first_id", names.FirstOrDefault());
            json.WriteString("last_id", names.LastOrDefault());
        }

        json.WriteEndObject();
    }

    private static void OpenAiModel(Utf8JsonWriter json, ModelEntry entry, string name)
    {
        json.WriteStartObject();
        json.WriteString("id", name);
        json.WriteString("object", "model");
        json.WriteNumber("created", 0);
        json.WriteString("owned_by", entry.Provider);
        json.WriteEndObject();
    }

    private static void AnthropicModel(Utf8JsonWriter json, ModelEntry entry, string name)
    {
        json.WriteStartObject();
        json.WriteString("type", "model");
        json.WriteString("id", name);
        json.WriteString("display_name", $"{name} ({entry.Provider})");
        json.WriteString("created_at", "1970-01-01T00:00:00Z");
        json.WriteEndObject();
    }

    private static void GeminiModel(Utf8JsonWriter json, ModelEntry entry, string name)
    {
        json.WriteStartObject();
        json.WriteString("name", $"models/{name}");
        json.WriteString("displayName", $"{name} ({entry.Provider})");
        json.WriteNumber("inputTokenLimit", entry.ContextTokens);
        json.WriteNumber("outputTokenLimit", entry.OutputTokensMax);
        json.WriteStartArray("supportedGenerationMethods");
        json.WriteStringValue("generateContent");
        json.WriteStringValue("countTokens");
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
