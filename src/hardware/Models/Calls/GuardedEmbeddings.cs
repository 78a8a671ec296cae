using System.Runtime.CompilerServices;
using Analemma.Models.Http;
using Microsoft.Extensions.AI;

namespace Analemma.Models.Calls;

/// <summary>
/// Vectors of texts, with the promises that <see cref="GuardedChatClient"/> keeps for answers: checked before it is
/// sent, every failure a ModelCallException, a usage, and one vector for each text.
/// </summary>
internal sealed class GuardedEmbeddings(ModelDriver driver) : IEmbeddingGenerator<string, Embedding<float>>
{
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options, CancellationToken cancellationToken)
    {
        StrongBox<bool> hasAnswer = new();
        CallTrace.Begin(hasAnswer);
        try
        {
            var request = Check([.. values], options);
            if (driver.Client is not IEmbedder embedder)
            {
                throw new ProviderFault(ModelCallReason.BadRequest, "this provider makes no embeddings");
            }

            var made = await embedder.EmbedAsync(request, cancellationToken);
            return Complete(request, made);
        }
        catch (Exception error)
            when (driver.Translate(error, options?.ModelId, hasAnswer.Value, cancellationToken) is { } translated)
        {
            throw translated;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    /// <summary>The drivers own what is below.</summary>
    public void Dispose()
    {
    }

    private EmbedRequest Check(IReadOnlyList<string> texts, EmbeddingGenerationOptions? options)
    {
        var checkedCall = driver.Check([], new ChatOptions { ModelId = options?.ModelId });
        var type = options?.AdditionalProperties?.TryGetValue(AnswerLabels.TaskType, out var found) == true
            ? found as string : null;
        return new EmbedRequest(checkedCall.Model, texts, options?.Dimensions, type);
    }

    private static bool AreFinite(ReadOnlySpan<float> numbers)
    {
        foreach (var number in numbers)
        {
            if (!float.IsFinite(number))
            {
                return false;
            }
        }

        return true;
    }

    private GeneratedEmbeddings<Embedding<float>> Complete(EmbedRequest request, Embedded made)
    {
        if (made.Vectors.Count != request.Texts.Count || made.Vectors.Any(vector => vector.IsEmpty))
        {
            throw new ProviderFault(
                ModelCallReason.MalformedAnswer,
                $"there are {made.Vectors.Count(vector => !vector.IsEmpty)} vectors for {request.Texts.Count} texts");
        }

        if (made.Vectors.Any(vector => !AreFinite(vector.Span)))
        {
            throw new ProviderFault(
                ModelCallReason.MalformedAnswer, "there is a vector with a number that is none, or has no end");
        }

        UsageDetails usage = new() { InputTokenCount = made.InputTokens, OutputTokenCount = 0 };
        return new GeneratedEmbeddings<Embedding<float>>(
            made.Vectors.Select(vector => new Embedding<float>(vector) { ModelId = request.Model }))
        {
            Usage = ModelUsage.Complete(usage, () => request.Texts.Sum(TokenEstimate.Of), () => 0),
            AdditionalProperties = new AdditionalPropertiesDictionary
            {
                [AnswerLabels.Provider] = driver.Options.Name,
            },
        };
    }
}
