using System.Text.Json;
using Analemma.Models;

namespace Analemma.Integration.Tests.Models.Wire;

/// <summary>What can be wrong at a provider, as its documentation shows it.</summary>
public enum WireError
{
    KeyRejected,
    Forbidden,
    UnknownModel,
    RateLimited,
    ServerError,
    Overloaded,
    PromptTooLong,
    ImageTooLarge,
    BadRequest,
}

/// <summary>What a request asked, read off its provider's format.</summary>
internal sealed record AskedRequest
{
    public string? Model { get; init; }

    public string? System { get; init; }

    public required string LastText { get; init; }

    public IReadOnlyList<string> Tools { get; init; } = [];

    public string? ToolResult { get; init; }

    public string? ToolResultFor { get; init; }

    public JsonElement? Schema { get; init; }

    public string? ImageBase64 { get; init; }

    public string? ImageType { get; init; }

    public bool IsStream { get; init; }

    public int? TokensMax { get; init; }
}

/// <summary>One provider's side of the wire, in the shapes of its public documentation.</summary>
internal abstract class ProviderWire
{
    public abstract ModelProviderKind Kind { get; }

    public abstract string KeyHeader { get; }

    public virtual string BasePath => "";

    /// <summary>The body of a whole answer.</summary>
    public abstract string Answer(string text, bool hasUsage);

    /// <summary>The events of a streamed answer, each with its blank line.</summary>
    public abstract IReadOnlyList<string> Stream(IReadOnlyList<string> pieces, bool hasUsage);

    public abstract string ToolCall(string tool, string arguments);

    public abstract IReadOnlyList<string> StreamedToolCall(string tool, string arguments);

    public abstract (int Status, string Body) Error(WireError error, string message);

    /// <summary>An event that says the stream failed; null where the documentation has none.</summary>
    public abstract string? ErrorEvent { get; }

    public abstract AskedRequest Read(ReceivedRequest request);

    public static ProviderWire Of(string provider) => provider switch
    {
        "gemini" => new GeminiWire(),
        "openai" => new OpenAiWire(),
        "anthropic" => new AnthropicWire(),
        _ => throw new ArgumentException(provider, nameof(provider)),
    };

    protected static string Text(string text) => JsonSerializer.Serialize(text);

    protected static string? Find(JsonElement from, params string[] path)
    {
        foreach (var step in path)
        {
            if (from.ValueKind != JsonValueKind.Object || !from.TryGetProperty(step, out from))
            {
                return null;
            }
        }

        return from.ValueKind == JsonValueKind.String ? from.GetString() : from.GetRawText();
    }

    protected static JsonElement? Json(JsonElement from, params string[] path) =>
        Find(from, path) is { } text ? JsonDocument.Parse(text).RootElement : null;

    protected static IEnumerable<JsonElement> Items(JsonElement from, string name) =>
        from.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array
            ? items.EnumerateArray()
            : [];
}
