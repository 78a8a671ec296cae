namespace Analemma.Models.Http;

/// <summary>The header that carries a provider's key. The packages never see the key; this alone writes it.</summary>
internal sealed record KeyHeader(string Name, string Prefix = "")
{
    /// <summary>https://ai.google.dev/gemini-api/docs/api-key</summary>
    public static readonly KeyHeader Gemini = new("x-goog-api-key");

    /// <summary>https://platform.openai.com/docs/api-reference/authentication</summary>
    public static readonly KeyHeader OpenAi = new("Authorization", "Bearer ");

    /// <summary>https://docs.anthropic.com/en/api/overview#authentication</summary>
    public static readonly KeyHeader Anthropic = new("x-api-key");

    public void Write(HttpRequestMessage request, ApiKey? key)
    {
        request.Headers.Remove(Name);
        if (Value(key) is { } value)
        {
            request.Headers.TryAddWithoutValidation(Name, value);
        }
    }

    /// <summary>Null for no header.</summary>
    public string? Value(ApiKey? key) => key is null ? null : Prefix + key.Reveal();
}
