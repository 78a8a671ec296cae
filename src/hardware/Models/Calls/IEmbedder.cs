namespace Analemma.Models.Calls;

/// <summary>A driver whose provider makes vectors of texts.</summary>
internal interface IEmbedder
{
    /// <summary>One vector for each text, in their order.</summary>
    Task<Embedded> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken);
}

/// <summary>What to make vectors of, checked.</summary>
internal sealed record EmbedRequest(string Model, IReadOnlyList<string> Texts, int? Dimensions, string? TaskType);

/// <summary>The vectors, and the tokens read; null when the provider does not say.</summary>
internal sealed record Embedded(IReadOnlyList<ReadOnlyMemory<float>> Vectors, long? InputTokens);
