using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Analemma.Models.Gemini;

// The part of the API's messages that we send or read: https://ai.google.dev/api/generate-content,
// https://ai.google.dev/api/caching#Content, https://ai.google.dev/api/tokens.

internal sealed record GeminiRequest
{
    public required IReadOnlyList<GeminiContent> Contents { get; init; }

    public GeminiContent? SystemInstruction { get; init; }

    public IReadOnlyList<GeminiTool>? Tools { get; init; }

    public GeminiToolConfig? ToolConfig { get; init; }

    public GeminiGenerationConfig? GenerationConfig { get; init; }
}

internal sealed record GeminiContent
{
    public string? Role { get; init; }

    public IReadOnlyList<GeminiPart>? Parts { get; init; }
}

internal sealed record GeminiPart
{
    public string? Text { get; init; }

    public bool? Thought { get; init; }

    public string? ThoughtSignature { get; init; }

    public GeminiBlob? InlineData { get; init; }

    public GeminiFile? FileData { get; init; }

    public GeminiFunctionCall? FunctionCall { get; init; }

    public GeminiFunctionResponse? FunctionResponse { get; init; }
}

internal sealed record GeminiBlob(string MimeType, string Data);

internal sealed record GeminiFile(string MimeType, string FileUri);

internal sealed record GeminiFunctionCall(string? Id, string? Name, JsonElement? Args);

internal sealed record GeminiFunctionResponse(string? Id, string Name, JsonElement Response);

internal sealed record GeminiTool(IReadOnlyList<GeminiFunction> FunctionDeclarations);

internal sealed record GeminiFunction(
    string Name, string? Description, JsonObject? Parameters, JsonElement? ParametersJsonSchema);

internal sealed record GeminiToolConfig(GeminiFunctionCalling FunctionCallingConfig);

internal sealed record GeminiFunctionCalling(string Mode, IReadOnlyList<string>? AllowedFunctionNames);

internal sealed record GeminiThinking(int? ThinkingBudget, string? ThinkingLevel, bool? IncludeThoughts);

internal sealed record GeminiGenerationConfig
{
    public float? Temperature { get; init; }

    public float? TopP { get; init; }

    public int? TopK { get; init; }

    public int? MaxOutputTokens { get; init; }

    public IReadOnlyList<string>? StopSequences { get; init; }

    public float? PresencePenalty { get; init; }

    public float? FrequencyPenalty { get; init; }

    public long? Seed { get; init; }

    public string? ResponseMimeType { get; init; }

    public JsonObject? ResponseSchema { get; init; }

    public JsonElement? ResponseJsonSchema { get; init; }

    public GeminiThinking? ThinkingConfig { get; init; }
}

internal sealed record GeminiAnswer
{
    public IReadOnlyList<GeminiCandidate>? Candidates { get; init; }

    public GeminiPromptFeedback? PromptFeedback { get; init; }

    public GeminiUsage? UsageMetadata { get; init; }

    public string? ModelVersion { get; init; }

    public string? ResponseId { get; init; }

    /// <summary>Only in a stream that fails after it began.</summary>
    public JsonElement? Error { get; init; }
}

internal sealed record GeminiCandidate(GeminiContent? Content, string? FinishReason, string? FinishMessage);

internal sealed record GeminiPromptFeedback(string? BlockReason);

internal sealed record GeminiUsage(
    long? PromptTokenCount,
    long? CandidatesTokenCount,
    long? TotalTokenCount,
    long? CachedContentTokenCount,
    long? ThoughtsTokenCount,
    long? ToolUsePromptTokenCount);

/// <summary>countTokens takes the model inside the request as well as in the path.</summary>
internal sealed record GeminiCountRequest(GeminiCountedRequest GenerateContentRequest);

internal sealed record GeminiCountedRequest(
    string Model,
    IReadOnlyList<GeminiContent> Contents,
    GeminiContent? SystemInstruction,
    IReadOnlyList<GeminiTool>? Tools);

internal sealed record GeminiCount(long? TotalTokens);

internal sealed record GeminiEmbedRequests(IReadOnlyList<GeminiEmbedRequest> Requests);

/// <summary>Each of a batch names the model again: https://ai.google.dev/api/embeddings.</summary>
internal sealed record GeminiEmbedRequest(string Model, GeminiContent Content)
{
    public string? TaskType { get; init; }

    public int? OutputDimensionality { get; init; }
}

internal sealed record GeminiEmbeddings(IReadOnlyList<GeminiEmbedding>? Embeddings);

internal sealed record GeminiEmbedding(float[]? Values);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GeminiRequest))]
[JsonSerializable(typeof(GeminiAnswer))]
[JsonSerializable(typeof(GeminiCountRequest))]
[JsonSerializable(typeof(GeminiCount))]
[JsonSerializable(typeof(GeminiEmbedRequests))]
[JsonSerializable(typeof(GeminiEmbeddings))]
internal sealed partial class GeminiJson : JsonSerializerContext;
